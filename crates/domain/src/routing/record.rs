//! Puts what a search found into the stored form.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::decision::{Considered, Decision, Rejection, RuleCount, Score};
use super::rules::{REQUIREMENTS, RULES_VERSION};
use super::search::{Costs, Found, NearMiss, id};
use super::{Candidate, Choice, Permanence, PlaceFit, Request, Routing};
use crate::directory::Directory;
use crate::id::FacilityId;

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
        within_minutes: found.within_minutes,
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
fn near_misses(request: &Request<'_>, misses: Vec<NearMiss<'_>>) -> Vec<Considered> {
    // Worked out once each: there may be hundreds.
    let mut misses: Vec<_> = misses
        .into_iter()
        .map(|miss| (order(request, &miss), miss))
        .collect();
    if misses.len() > Decision::MAX_NEAR_MISSES {
        misses.select_nth_unstable_by_key(Decision::MAX_NEAR_MISSES, |(order, _)| *order);
        misses.truncate(Decision::MAX_NEAR_MISSES);
    }
    misses.sort_unstable_by_key(|(order, _)| *order);
    let record = |miss: &NearMiss<'_>| {
        let rejection = Rejection {
            rule: miss.rule.name.to_owned(),
            article: miss.rule.article,
            temporary: miss.why == Permanence::Temporary,
            saw: (miss.rule.saw)(request, &miss.candidate),
        };
        considered(request, &miss.candidate, vec![], Some(rejection))
    };
    misses.iter().map(|(_, miss)| record(miss)).collect()
}

fn order(request: &Request<'_>, miss: &NearMiss<'_>) -> (bool, u32, FacilityId) {
    let is_lasting = miss.why == Permanence::Permanent;
    (
        is_lasting,
        miss.candidate.travel_minutes(request),
        id(miss.candidate.entry),
    )
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
    let fit = candidate.fit(request);
    Considered {
        facility: id(candidate.entry),
        name: candidate.entry.facility.profile.name.clone(),
        tier: candidate.tier(request),
        travel_minutes: candidate.travel_minutes(request),
        free_places: match fit {
            PlaceFit::Free { free, .. } | PlaceFit::Full { free } => Some(free),
            PlaceFit::Unknown { .. } | PlaceFit::TooSmall { .. } | PlaceFit::NoSuchPool => None,
        },
        capacity_age_minutes: observed_at(candidate, fit).map(|at| (request.now - at).whole_minutes()),
        scores,
        rejection,
    }
}

/// When the places in question were stated; of a house that has none for the party, its newest statement.
fn observed_at(candidate: &Candidate<'_>, fit: PlaceFit) -> Option<OffsetDateTime> {
    let pools = &candidate.entry.pools;
    match fit {
        PlaceFit::Free { pool: key, .. } | PlaceFit::Unknown { pool: key } => pools
            .iter()
            .find(|pool| pool.key == key)
            .map(|pool| pool.observed_at),
        PlaceFit::Full { .. } | PlaceFit::TooSmall { .. } | PlaceFit::NoSuchPool => {
            pools.iter().map(|pool| pool.observed_at).max()
        }
    }
}
