//! Search, hold, offer: the part that every way of routing a case shares. All in the caller's transaction.

use std::sync::Arc;

use serasi_domain::case::{Case, CaseState, Routed};
use serasi_domain::deadline::Allowance;
use serasi_domain::directory::Changes;
use serasi_domain::id::{CaseId, DecisionId, FacilityId, OfferId};
use serasi_domain::need::Places;
use serasi_domain::offer::{Offer, OfferState};
use serasi_domain::routing::decision::Outcome;
use serasi_domain::routing::{Choice, Decision, Exclusion, Routing, route};
use serasi_geography::{RegionCode, TimeZone, atlas};
use serasi_proto::v1;
use serasi_store::capacity::{self, Hold, Purpose};
use serasi_store::offers::{self, OfferView};
use serasi_store::{cases, decisions, facilities};
use serde_json::json;
use time::OffsetDateTime;

use crate::error::HubError;
use crate::unit_of_work::Unit;
use crate::wire::{offer_to_wire, outcome_to_wire};

/// Searches for one case before it waits: each further one only when every choice was lost to somebody else.
const MAX_ROUNDS: u32 = 4;

/// A search whose places, if any, are already held; not yet written down.
pub(super) struct Search {
    decision_id: DecisionId,
    decision: Decision,
    offer: Option<OfferView>,
}

/// A search that is written down, and the case as it left it.
pub(super) struct Referral {
    pub(super) case: Case,
    search: Search,
}

/// Decides who is asked and takes the places. `asked_before` = facilities asked for the case so far.
pub(super) async fn search(
    unit: &mut Unit<'_>,
    case: &Case,
    exclusions: &[Exclusion],
    asked_before: i32,
) -> Result<Search, HubError> {
    let mut directory = unit.hub.board.snapshot();
    let offer_id = OfferId::new(case.id.home(), unit.new_id());
    let decision_id = DecisionId::new(case.id.home(), unit.new_id());
    let mut lost = vec![];
    let mut round = 1;
    let (decision, taken) = loop {
        let found = route(&case.facts, exclusions, &directory, &unit.hub.policy, unit.now)?;
        let taken = take_first(unit, case, offer_id, &found, &mut lost).await?;
        if taken.is_some() || found.choices.is_empty() || round == MAX_ROUNDS {
            break (found.decision, taken);
        }
        // The board was behind: look at what these facilities really have, and search again.
        let Some(fresh) = directory.with(pools_of(unit, &lost).await?) else {
            break (found.decision, taken);
        };
        directory = Arc::new(fresh);
        round += 1;
    };
    let decision = decision.after_reservation(lost, taken.map(|choice| choice.facility));
    let offer = taken.and_then(|choice| {
        let entry = directory.entry(choice.facility)?;
        let profile = &entry.facility.profile;
        let answer = unit.hub.policy.of(case.facts.urgency).answer;
        Some(OfferView {
            offer: Offer {
                id: offer_id,
                version: 1,
                state: OfferState::Offered,
                case: case.id,
                facility: choice.facility,
                places: case.facts.need.places,
                pool: choice.pool,
                holds_places: choice.holds_places,
                tier: choice.tier,
                travel_minutes: choice.travel_minutes,
                decision: decision_id,
                attempt: asked_before + 1,
                party: case.facts.party.clone(),
                offered_at: unit.now,
                expires_at: deadline(unit, answer, profile.place),
                seen_at: None,
            },
            facility_name: profile.name.as_str().to_owned(),
            documents: profile
                .admission_documents
                .iter()
                .map(|text| text.as_str().to_owned())
                .collect(),
            answered_at: None,
        })
    });
    Ok(Search {
        decision_id,
        decision,
        offer,
    })
}

/// Holds the places of the first choice that still has them; those that have not are added to `lost`.
async fn take_first(
    unit: &mut Unit<'_>,
    case: &Case,
    offer: OfferId,
    found: &Routing,
    lost: &mut Vec<FacilityId>,
) -> Result<Option<Choice>, HubError> {
    let with_overflow = unit.hub.policy.of(case.facts.urgency).uses_overflow;
    for choice in &found.choices {
        let is_taken = if choice.holds_places {
            reserve(unit, case, offer, choice, with_overflow).await?
        } else {
            facilities::may_be_asked(&mut unit.conn, choice.facility).await?
        };
        if is_taken {
            return Ok(Some(*choice));
        }
        lost.push(choice.facility);
    }
    Ok(None)
}

async fn pools_of(unit: &mut Unit<'_>, facilities: &[FacilityId]) -> Result<Changes, HubError> {
    let mut changes = Changes::default();
    for facility in facilities {
        let pools = capacity::of_facility(&mut unit.conn, *facility).await?;
        changes
            .pools
            .extend(pools.into_iter().map(|pool| (*facility, pool)));
    }
    Ok(changes)
}

async fn reserve(
    unit: &mut Unit<'_>,
    case: &Case,
    offer: OfferId,
    choice: &Choice,
    with_overflow: bool,
) -> Result<bool, HubError> {
    let hold = hold(case.id, offer, choice, case.facts.need.places);
    Ok(capacity::reserve(&mut unit.conn, &hold, with_overflow, Purpose::Offer).await?)
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
    /// The case after this search.
    pub(super) fn apply(&self, unit: &Unit<'_>, case: Case) -> Case {
        let act = unit.hub.policy.of(case.facts.urgency).coordinate;
        let act_before = deadline(unit, act, case.facts.place);
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
        decisions::insert(&mut unit.conn, self.decision_id, case.id, &self.decision).await?;
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
            CaseState::Waiting { .. }
            | CaseState::Received
            | CaseState::Triaged
            | CaseState::Placed { .. }
            | CaseState::InService { .. }
            | CaseState::Aftercare { .. }
            | CaseState::Closed
            | CaseState::ResolvedDirectly => "case.waiting",
        };
        unit.tell(case.id.home(), case.id, case.version, kind, payload)
            .await?;
        Ok(Referral { case, search: self })
    }
}

impl Referral {
    /// Who is asked, how far, until when; or why nobody.
    pub(super) fn outcome(&self) -> v1::RouteOutcome {
        let explanation = self.search.decision.explain();
        v1::RouteOutcome {
            result: self.result() as i32,
            offer: self.search.offer.as_ref().map(offer_to_wire),
            decision_id: self.search.decision_id.to_string(),
            message_id: explanation.id,
            message_en: explanation.en,
        }
    }

    pub(super) fn result(&self) -> v1::RouteResult {
        outcome_to_wire(self.search.decision.outcome)
    }
}

/// Searches again for a case that exists and writes it down; `case` is locked, `old_state` is what the row still holds.
pub(super) async fn refer_again(
    unit: &mut Unit<'_>,
    case: Case,
    old_state: &CaseState,
    exclusions: &[Exclusion],
) -> Result<Referral, HubError> {
    let search = search_again(unit, &case, exclusions).await?;
    settle(unit, case, old_state, search).await
}

/// Refers a case that waits to one `among` these, or leaves no trace where none of them can be asked.
pub(super) async fn refer_if_somebody_can_be_asked(
    unit: &mut Unit<'_>,
    case: Case,
    exclusions: &[Exclusion],
    among: &[FacilityId],
) -> Result<Option<Offer>, HubError> {
    let search = search_again(unit, &case, exclusions).await?;
    let Some(offer) = search.offer.as_ref().map(|view| view.offer.clone()) else {
        return Ok(None);
    };
    if !among.contains(&offer.facility) {
        // The places are already held: only a rollback gives them back without a trace.
        return Err(HubError::Moved);
    }
    let old_state = case.state.clone();
    settle(unit, case, &old_state, search).await?;
    Ok(Some(offer))
}

async fn search_again(
    unit: &mut Unit<'_>,
    case: &Case,
    exclusions: &[Exclusion],
) -> Result<Search, HubError> {
    let asked_before = offers::count_of_case(&mut unit.conn, case.id).await?;
    search(unit, case, exclusions, asked_before).await
}

/// Writes down what a search found for a case that exists.
async fn settle(
    unit: &mut Unit<'_>,
    case: Case,
    old_state: &CaseState,
    search: Search,
) -> Result<Referral, HubError> {
    let mut case = search.apply(unit, case);
    case.policy_version.clone_from(&unit.hub.policy.version);
    let case = write_case(unit, case, old_state).await?;
    search.write(unit, case).await
}

/// Writes the next version of a locked case and gives it back as it now stands.
pub(super) async fn write_case(
    unit: &mut Unit<'_>,
    mut case: Case,
    old_state: &CaseState,
) -> Result<Case, HubError> {
    if !cases::update(&mut unit.conn, &case, old_state, unit.now).await? {
        return Err(HubError::Moved);
    }
    case.version += 1;
    case.changed_at = unit.now;
    Ok(case)
}

/// When an allowance that starts now has run out at `place`.
pub(super) fn deadline(unit: &Unit<'_>, allowance: Allowance, place: RegionCode) -> OffsetDateTime {
    let zone = atlas()
        .region(place)
        .map_or(TimeZone::Wib, |region| region.time_zone);
    allowance.ends(unit.now, unit.hub.policy.working_hours, zone)
}

/// An answer for a case that was not searched for.
pub(super) fn not_routed(message_id: &str, message_en: &str) -> v1::RouteOutcome {
    v1::RouteOutcome {
        result: v1::RouteResult::NotRouted as i32,
        offer: None,
        decision_id: String::new(),
        message_id: message_id.to_owned(),
        message_en: message_en.to_owned(),
    }
}
