//! Refusals that come in together are written together, each case with its next candidate. One that is not plain - an
//! escalation, a case under an older policy, one for which the board proposes nobody who has room - goes alone.

use std::sync::Arc;

use serasi_domain::case::{Case, CaseState, CaseVerb};
use serasi_domain::offer::DeclineEffect;
use serasi_domain::policy::Policy;
use serasi_domain::routing::Exclusion;
use serasi_proto::v1;
use serasi_store::capacity::{self, Move};
use serasi_store::offers::{self, OfferView};
use serasi_store::{PgConnection, audit, cases, events, exclusions};
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
use crate::unit_of_work::{Member, Mutation, Together, Waiting, entry};
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
        let found = offers_at_hand(conn, members, |decline: &Self| decline.offer).await?;
        let policy = hub.policies.active();
        let mut neighbours = Neighbours::new(hub.board.snapshot(), &policy, &hub.clock);
        let mut refusals = decide(conn, found, (&mut neighbours, &policy, now)).await?;
        if refusals.is_empty() {
            return Ok(vec![]);
        }
        write(hub, conn, &mut refusals, now).await?;
        let held = neighbours.hold(conn, Patience::Waits).await?;
        if refusals.iter().any(|refusal| held.of(&refusal.search) != Got::It) {
            // The board was wrong: each looks at what there is, alone.
            return Err(HubError::Moved);
        }
        let searches: Vec<_> = refusals.iter().map(|refusal| &refusal.search).collect();
        write_holds(conn, &searches).await?;
        let told: Vec<_> = refusals
            .iter()
            .flat_map(|refusal| refusal.events(&hub.clock))
            .collect();
        events::append(conn, &told).await?;
        let acts = refusals.iter().map(|Refusal { member, .. }| {
            let (act, subject) = (
                (Self::VERB, Some(member.call.request_id)),
                (member.mutation.home(), member.mutation.offer.to_string()),
            );
            entry(&hub.clock, now, &member.call.caller, act, subject)
        });
        audit::append(conn, &acts.collect::<Vec<_>>()).await?;
        Ok(refusals
            .into_iter()
            .map(|refusal| refusal.answer(hub, now))
            .collect())
    }
}

/// Of each that can be refused, what follows; why one cannot be, its caller is told when it has gone alone.
async fn decide<'a>(
    conn: &mut PgConnection,
    found: Vec<WithOffer<'a, DeclineOffer>>,
    (neighbours, policy, now): (&mut Neighbours<'_>, &Arc<Policy>, OffsetDateTime),
) -> Result<Vec<Refusal<'a>>, HubError> {
    let ids: Vec<_> = found.iter().map(|(_, case, _)| case.id).collect();
    let mut excluded = exclusions::of_cases(conn, ids.iter().copied()).await?;
    let asked = offers::counts(conn, &ids).await?;
    let refusals = found.into_iter().zip(asked).filter_map(|(found, asked_before)| {
        let excluded = excluded.remove(&found.1.id).unwrap_or_default();
        Refusal::of(found, (excluded, asked_before), (neighbours, policy, now))
    });
    Ok(refusals.collect())
}

impl<'a> Refusal<'a> {
    /// `None` = it goes alone.
    fn of(
        (member, case, mut view): WithOffer<'a, DeclineOffer>,
        (mut excluded, asked_before): (Vec<Exclusion>, i32),
        (neighbours, policy, now): (&mut Neighbours<'_>, &Arc<Policy>, OffsetDateTime),
    ) -> Option<Self> {
        let decline = member.mutation;
        if case.policy_version != policy.version {
            return None;
        }
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
        let search = neighbours.search(&case, (&excluded, asked_before), now).ok()??;
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
    hub: &Hub,
    conn: &mut PgConnection,
    refusals: &mut [Refusal<'_>],
    now: OffsetDateTime,
) -> Result<(), HubError> {
    // Houses in their order, as everybody takes them.
    refusals.sort_by_key(|refusal| refusal.view.offer.facility);
    let offers: Vec<_> = refusals.iter().map(|refusal| &refusal.view.offer).collect();
    if !offers::update_live(conn, &offers).await? {
        return Err(HubError::Moved);
    }
    for refusal in &*refusals {
        let offer = &refusal.view.offer;
        if offer.holds_places && !capacity::move_hold(conn, offer.facility, offer.id, Move::Release).await? {
            return Err(HubError::Bug("an offer that holds places has no hold"));
        }
        let effect = (offer, &refusal.effect);
        let decline = refusal.member.mutation;
        decline.take_effect(conn, hub.store.sealer(), effect).await?;
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
    write_all(conn, &searches.collect::<Vec<_>>()).await
}
