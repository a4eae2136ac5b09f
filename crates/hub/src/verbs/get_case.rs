//! GetCase: the case with everything this caller may see. A look at a person is an act: it is recorded in the
//! transaction that reads, before the answer leaves.

use serasi_domain::case::{Case, CaseState, Transfer};
use serasi_domain::id::CaseId;
use serasi_domain::need_to_know::Sight;
use serasi_proto::v1;
use serasi_store::{
    Context, Kept, break_glass, cases, erasure, intakes, links, offers, persons, placements, records, stages,
};

use super::documents::documents_of;
use super::open::reachable;
use crate::auth::{Field, Permit};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{
    course_to_wire, document_to_wire, numbers, optional, owed_to_wire, person_to_wire, placement_to_wire,
};

pub(crate) struct GetCase {
    pub(crate) case: CaseId,
}

impl Act for GetCase {
    const VERB: &'static str = "GetCase";
    const IS_BY_KEY: bool = true;
    type Output = v1::Case;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(Some(self.case))
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::Case, HubError> {
        let id = self.case;
        let found = cases::get(&mut unit.conn, id).await?;
        let case = reachable(&mut unit.conn, unit.caller, id, found).await?;
        unit.audit(id.home(), id).await?;
        let eyes = Eyes::new(unit.hub, unit.caller);
        let sight = look_through_glass(unit, &case, eyes.of_case(&case)).await?;
        let sealer = unit.hub.store.sealer();
        let persons = persons::of_case(&mut unit.conn, sealer, id).await?;
        let report = intakes::first_of_case(&mut unit.conn, sealer, id).await?;
        let privacy = erasure::of_case(&mut unit.conn, id).await?;
        let mut wire = eyes.case_as(sight, &case);
        wire.persons = persons
            .iter()
            .map(|kept| person_to_wire(kept.id, &kept.known(), sight))
            .collect();
        let story = report.and_then(Kept::there);
        let story = story.map(|report| report.story.as_str().to_owned());
        wire.story = sight.whole(story.unwrap_or_default());
        let words = if matches!(case.state, CaseState::Closed { .. }) {
            cases::close_note(&mut unit.conn, sealer, id).await?
        } else {
            cases::resolution(&mut unit.conn, sealer, id).await?
        };
        let words = words.and_then(Kept::there).filter(|_| !case.state.is_open());
        wire.resolution = sight.whole(words.unwrap_or_default());
        let (documents, owed) = documents_of(unit, &case).await?;
        let documents = documents.iter().filter(|document| document.removed_at.is_none());
        wire.documents = documents
            .map(|document| document_to_wire(document, sight))
            .collect();
        wire.owed_documents = owed.into_iter().map(owed_to_wire).collect();
        wire.erased_classes = numbers(privacy.erased);
        // That a court asks for it tells something about the person.
        wire.legal_hold = optional(privacy.hold.filter(|_| sight.is_whole()));
        add_whereabouts(unit, &case, (&eyes, sight), &mut wire).await?;
        add_progress(unit, &case, &mut wire).await?;
        Ok(wire)
    }
}

/// Where the persons are, are expected, or may be asked for.
async fn add_whereabouts(
    unit: &mut Unit<'_>,
    case: &Case,
    (eyes, sight): (&Eyes<'_>, Sight),
    wire: &mut v1::Case,
) -> Result<(), HubError> {
    if let Some(offer) = case.state.live_offer() {
        let offer = offers::get(&mut unit.conn, offer).await?;
        wire.live_offer = offer.map(|view| eyes.offer_as(sight, case, &view));
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

/// How far the stages are, and which cases go the same way.
async fn add_progress(unit: &mut Unit<'_>, case: &Case, wire: &mut v1::Case) -> Result<(), HubError> {
    let course = stages::course_of(&mut unit.conn, case).await?;
    let file = records::file_of(&mut unit.conn, case).await?;
    wire.stages = course_to_wire(&course, Some(&file));
    let main = links::main_of(&mut unit.conn, case.id).await?;
    wire.linked_to_case_id = main.map(|main| main.to_string()).unwrap_or_default();
    let followers = links::followers_of(&mut unit.conn, case.id).await?;
    wire.linked_case_ids = followers.iter().map(ToString::to_string).collect();
    Ok(())
}

/// What is masked is whole for whoever has broken the glass and still may, and that look goes on record by itself.
async fn look_through_glass(unit: &mut Unit<'_>, case: &Case, sight: Sight) -> Result<Sight, HubError> {
    if sight.is_whole() || !unit.caller.may_use(Field::Glass, case) {
        return Ok(sight);
    }
    let Some(glass) = break_glass::open_to(&mut unit.conn, case.id, &unit.caller.principal).await? else {
        return Ok(sight);
    };
    unit.audit(case.id.home(), glass).await?;
    Ok(Sight::Whole)
}
