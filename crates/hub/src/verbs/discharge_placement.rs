//! DischargePlacement: the persons have left; the places are free again. Where they went decides what becomes of the case.

use serasi_domain::case::{Case, CaseVerb, Transfer};
use serasi_domain::id::{PlacementId, Regency};
use serasi_domain::placement::{DischargeDestination, Placement};
use serasi_proto::v1;
use serasi_store::capacity::{self, Move};
use serasi_store::placements;
use serde_json::json;
use time::OffsetDateTime;

use super::cancel_transfer::end_transfer;
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
        // First what the placement itself refuses.
        placement.clone().discharge(self.destination, unit.now)?;
        case.must_allow(CaseVerb::Discharge)?;
        let old_case = case.state.clone();
        let (case, act_before) = self.settle_transfer(unit, case).await?;
        let placement = end_stay(unit, self.placement, self.destination).await?;
        let case = case.discharge(self.destination, act_before, unit.now)?;
        let case = write_case(unit, case, &old_case).await?;
        let payload = json!({
            "placement_id": placement.id, "facility_id": placement.facility, "destination": self.destination,
            "case_state": case.state.code(),
        });
        unit.tell(case.id.home(), case.id, case.version, "case.discharged", payload)
            .await?;
        unit.audit(self.placement.home(), self.placement).await?;
        Ok(v1::DischargePlacementResponse {
            placement: Some(placement_to_wire(&placement)),
        })
    }
}

impl DischargePlacement {
    /// Persons who go where they are transferred to are expected there; for anybody else the transfer is over.
    async fn settle_transfer(
        &self,
        unit: &mut Unit<'_>,
        case: Case,
    ) -> Result<(Case, OffsetDateTime), HubError> {
        if self.destination == DischargeDestination::OtherFacility
            && let Some(Transfer::Accepted { next }) = case.state.transfer()
        {
            let next = placements::get(&mut unit.conn, next.placement).await?;
            let next = next.ok_or(HubError::Bug("an accepted transfer has no placement"))?;
            return Ok((case, next.admit_before));
        }
        let policy = unit.policy_of(&case).await?;
        let follow_up = policy.of(case.facts.urgency).follow_up;
        let act_before = deadline(unit, &policy, follow_up, case.facts.place);
        Ok((end_transfer(unit, case).await?, act_before))
    }
}

/// ADMITTED -> DISCHARGED; the places are free again.
pub(super) async fn end_stay(
    unit: &mut Unit<'_>,
    id: PlacementId,
    to: DischargeDestination,
) -> Result<Placement, HubError> {
    let placement = placements::get(&mut unit.conn, id).await?;
    let placement = placement.ok_or(HubError::Bug("persons are served without a placement"))?;
    let old_state = placement.state.clone();
    let mut placement = placement.discharge(to, unit.now)?;
    if !placements::update(&mut unit.conn, &placement, &old_state).await? {
        return Err(HubError::Moved);
    }
    placement.version += 1;
    if !capacity::move_hold(&mut unit.conn, placement.facility, placement.offer, Move::Vacate).await? {
        return Err(HubError::Bug("an admitted placement has no hold"));
    }
    Ok(placement)
}
