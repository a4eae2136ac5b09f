//! DischargePlacement: the persons have left; the places are free again.

use serasi_domain::id::{PlacementId, Regency};
use serasi_domain::placement::DischargeDestination;
use serasi_proto::v1;
use serasi_store::capacity::{self, Move};
use serasi_store::placements;
use serde_json::json;

use super::open::placement_for_change;
use super::refer::{deadline, write_case};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::placement_to_wire;

pub(crate) struct DischargePlacement {
    pub(crate) placement: PlacementId,
    pub(crate) destination: DischargeDestination,
}

impl Mutation for DischargePlacement {
    const VERB: &'static str = "DischargePlacement";
    type Response = v1::DischargePlacementResponse;

    fn home(&self) -> Regency {
        self.placement.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, placement) = placement_for_change(unit, self.placement).await?;
        let old_state = placement.state.clone();
        let mut placement = placement.discharge(self.destination, unit.now)?;
        if !placements::update(&mut unit.conn, &placement, &old_state).await? {
            return Err(HubError::Moved);
        }
        placement.version += 1;
        if !capacity::move_hold(&mut unit.conn, placement.facility, placement.offer, Move::Vacate).await? {
            return Err(HubError::Bug("an admitted placement has no hold"));
        }
        let old_case = case.state.clone();
        let policy = unit.policy_of(&case).await?;
        let follow_up = policy.of(case.facts.urgency).follow_up;
        let case = case.discharge(deadline(unit, &policy, follow_up, self.placement.home().code()))?;
        let case = write_case(unit, case, &old_case).await?;
        let payload = json!({ "placement_id": placement.id, "facility_id": placement.facility });
        unit.tell(case.id.home(), case.id, case.version, "case.discharged", payload)
            .await?;
        unit.audit(self.placement.home(), self.placement).await?;
        Ok(v1::DischargePlacementResponse {
            placement: Some(placement_to_wire(&placement)),
        })
    }
}
