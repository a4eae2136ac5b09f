//! Puts what a search found into the stored form.

use std::collections::BTreeMap;

use super::decision::{Considered, Decision, Rejection, RuleCount, Score};
use super::rules::{REQUIREMENTS, RULES_VERSION};
use super::search::{Costs, Found, NearMiss, id};
use super::{Candidate, Choice, Permanence, PlaceFit, Request, Routing};
use crate::directory::Directory;

/// The choices, and the record of why.
pub(super) fn record(request: &Request<'_>, directory: &Directory, found: Found<'_>) -> Routing {
    let choices: Vec<_> = found
        .ranked
        .iter()
        .filter_map(|(_, candidate)| choice(request, candidate))
        .collect();
    let ranked: Vec<_> = found
        .ranked
        .iter()
        .take(Decision::MAX_RANKED)
        .map(|(costs, candidate)| considered(request, candidate, scores(request, costs), None))
        .collect();
    let decision = Decision {
        decided_at: request.now,
        outcome: found.outcome,
        chosen: choices.first().map(|choice| choice.facility),
        tier: found.tier,
        widens_at: found.widens_at,
        rules_version: RULES_VERSION,
        policy_version: request.policy.version.clone(),
        board_version: directory.version,
        inputs_digest: String::new(),
        facilities_considered: u32::try_from(directory.len()).unwrap_or(u32::MAX),
        ranked,
        near_misses: near_misses(request, found.near_misses),
        excluded: counts(&found.excluded),
        taken_meanwhile: vec![],
    };
    Routing {
        decision: decision.sealed_with(request, directory),
        choices,
    }
}

/// Those that may change by themselves first, then the nearest.
fn near_misses(request: &Request<'_>, mut misses: Vec<NearMiss<'_>>) -> Vec<Considered> {
    let order = |miss: &NearMiss<'_>| {
        let is_lasting = miss.why == Permanence::Permanent;
        let travel_minutes = miss.candidate.travel_minutes(request);
        (is_lasting, travel_minutes, id(miss.candidate.entry))
    };
    if misses.len() > Decision::MAX_NEAR_MISSES {
        misses.select_nth_unstable_by_key(Decision::MAX_NEAR_MISSES, order);
        misses.truncate(Decision::MAX_NEAR_MISSES);
    }
    misses.sort_unstable_by_key(order);
    let record = |miss: &NearMiss<'_>| {
        let rejection = Rejection {
            rule: miss.rule.name.to_owned(),
            article: miss.rule.article,
            temporary: miss.why == Permanence::Temporary,
            saw: (miss.rule.saw)(request, &miss.candidate),
        };
        considered(request, &miss.candidate, vec![], Some(rejection))
    };
    misses.iter().map(record).collect()
}

fn counts(excluded: &BTreeMap<usize, usize>) -> Vec<RuleCount> {
    let count = |(position, facilities): (&usize, &usize)| {
        let rule = REQUIREMENTS.get(*position)?;
        Some(RuleCount {
            rule: rule.name.to_owned(),
            article: rule.article,
            facilities: u32::try_from(*facilities).unwrap_or(u32::MAX),
        })
    };
    excluded.iter().filter_map(count).collect()
}

fn choice(request: &Request<'_>, candidate: &Candidate<'_>) -> Option<Choice> {
    let (pool, holds_places) = match candidate.fit(request) {
        PlaceFit::Free { pool, .. } => (pool, true),
        PlaceFit::Unknown { pool } => (pool, false),
        PlaceFit::Full { .. } | PlaceFit::TooSmall { .. } | PlaceFit::NoSuchPool => return None,
    };
    Some(Choice {
        facility: id(candidate.entry),
        pool,
        holds_places,
        tier: candidate.tier(request),
        travel_minutes: candidate.travel_minutes(request),
    })
}

fn scores(request: &Request<'_>, costs: &Costs) -> Vec<Score> {
    let names = request.urgency_policy().preferences.iter();
    names
        .zip(costs)
        .map(|(name, cost)| Score {
            preference: *name,
            cost: *cost,
        })
        .collect()
}

fn considered(
    request: &Request<'_>,
    candidate: &Candidate<'_>,
    scores: Vec<Score>,
    rejection: Option<Rejection>,
) -> Considered {
    let observed = candidate.entry.pools.iter().map(|pool| pool.observed_at).max();
    Considered {
        facility: id(candidate.entry),
        name: candidate.entry.facility.profile.name.clone(),
        tier: candidate.tier(request),
        travel_minutes: candidate.travel_minutes(request),
        free_places: match candidate.fit(request) {
            PlaceFit::Free { free, .. } | PlaceFit::Full { free } => Some(free),
            PlaceFit::Unknown { .. } | PlaceFit::TooSmall { .. } | PlaceFit::NoSuchPool => None,
        },
        capacity_age_minutes: observed.map(|at| (request.now - at).whole_minutes()),
        scores,
        rejection,
    }
}
