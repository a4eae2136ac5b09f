//! AdmitPlacement: the persons have arrived; held places become occupied. Who comes by a transfer leaves where they were.

use serasi_domain::case::Transfer;
use serasi_domain::id::{PlacementId, Regency};
use serasi_domain::placement::DischargeDestination;
use serasi_proto::v1;
use serasi_store::capacity::{self, Move};
use serasi_store::{placements, stages};
use serde_json::json;

use super::care::Care;
use super::discharge_placement::end_stay;
use super::open::placement_for_change;
use super::refer::{deadline, write_case};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::placement_to_wire;

pub(crate) struct AdmitPlacement {
    pub(crate) placement: PlacementId,
}

impl Mutation for AdmitPlacement {
    const VERB: &'static str = "AdmitPlacement";
    type Response = v1::AdmitPlacementResponse;

    fn home(&self) -> Regency {
        self.placement.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, placement) = placement_for_change(unit, self.placement).await?;
        let old_state = placement.state.clone();
        let mut placement = placement.admit(unit.now)?;
        let old_case = case.state.clone();
        let left = match old_case.transfer() {
            Some(Transfer::Accepted { .. }) => old_case.stay(),
            None | Some(Transfer::Waiting { .. } | Transfer::Offered { .. }) => None,
        };
        // First out, then in: nobody lives in two places.
        if let Some(left) = left {
            end_stay(unit, left.placement, DischargeDestination::OtherFacility).await?;
        }
        if !placements::update(&mut unit.conn, &placement, &old_state).await? {
            return Err(HubError::Moved);
        }
        placement.version += 1;
        if !capacity::move_hold(&mut unit.conn, placement.facility, placement.offer, Move::Occupy).await? {
            return Err(HubError::Bug("a reserved placement has no hold"));
        }
        let mut work = Care::of_locked(unit, case).await?;
        let clock = work.clock();
        work.course = work.course.start_clocks(unit.now, &*clock);
        let review = work.policy.of(work.case.facts.urgency).review;
        let review = deadline(unit, &work.policy, review, work.case.facts.place);
        let step = work.step(unit).min(review);
        stages::keep(&mut unit.conn, &work.case, &work.course).await?;
        let case = write_case(unit, work.case.admit(step)?, &old_case).await?;
        let payload = json!({
            "placement_id": placement.id, "facility_id": placement.facility,
            "left_placement_id": left.map(|left| left.placement),
        });
        unit.tell(case.id.home(), case.id, case.version, "case.admitted", payload)
            .await?;
        unit.audit(self.placement.home(), self.placement).await?;
        Ok(v1::AdmitPlacementResponse {
            placement: Some(placement_to_wire(&placement)),
        })
    }
}
