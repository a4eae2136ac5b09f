//! CancelPlacement: a reserved place is given up before anybody came, by the facility or by those who decide for the person.

use serasi_domain::case::CaseVerb;
use serasi_domain::id::{PlacementId, Regency};
use serasi_domain::placement::CancelReason;
use serasi_domain::routing::Exclusion;
use serasi_domain::text::Text;
use serasi_proto::v1;

use super::lose_place::{Loss, lose_place};
use super::open::reservation_for_change;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::placement_to_wire;

pub(crate) struct CancelPlacement {
    pub(crate) placement: PlacementId,
    pub(crate) reason: CancelReason,
    pub(crate) note: Option<Text<500>>,
    pub(crate) route_later: bool,
}

impl Mutation for CancelPlacement {
    const VERB: &'static str = "CancelPlacement";
    type Response = v1::CancelPlacementResponse;

    fn home(&self) -> Regency {
        self.placement.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, placement) = reservation_for_change(unit, self.placement).await?;
        let mut placement = placement.cancel(self.reason, unit.now)?;
        let policy = unit.policy_of(&case).await?;
        let until = self.reason.excluded_until(unit.now, policy.full_parks_for());
        let loss = Loss {
            verb: CaseVerb::CancelPlacement,
            reason: format!("cancelled:{}", self.reason),
            event: "placement.cancelled",
            exclusion: Some(Exclusion {
                facility: placement.facility,
                cause: self.reason.cause(),
                until,
            }),
            note: self.note.as_ref(),
            waits_for_coordinator: self.route_later || self.reason.needs_the_coordinator(),
        };
        let next = lose_place(unit, case, &mut placement, &loss).await?;
        unit.audit(self.placement.home(), self.placement).await?;
        Ok(v1::CancelPlacementResponse {
            placement: Some(placement_to_wire(&placement)),
            next: next as i32,
        })
    }
}
