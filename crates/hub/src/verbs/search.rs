//! Search, hold, offer: the part that every way of routing a case shares. All in the caller's transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use serasi_domain::case::{Case, CaseState, Routed};
use serasi_domain::facility::FacilityProfile;
use serasi_domain::id::{CaseId, DecisionId, FacilityId, OfferId};
use serasi_domain::need::Places;
use serasi_domain::offer::{Offer, OfferState};
use serasi_domain::policy::Policy;
use serasi_domain::routing::decision::Outcome;
use serasi_domain::routing::replay::{DecisionInputs, LookedAgain};
use serasi_domain::routing::{Choice, Decision, Exclusion, Seeker, route};
use serasi_store::capacity::{self, Hold, Purpose};
use serasi_store::decisions::{self, NewDecision};
use serasi_store::directory::Position;
use serasi_store::facilities;
use serasi_store::offers::{self, OfferView};
use serde_json::json;

use super::refer::{Referral, deadline};
use crate::error::HubError;
use crate::unit_of_work::Unit;

/// Searches for one case before it waits: each further one only when every choice was lost to somebody else.
const MAX_ROUNDS: u32 = 4;

/// A search whose places, if any, are already held; not yet written down.
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
    let (decision, taken) = inputs.settle(found, &directory);
    let mut search = Search {
        policy,
        offer_id,
        attempt: asked_before + 1,
        decision_id: DecisionId::new(case.id.home(), unit.new_id()),
        decision,
        inputs,
        position: board.position,
        offer: None,
    };
    search.offer = taken.and_then(|choice| {
        let entry = directory.entry(choice.facility)?;
        Some(search.offer_to(unit, case, &choice, &entry.facility.profile))
    });
    Ok(search)
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
            facilities::may_be_asked(&mut unit.conn, choice.facility, choice.pool).await?
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

impl Search {
    fn offer_to(
        &self,
        unit: &Unit<'_>,
        case: &Case,
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
                offered_at: unit.now,
                expires_at: deadline(unit, &self.policy, answer, profile.place),
                seen_at: None,
            },
            facility_name: profile.name.as_str().to_owned(),
            documents: documents.map(|text| text.as_str().to_owned()).collect(),
            answered_at: None,
        }
    }

    /// The case after this search.
    pub(super) fn apply(&self, unit: &Unit<'_>, case: Case) -> Case {
        let act = self.policy.of(case.facts.urgency).coordinate;
        let act_before = deadline(unit, &self.policy, act, case.facts.place);
        let routed = match (&self.offer, self.decision.outcome) {
            (Some(view), _) => Routed::Offered {
                offer: view.offer.id,
                answer_before: view.offer.expires_at,
            },
            (None, Outcome::NoCandidate) => Routed::NoCandidate,
            (None, Outcome::Offered | Outcome::Asked | Outcome::Waiting) => Routed::Waiting,
        };
        case.route(routed, act_before, unit.now)
    }

    /// Writes decision, offer, hold and event. The case row must be written before.
    pub(super) async fn write(self, unit: &mut Unit<'_>, case: Case) -> Result<Referral, HubError> {
        let decision = NewDecision {
            id: self.decision_id,
            case: case.id,
            decision: &self.decision,
            inputs: &self.inputs,
            position: self.position.as_str(),
        };
        decisions::insert(&mut unit.conn, &decision).await?;
        if let Some(view) = &self.offer {
            offers::insert(&mut unit.conn, view).await?;
            if view.offer.holds_places {
                let offer = &view.offer;
                let hold = Hold {
                    facility: offer.facility,
                    pool: offer.pool,
                    case: case.id,
                    offer: offer.id,
                    places: offer.places,
                };
                capacity::insert_hold(&mut unit.conn, &hold).await?;
            }
        }
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
        unit.tell(case.id.home(), case.id, case.version, kind, payload)
            .await?;
        if let Some(view) = &self.offer {
            let offer = &view.offer;
            let payload = json!({ "case_id": offer.case, "facility_id": offer.facility });
            unit.tell(offer.id.home(), offer.id, offer.version, "offer.offered", payload)
                .await?;
        }
        Ok(Referral::of(case, self))
    }
}
