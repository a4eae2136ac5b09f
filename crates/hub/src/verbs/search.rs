//! Search, hold, offer: the part that every way of routing a case shares. All in the caller's transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use serasi_domain::case::{Case, CaseState, Routed};
use serasi_domain::directory::Directory;
use serasi_domain::facility::FacilityProfile;
use serasi_domain::id::{CaseId, DecisionId, FacilityId, OfferId};
use serasi_domain::need::Places;
use serasi_domain::offer::{Offer, OfferState};
use serasi_domain::policy::Policy;
use serasi_domain::routing::decision::Outcome;
use serasi_domain::routing::replay::{DecisionInputs, LookedAgain};
use serasi_domain::routing::{Choice, Decision, Exclusion, Routing, Seeker, route};
use serasi_proto::v1;
use serasi_store::capacity::{self, Hold, Purpose};
use serasi_store::decisions::{self, NewDecision};
use serasi_store::directory::Position;
use serasi_store::events::{self, Event};
use serasi_store::offers::{self, OfferView};
use serasi_store::{PgConnection, facilities};
use serde_json::json;
use time::OffsetDateTime;

use super::refer::{Referral, ends};
use crate::clock::Clock;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::Unit;
use crate::wire::outcome_to_wire;

mod neighbours;

pub(super) use neighbours::{Got, Held, Neighbours, Patience};

/// Searches for one case before it waits: each further one only when every choice was lost to somebody else.
const MAX_ROUNDS: u32 = 4;

/// A search that has an end; not yet written down. Its places, if any, are held, or will be before the commit.
pub(super) struct Search {
    policy: Arc<Policy>,
    offer_id: OfferId,
    /// 1 for the first facility asked for the case.
    attempt: i32,
    pub(super) decision_id: DecisionId,
    pub(super) decision: Decision,
    inputs: DecisionInputs,
    position: Arc<Position>,
    pub(super) offer: Option<OfferView>,
}

/// The case as a search sees it. Somebody waits for help since it was reported.
pub(crate) const fn seeker<'a>(case: &'a Case, exclusions: &'a [Exclusion]) -> Seeker<'a> {
    Seeker {
        facts: &case.facts,
        reported_at: case.created_at,
        exclusions,
    }
}

/// Decides who is asked and takes the places, under the policy the case follows. `asked_before` = facilities asked for
/// the case so far.
pub(super) async fn search(
    unit: &mut Unit<'_>,
    case: &Case,
    exclusions: &[Exclusion],
    asked_before: i32,
) -> Result<Search, HubError> {
    let policy = unit.policy_of(case).await?;
    let board = unit.hub.board.snapshot();
    let seeker = seeker(case, exclusions);
    let offer_id = OfferId::new(case.id.home(), unit.new_id());
    let mut inputs = DecisionInputs::new(seeker, &board.directory);
    let mut directory = Arc::clone(&board.directory);
    let mut round = 1;
    let found = loop {
        let found = route(seeker, &directory, &policy, unit.now)?;
        inputs.passed_over = pass_over(unit, case, offer_id, &found.choices).await?;
        let lost = found.choices.iter().take(inputs.passed_over);
        inputs.lost.extend(lost.map(|choice| choice.facility));
        let everybody_is_lost = inputs.passed_over == found.choices.len();
        if !everybody_is_lost || found.choices.is_empty() || round == MAX_ROUNDS {
            break found;
        }
        // The board was behind: look at what these facilities really have, and search again.
        inputs.looked_again = look_again(unit, &inputs.lost).await?;
        let Some(fresh) = inputs.seen(&board.directory) else {
            inputs.looked_again.clear();
            break found;
        };
        directory = Arc::new(fresh);
        round += 1;
    };
    let found = Found {
        policy,
        routing: found,
        inputs,
        offer_id,
        decision_id: DecisionId::new(case.id.home(), unit.new_id()),
        attempt: asked_before + 1,
    };
    Ok(found.settle(case, unit.now, (&directory, board.position)))
}

/// Holds the places of the first choice that still has them; gives how many before it have not.
async fn pass_over(
    unit: &mut Unit<'_>,
    case: &Case,
    offer: OfferId,
    choices: &[Choice],
) -> Result<usize, HubError> {
    let policy = unit.policy_of(case).await?;
    let with_overflow = policy.of(case.facts.urgency).uses_overflow;
    for (position, choice) in choices.iter().enumerate() {
        let is_taken = if choice.holds_places {
            let hold = hold(case.id, offer, choice, case.facts.need.places);
            capacity::reserve(&mut unit.conn, &hold, with_overflow, Purpose::Offer).await?
        } else {
            let asked = [(choice.facility, choice.pool)];
            !facilities::may_be_asked(&mut unit.conn, &asked).await?.is_empty()
        };
        if is_taken {
            return Ok(position);
        }
    }
    Ok(choices.len())
}

/// These facilities as the database has them.
async fn look_again(unit: &mut Unit<'_>, ids: &[FacilityId]) -> Result<Vec<LookedAgain>, HubError> {
    let distinct: BTreeSet<_> = ids.iter().copied().collect();
    let mut found = vec![];
    for id in distinct {
        let pools = capacity::of_facility(&mut unit.conn, id).await?;
        if let Some(facility) = facilities::get(&mut unit.conn, id).await? {
            found.push(LookedAgain {
                facility: id,
                version: facility.version,
                state: facility.state,
                pools,
            });
        }
    }
    Ok(found)
}

const fn hold(case: CaseId, offer: OfferId, choice: &Choice, places: Places) -> Hold {
    Hold {
        facility: choice.facility,
        pool: choice.pool,
        case,
        offer,
        places,
    }
}

/// What a search has found, before it is settled.
pub(super) struct Found {
    pub(super) policy: Arc<Policy>,
    pub(super) routing: Routing,
    pub(super) inputs: DecisionInputs,
    pub(super) offer_id: OfferId,
    pub(super) decision_id: DecisionId,
    /// 1 for the first facility asked for the case.
    pub(super) attempt: i32,
}

impl Found {
    /// The search, when the places of the first choice that was not passed over are, or will be, held. `directory` is
    /// what the last round saw.
    pub(super) fn settle(
        self,
        case: &Case,
        now: OffsetDateTime,
        (directory, position): (&Directory, Arc<Position>),
    ) -> Search {
        let (decision, taken) = self.inputs.settle(self.routing, directory);
        let mut search = Search {
            policy: self.policy,
            offer_id: self.offer_id,
            attempt: self.attempt,
            decision_id: self.decision_id,
            decision,
            inputs: self.inputs,
            position,
            offer: None,
        };
        search.offer = taken.and_then(|choice| {
            let entry = directory.entry(choice.facility)?;
            Some(search.offer_to(case, now, &choice, &entry.facility.profile))
        });
        search
    }
}

impl Search {
    fn offer_to(
        &self,
        case: &Case,
        now: OffsetDateTime,
        choice: &Choice,
        profile: &FacilityProfile,
    ) -> OfferView {
        let answer = self.policy.of(case.facts.urgency).answer;
        let documents = profile.admission_documents.iter();
        OfferView {
            offer: Offer {
                id: self.offer_id,
                version: 1,
                state: OfferState::Offered,
                case: case.id,
                facility: choice.facility,
                places: case.facts.need.places,
                pool: choice.pool,
                holds_places: choice.holds_places,
                tier: choice.tier,
                travel_minutes: choice.travel_minutes,
                decision: self.decision_id,
                attempt: self.attempt,
                party: case.facts.party.clone(),
                offered_at: now,
                expires_at: ends(&self.policy, answer, profile.place, now),
                seen_at: None,
            },
            facility_name: profile.name.as_str().to_owned(),
            documents: documents.map(|text| text.as_str().to_owned()).collect(),
            answered_at: None,
        }
    }

    /// The case after this search.
    pub(super) fn apply(&self, case: Case, now: OffsetDateTime) -> Case {
        let act = self.policy.of(case.facts.urgency).coordinate;
        let act_before = ends(&self.policy, act, case.facts.place, now);
        let routed = match (&self.offer, self.decision.outcome) {
            (Some(view), _) => Routed::Offered {
                offer: view.offer.id,
                answer_before: view.offer.expires_at,
            },
            (None, Outcome::NoCandidate) => Routed::NoCandidate,
            (None, Outcome::Offered | Outcome::Asked | Outcome::Waiting) => Routed::Waiting,
        };
        case.route(routed, act_before, now)
    }

    /// Writes decision, offer, hold and event. The case row must be written before.
    pub(super) async fn write(self, unit: &mut Unit<'_>, case: Case) -> Result<Referral, HubError> {
        write_all(&mut unit.conn, &[(&case, &self)]).await?;
        write_holds(&mut unit.conn, &[&self]).await?;
        events::append(&mut unit.conn, &self.events(&case, &unit.hub.clock)).await?;
        Ok(Referral::of(case, self))
    }

    /// Who is asked, how far, until when; or why nobody.
    pub(super) fn outcome(&self, case: &Case, eyes: &Eyes<'_>) -> v1::RouteOutcome {
        let explanation = eyes.seen(case, self.decision.clone()).explain();
        v1::RouteOutcome {
            result: outcome_to_wire(self.decision.outcome) as i32,
            offer: self.offer.as_ref().map(|view| eyes.offer(case, view)),
            decision_id: self.decision_id.to_string(),
            message_id: explanation.id,
            message_en: explanation.en,
        }
    }

    /// What is told of it, in order.
    pub(super) fn events(&self, case: &Case, clock: &Clock) -> Vec<Event> {
        let payload = json!({
            "decision_id": self.decision_id,
            "offer_id": self.offer.as_ref().map(|view| view.offer.id),
            "facility_id": self.offer.as_ref().map(|view| view.offer.facility),
        });
        let kind = match case.state {
            CaseState::Offered { .. } => "case.offered",
            CaseState::NoCandidate { .. } => "case.no_candidate",
            CaseState::InService { .. } if self.offer.is_some() => "case.transfer_offered",
            CaseState::InService { .. } => "case.transfer_waiting",
            CaseState::Waiting { .. }
            | CaseState::Received
            | CaseState::Triaged
            | CaseState::Placed { .. }
            | CaseState::Aftercare { .. }
            | CaseState::Closed { .. }
            | CaseState::ResolvedDirectly { .. } => "case.waiting",
        };
        let mut events = vec![Event {
            id: clock.new_id(),
            home: case.id.home(),
            subject_id: case.id.to_string(),
            subject_version: case.version,
            kind,
            payload,
        }];
        events.extend(self.offer.as_ref().map(|OfferView { offer, .. }| Event {
            id: clock.new_id(),
            home: offer.id.home(),
            subject_id: offer.id.to_string(),
            subject_version: offer.version,
            kind: "offer.offered",
            payload: json!({ "case_id": offer.case, "facility_id": offer.facility }),
        }));
        events
    }
}

/// Writes decisions and offers. The case rows must be written before.
pub(super) async fn write_all(
    conn: &mut PgConnection,
    searches: &[(&Case, &Search)],
) -> Result<(), HubError> {
    let made = searches.iter().map(|(case, search)| NewDecision {
        id: search.decision_id,
        case: case.id,
        decision: &search.decision,
        inputs: &search.inputs,
        position: search.position.as_str(),
    });
    decisions::insert(conn, &made.collect::<Vec<_>>()).await?;
    let made = searches.iter().filter_map(|(_, search)| search.offer.as_ref());
    let made: Vec<_> = made.collect();
    if !made.is_empty() {
        offers::insert(conn, &made).await?;
    }
    Ok(())
}

/// Puts on record whose the places are that the searches have taken.
pub(super) async fn write_holds(conn: &mut PgConnection, searches: &[&Search]) -> Result<(), HubError> {
    let made = searches.iter().filter_map(|search| search.offer.as_ref());
    let holding = made.filter(|view| view.offer.holds_places);
    let holds: Vec<_> = holding
        .map(|OfferView { offer, .. }| Hold {
            facility: offer.facility,
            pool: offer.pool,
            case: offer.case,
            offer: offer.id,
            places: offer.places,
        })
        .collect();
    if !holds.is_empty() {
        capacity::insert_holds(conn, &holds).await?;
    }
    Ok(())
}
