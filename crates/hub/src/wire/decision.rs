//! Decisions.

use serasi_domain::id::{CaseId, DecisionId};
use serasi_domain::routing::Decision;
use serasi_domain::routing::decision::{Considered, Outcome, Rejection, RuleCount};
use serasi_proto::v1;
use serasi_store::decisions::StoredDecision;

use super::codes::{FromWire, optional};
use super::time::to_timestamp;
use crate::replay::Replayed;

/// As the contract has it; a preview has no id.
pub(crate) fn decision_to_wire(id: Option<DecisionId>, case: CaseId, decision: &Decision) -> v1::Decision {
    let explanation = decision.explain();
    v1::Decision {
        decision_id: id.map(|id| id.to_string()).unwrap_or_default(),
        case_id: case.to_string(),
        decide_time: Some(to_timestamp(decision.decided_at)),
        result: outcome_to_wire(decision.outcome) as i32,
        chosen_facility_id: decision.chosen.map(|id| id.to_string()).unwrap_or_default(),
        tier: optional(decision.tier),
        policy_version: decision.policy_version.clone(),
        board_version: decision.board_version,
        inputs_digest: decision.inputs_digest.clone(),
        facilities_considered: i32::try_from(decision.facilities_considered).unwrap_or(i32::MAX),
        ranked: decision.ranked.iter().map(considered).collect(),
        near_misses: decision.near_misses.iter().map(considered).collect(),
        excluded: decision.excluded.iter().map(rule_count).collect(),
        taken_meanwhile: decision.taken_meanwhile.iter().map(ToString::to_string).collect(),
        explanation_id: explanation.id,
        explanation_en: explanation.en,
        widen_time: decision.widens_at.map(to_timestamp),
        rules_version: decision.rules_version.into(),
    }
}

/// The stored record beside the one made again, as `show` lets the caller see that.
pub(crate) fn replay_to_wire(
    stored: &StoredDecision,
    replayed: Replayed,
    show: impl FnOnce(Decision) -> v1::Decision,
) -> v1::ReplayDecisionResponse {
    let mut response = v1::ReplayDecisionResponse {
        result: v1::ReplayResult::NotPossible as i32,
        record_digest: sha256_hex(&stored.record),
        ..v1::ReplayDecisionResponse::default()
    };
    match replayed {
        Replayed::Missing(what) => response.missing = what,
        Replayed::Made(decision) => {
            let record = decision.to_bytes();
            let is_same = record == stored.record;
            response.result = if is_same {
                v1::ReplayResult::Reproduced
            } else {
                v1::ReplayResult::Differs
            } as i32;
            response.replayed_digest = sha256_hex(&record);
            response.differing_fields = differing_fields(&stored.record, &record);
            response.replayed = Some(show(*decision));
        }
    }
    response
}

fn sha256_hex(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn differing_fields(stored: &[u8], replayed: &[u8]) -> Vec<String> {
    let read = |bytes| serde_json::from_slice::<serde_json::Map<_, _>>(bytes).unwrap_or_default();
    let (stored, replayed) = (read(stored), read(replayed));
    let mut names: Vec<String> = stored.keys().chain(replayed.keys()).cloned().collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| stored.get(name) != replayed.get(name));
    names
}

/// What a search found, as the contract names it.
pub(crate) const fn outcome_to_wire(outcome: Outcome) -> v1::RouteResult {
    match outcome {
        Outcome::Offered => v1::RouteResult::Offered,
        Outcome::Asked => v1::RouteResult::Asked,
        Outcome::Waiting => v1::RouteResult::Waiting,
        Outcome::NoCandidate => v1::RouteResult::NoCandidate,
    }
}

fn considered(considered: &Considered) -> v1::ConsideredFacility {
    let scores = considered.scores.iter();
    v1::ConsideredFacility {
        facility_id: considered.facility.to_string(),
        facility_name: considered.name.as_str().to_owned(),
        tier: considered.tier.to_wire(),
        travel_minutes: i32::try_from(considered.travel_minutes).unwrap_or(i32::MAX),
        free_places: considered.free_places.unwrap_or(0),
        capacity_age_minutes: considered.capacity_age_minutes.unwrap_or(-1),
        scores: scores
            .map(|score| v1::PreferenceScore {
                preference: score.preference.to_string(),
                cost: score.cost,
            })
            .collect(),
        rejection: considered.rejection.as_ref().map(rejection),
        asked_only: considered.rejection.is_none() && considered.free_places.is_none(),
    }
}

fn rejection(rejection: &Rejection) -> v1::Rejection {
    let sentence = rejection.sentence();
    v1::Rejection {
        rule: rejection.rule.clone(),
        article: rejection.article.to_string(),
        temporary: rejection.temporary,
        saw: rejection.saw.clone(),
        explanation_id: sentence.id.to_owned(),
        explanation_en: sentence.en.to_owned(),
    }
}

fn rule_count(count: &RuleCount) -> v1::RuleCount {
    v1::RuleCount {
        rule: count.rule.clone(),
        article: count.article.to_string(),
        facilities: i32::try_from(count.facilities).unwrap_or(i32::MAX),
    }
}
