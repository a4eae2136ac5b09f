//! GetCase: the case with everything this caller may see. A look at a person is an act: it is recorded in the
//! transaction that reads, before the answer leaves.

use serasi_domain::case::{Case, CaseState, Transfer};
use serasi_domain::id::CaseId;
use serasi_proto::v1;
use serasi_store::{cases, intakes, links, offers, placements, records, stages};

use super::open::may_see_case;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Unit};
use crate::wire::{case_to_wire, course_to_wire, offer_to_wire, person_to_wire, placement_to_wire};

pub(crate) struct GetCase {
    pub(crate) case: CaseId,
}

impl Act for GetCase {
    const VERB: &'static str = "GetCase";
    type Output = v1::Case;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::Case, HubError> {
        let id = self.case;
        let case = cases::get(&mut unit.conn, id)
            .await?
            .filter(|case| may_see_case(unit.caller, case));
        let case = case.ok_or_else(|| HubError::not_found(Kind::Case, id))?;
        unit.audit(id.home(), id).await?;
        let sealer = unit.hub.store.sealer();
        let persons = intakes::persons_of_case(&mut unit.conn, sealer, id).await?;
        let report = intakes::first_of_case(&mut unit.conn, sealer, id).await?;
        let mut wire = case_to_wire(&case);
        wire.persons = persons
            .iter()
            .map(|(id, person)| person_to_wire(*id, person))
            .collect();
        wire.story = report
            .map(|report| report.story.as_str().to_owned())
            .unwrap_or_default();
        let words = if matches!(case.state, CaseState::Closed { .. }) {
            cases::close_note(&mut unit.conn, sealer, id).await?
        } else {
            cases::resolution(&mut unit.conn, sealer, id).await?
        };
        wire.resolution = words.filter(|_| !case.state.is_open()).unwrap_or_default();
        self.add_whereabouts(unit, &case, &mut wire).await?;
        let course = stages::course_of(&mut unit.conn, &case).await?;
        let file = records::file_of(&mut unit.conn, &case).await?;
        wire.stages = course_to_wire(&course, Some(&file));
        let main = links::main_of(&mut unit.conn, id).await?;
        wire.linked_to_case_id = main.map(|main| main.to_string()).unwrap_or_default();
        let followers = links::followers_of(&mut unit.conn, id).await?;
        wire.linked_case_ids = followers.iter().map(ToString::to_string).collect();
        Ok(wire)
    }
}

impl GetCase {
    /// Where the persons are, are expected, or may be asked for.
    async fn add_whereabouts(
        &self,
        unit: &mut Unit<'_>,
        case: &Case,
        wire: &mut v1::Case,
    ) -> Result<(), HubError> {
        if let Some(offer) = case.state.live_offer() {
            let view = offers::get(&mut unit.conn, offer).await?;
            wire.live_offer = view.as_ref().map(offer_to_wire);
        }
        if let Some(stay) = case.state.stay() {
            let placement = placements::get(&mut unit.conn, stay.placement).await?;
            wire.placement = placement.as_ref().map(placement_to_wire);
        }
        if let Some(Transfer::Accepted { next }) = case.state.transfer() {
            let placement = placements::get(&mut unit.conn, next.placement).await?;
            wire.next_placement = placement.as_ref().map(placement_to_wire);
        }
        Ok(())
    }
}
