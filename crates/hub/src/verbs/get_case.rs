//! GetCase: the case with everything this caller may see. A look at a person is an act: it is recorded in the
//! transaction that reads, before the answer leaves.

use serasi_domain::case::CaseState;
use serasi_domain::id::CaseId;
use serasi_proto::v1;
use serasi_store::{cases, intakes, offers, placements};

use super::open::case_to_see;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Reach, Unit};
use crate::wire::{case_to_wire, offer_to_wire, person_to_wire, placement_to_wire};

pub(crate) struct GetCase {
    pub(crate) case: CaseId,
}

impl Act for GetCase {
    const VERB: &'static str = "GetCase";
    const REACH: Reach = Reach::Look;
    type Output = v1::Case;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::Case, HubError> {
        let id = self.case;
        let case = case_to_see(unit, id).await?;
        let case = case.ok_or_else(|| HubError::not_found(Kind::Case, id))?;
        unit.audit(id.home(), id).await?;
        let sealer = unit.hub.store.sealer();
        let persons = intakes::persons_of_case(&mut unit.conn, sealer, id).await?;
        let report = intakes::first_of_case(&mut unit.conn, sealer, id).await?;
        let resolution = cases::resolution(&mut unit.conn, sealer, id).await?;
        let mut wire = case_to_wire(&case);
        wire.persons = persons
            .iter()
            .map(|(id, person)| person_to_wire(*id, person))
            .collect();
        wire.story = report
            .map(|report| report.story.as_str().to_owned())
            .unwrap_or_default();
        wire.resolution = resolution.unwrap_or_default();
        match case.state {
            CaseState::Offered { offer } => {
                wire.live_offer = offers::get(&mut unit.conn, offer)
                    .await?
                    .as_ref()
                    .map(offer_to_wire);
            }
            CaseState::Placed { placement }
            | CaseState::InService { placement }
            | CaseState::Aftercare { placement } => {
                let placement = placements::get(&mut unit.conn, placement).await?;
                wire.placement = placement.as_ref().map(placement_to_wire);
            }
            CaseState::Received
            | CaseState::Triaged
            | CaseState::Waiting { .. }
            | CaseState::NoCandidate { .. }
            | CaseState::Closed
            | CaseState::ResolvedDirectly => {}
        }
        Ok(wire)
    }
}
