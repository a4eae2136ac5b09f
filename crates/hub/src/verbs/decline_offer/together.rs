//! Refusals that come in together are written together, each case with its next candidate. One that is not plain - a note
//! to be sealed, an escalation, a case that somebody else has locked or for which the board proposes nobody who has room -
//! goes alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use serasi_domain::case::{Case, CaseState, CaseVerb};
use serasi_domain::offer::DeclineEffect;
use serasi_domain::policy::Policy;
use serasi_domain::routing::Exclusion;
use serasi_proto::v1;
use serasi_store::offers::{self, OfferView};
use serasi_store::{PgConnection, audit, capacity, cases, events, exclusions};
use time::OffsetDateTime;

use super::super::open::{WithOffer, offers_at_hand};
use super::super::refuse::{Ending, must_be_offered};
use super::super::search::{Got, Neighbours, Patience, Search, write_all, write_holds};
use super::DeclineOffer;
use crate::clock::Clock;
use crate::error::HubError;
use crate::gather::Gathering;
use crate::hub::Hub;
use crate::sight::Eyes;
use crate::unit_of_work::{Member, Together, Waiting};
use crate::wire::outcome_to_wire;

/// A refusal and what follows from it. Nothing is written yet: versions are those of the rows.
struct Refusal<'a> {
    member: Member<'a, DeclineOffer>,
    view: OfferView,
    ending: Ending,
    exclusion: Exclusion,
    effect: DeclineEffect,
    /// As the search leaves it.
    case: Case,
    /// The state that the case's row has.
    old_state: CaseState,
    search: Search,
}

impl Together for DeclineOffer {
    fn gathering(hub: &Hub) -> &Gathering<Waiting<Self>> {
        &hub.declines
    }

    async fn run_together(
        hub: &Hub,
        conn: &mut PgConnection,
        members: Vec<Member<'_, Self>>,
        now: OffsetDateTime,
    ) -> Result<Vec<(usize, v1::DeclineOfferResponse)>, HubError> {
        let mut found = offers_at_hand(conn, members, |decline: &Self| decline.offer).await?;
        found.retain(|(member, _, _)| member.mutation.decline.note.is_none());
        let mut neighbours = Neighbours::new(hub.board.snapshot(), &hub.clock);
        let mut refusals = decide(hub, conn, found, (&mut neighbours, now)).await?;
        // All at once and in order, those that get places back and those that give some: nobody stands against another group.
        let mut houses = neighbours.houses();
        houses.extend(refusals.iter().map(|refusal| refusal.view.offer.facility));
        capacity::lock(conn, &houses.into_iter().collect::<Vec<_>>()).await?;
        let held = neighbours.hold(conn, Patience::Waits).await?;
        if refusals
            .iter()
            .any(|refusal| held.of(&refusal.search) == Got::Nothing)
        {
            hub.board.found_wrong();
        }
        refusals.retain(|refusal| held.of(&refusal.search) == Got::It);
        if refusals.is_empty() {
            return Ok(vec![]);
        }
        write(conn, &mut refusals, now).await?;
        let told = refusals.iter().flat_map(|refusal| refusal.events(&hub.clock));
        events::append(conn, &told.collect::<Vec<_>>()).await?;
        let acts = refusals
            .iter()
            .map(|Refusal { member, .. }| member.entry(hub, now, &member.mutation.offer));
        audit::append(conn, &acts.collect::<Vec<_>>()).await?;
        Ok(refusals
            .into_iter()
            .map(|refusal| refusal.answer(hub, now))
            .collect())
    }
}

/// Of each that can be refused, what follows; why one cannot be, its caller is told when it has gone alone.
async fn decide<'a>(
    hub: &Hub,
    conn: &mut PgConnection,
    found: Vec<WithOffer<'a, DeclineOffer>>,
    (neighbours, now): (&mut Neighbours<'_>, OffsetDateTime),
) -> Result<Vec<Refusal<'a>>, HubError> {
    let ids: Vec<_> = found.iter().map(|(_, case, _)| case.id).collect();
    let mut excluded = exclusions::of_cases(conn, ids.iter().copied()).await?;
    let asked = offers::counts(conn, &ids).await?;
    let mut refusals = vec![];
    for (found, asked_before) in found.into_iter().zip(asked) {
        let policy = hub.policies.of_case(conn, &found.1).await?;
        let excluded = excluded.remove(&found.1.id).unwrap_or_default();
        refusals.extend(Refusal::of(
            found,
            (excluded, asked_before),
            (neighbours, &policy, now),
        ));
    }
    Ok(refusals)
}

impl<'a> Refusal<'a> {
    /// `None` = it goes alone. `policy` is the one the case follows.
    fn of(
        (member, case, mut view): WithOffer<'a, DeclineOffer>,
        (mut excluded, asked_before): (Vec<Exclusion>, i32),
        (neighbours, policy, now): (&mut Neighbours<'_>, &Arc<Policy>, OffsetDateTime),
    ) -> Option<Self> {
        let decline = member.mutation;
        view.offer = view.offer.decline(decline.decline.reason, now).ok()?;
        must_be_offered(&case, &view.offer, CaseVerb::Decline).ok()?;
        let (ending, effect) = decline.ending(policy, now);
        let exclusion = ending.exclusion(&view.offer).ok()?;
        excluded.retain(|before| before.facility != exclusion.facility);
        excluded.push(exclusion);
        excluded.sort_unstable_by_key(|exclusion| exclusion.facility);
        let (old_state, escalations) = (case.state.clone(), case.escalations);
        let case = case.refused(policy.refusals_before_escalation);
        if case.escalations != escalations {
            return None;
        }
        let found = neighbours.search(&case, (policy, &excluded, asked_before), now);
        let search = found.ok().flatten()?;
        Some(Self {
            case: search.apply(case, now),
            old_state,
            member,
            view,
            ending,
            exclusion,
            effect,
            search,
        })
    }

    /// What is told of it, in order, when the case is written and the offer's version is still the old one.
    fn events(&self, clock: &Clock) -> Vec<events::Event> {
        let offer = &self.view.offer;
        let mut events = vec![self.ending.told(offer, clock)];
        events.extend(self.search.events(&self.case, clock));
        events.extend(self.member.mutation.correction(offer, &self.effect, clock));
        events
    }

    fn answer(mut self, hub: &Hub, now: OffsetDateTime) -> (usize, v1::DeclineOfferResponse) {
        self.view.offer.version += 1;
        self.view.answered_at = Some(now);
        let eyes = Eyes::new(hub, &self.member.call.caller);
        let response = v1::DeclineOfferResponse {
            offer: Some(eyes.offer(&self.case, &self.view)),
            next: outcome_to_wire(self.search.decision.outcome) as i32,
        };
        (self.member.place, response)
    }
}

/// Writes the ends of the offers, their effects, and the cases with whom they are referred to; gives the cases their next
/// versions.
async fn write(
    conn: &mut PgConnection,
    refusals: &mut [Refusal<'_>],
    now: OffsetDateTime,
) -> Result<(), HubError> {
    let offers: Vec<_> = refusals.iter().map(|refusal| &refusal.view.offer).collect();
    if !offers::update_live(conn, &offers).await? {
        return Err(HubError::Moved);
    }
    let held = offers.iter().filter(|offer| offer.holds_places);
    let held: Vec<_> = held.map(|offer| (offer.facility, offer.id)).collect();
    if !capacity::release_together(conn, &held).await? {
        return Err(HubError::Bug("an offer that holds places has no hold"));
    }
    let full = refusals.iter().filter(|refusal| refusal.effect.corrects_capacity);
    let full = full.map(|refusal| (refusal.view.offer.facility, refusal.view.offer.pool));
    for (facility, pool) in full.collect::<BTreeSet<_>>() {
        capacity::correct_to_full(conn, facility, pool).await?;
    }
    let passed_over = refusals
        .iter()
        .map(|refusal| (refusal.case.id, refusal.exclusion, refusal.ending.reason.as_str()));
    exclusions::exclude(conn, &passed_over.collect::<Vec<_>>(), now).await?;
    let written = refusals.iter().map(|refusal| (&refusal.case, &refusal.old_state));
    if !cases::update(conn, &written.collect::<Vec<_>>(), now).await? {
        return Err(HubError::Moved);
    }
    for refusal in &mut *refusals {
        refusal.case.version += 1;
        refusal.case.changed_at = now;
    }
    let searches = refusals.iter().map(|refusal| (&refusal.case, &refusal.search));
    write_all(conn, &searches.collect::<Vec<_>>()).await?;
    let searches: Vec<_> = refusals.iter().map(|refusal| &refusal.search).collect();
    write_holds(conn, &searches).await
}
