//! MarkNoShow: the persons did not come; the place is free again, and somebody looks for them or for another facility.

use serasi_domain::case::CaseVerb;
use serasi_domain::id::{PlacementId, Regency};
use serasi_domain::placement::NoShowReason;
use serasi_domain::routing::{Exclusion, ExclusionCause};
use serasi_domain::text::Text;
use serasi_proto::v1;

use super::lose_place::{Loss, lose_place};
use super::open::reservation_for_change;
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::placement_to_wire;

pub(crate) struct MarkNoShow {
    pub(crate) placement: PlacementId,
    pub(crate) reason: NoShowReason,
    pub(crate) note: Option<Text<500>>,
    pub(crate) route_later: bool,
}

impl Mutation for MarkNoShow {
    const VERB: &'static str = "MarkNoShow";
    type Response = v1::MarkNoShowResponse;

    fn home(&self) -> Regency {
        self.placement.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, placement) = reservation_for_change(unit, self.placement).await?;
        let is_said_by_facility = unit.caller.facility == Some(placement.facility);
        let mut placement = placement.miss(self.reason, is_said_by_facility, unit.now)?;
        let loss = Loss {
            verb: CaseVerb::MarkNoShow,
            reason: format!("no_show:{}", self.reason),
            event: "placement.no_show",
            exclusion: self.reason.excludes_the_facility().then_some(Exclusion {
                facility: placement.facility,
                cause: ExclusionCause::NoShow,
                until: None,
            }),
            note: self.note.as_ref(),
            waits_for_coordinator: self.route_later || self.reason.needs_the_coordinator(),
        };
        let next = lose_place(unit, case, &mut placement, &loss).await?;
        unit.audit(self.placement.home(), self.placement).await?;
        Ok(v1::MarkNoShowResponse {
            placement: Some(placement_to_wire(&placement)),
            next: next as i32,
        })
    }
}
