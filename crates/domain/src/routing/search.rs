//! The search itself: judge every facility, pick the nearest tier that has somebody, order them, write it down.

use std::collections::BTreeMap;

use super::decision::{Considered, Decision, Outcome, Rejection, RuleCount, Score};
use super::rules::{REQUIREMENTS, Requirement};
use super::{Candidate, Choice, Permanence, PlaceFit, Request, Routing, ScopeTier};
use crate::directory::Directory;
use crate::id::FacilityId;
use crate::policy::UrgencyPolicy;

/// Facilities tried in turn before a search gives up and the case waits.
pub(super) const MAX_CHOICES: usize = 32;

/// Every facility, by what may be done with it.
pub(super) struct Judged<'a> {
    /// All requirements met: places are known to be free.
    able: Vec<Candidate<'a>>,
    /// Only the places are unknown: may be asked.
    askable: Vec<Candidate<'a>>,
    /// Failed exactly one requirement.
    near_misses: Vec<(Candidate<'a>, &'static Requirement, Permanence)>,
    /// First requirement failed, by its position in the registry.
    excluded: BTreeMap<usize, u32>,
    /// Somebody may become able by itself.
    may_change: bool,
}

/// Who is asked, the best first.
pub(super) struct Selection<'a> {
    outcome: Outcome,
    tier: Option<ScopeTier>,
    ranked: Vec<(Vec<i64>, Candidate<'a>)>,
}

/// Checks the requirements in order; stops at the second failure, when nothing more can be learnt.
pub(super) fn judge<'a>(request: &Request<'_>, directory: &'a Directory) -> Judged<'a> {
    let mut judged = Judged {
        able: vec![],
        askable: vec![],
        near_misses: vec![],
        excluded: BTreeMap::new(),
        may_change: false,
    };
    for entry in directory.entries() {
        let candidate = Candidate::new(entry);
        let mut failures = REQUIREMENTS.iter().enumerate().filter_map(|(position, rule)| {
            (rule.check)(request, &candidate)
                .err()
                .map(|why| (position, rule, why))
        });
        match (failures.next(), failures.next()) {
            (None, _) => judged.able.push(candidate),
            (Some((position, rule, why)), None) => {
                judged.misses_one((position, rule, why), candidate, request);
            }
            (Some((position, _, first)), Some((_, _, second))) => {
                // `has_places` is last, so a temporary pair is a facility that is, say, suspended and full.
                judged.may_change |= first == Permanence::Temporary && second == Permanence::Temporary;
                *judged.excluded.entry(position).or_default() += 1;
            }
        }
    }
    judged
}

impl<'a> Judged<'a> {
    fn misses_one(
        &mut self,
        (position, rule, why): (usize, &'static Requirement, Permanence),
        candidate: Candidate<'a>,
        request: &Request<'_>,
    ) {
        self.may_change |= why == Permanence::Temporary;
        if matches!(candidate.fit(request), PlaceFit::Unknown { .. }) {
            // Everything but the places is in order, or it would have failed two rules.
            self.askable.push(candidate);
        } else {
            *self.excluded.entry(position).or_default() += 1;
            self.near_misses.push((candidate, rule, why));
        }
    }
}

/// Climbs the ladder until a tier has somebody; facilities of unknown capacity are asked where the policy says so,
/// and anyway when nobody else is left.
pub(super) fn select<'a>(request: &Request<'_>, judged: &mut Judged<'a>) -> Selection<'a> {
    let policy = request.urgency_policy();
    for step in &policy.ladder {
        let tier = step.tier;
        if judged
            .able
            .iter()
            .any(|candidate| candidate.tier(request) <= tier)
        {
            return ranked(request, Outcome::Offered, tier, &mut judged.able);
        }
        if policy.ask_unknown_before_widening
            && judged
                .askable
                .iter()
                .any(|candidate| candidate.tier(request) <= tier)
        {
            return ranked(request, Outcome::Asked, tier, &mut judged.askable);
        }
    }
    if !judged.askable.is_empty() {
        return ranked(request, Outcome::Asked, ScopeTier::Nation, &mut judged.askable);
    }
    let outcome = if judged.may_change {
        Outcome::Waiting
    } else {
        Outcome::NoCandidate
    };
    Selection {
        outcome,
        tier: None,
        ranked: vec![],
    }
}

/// Takes the candidates of `tier` out of `pool`, best first.
fn ranked<'a>(
    request: &Request<'_>,
    outcome: Outcome,
    tier: ScopeTier,
    pool: &mut Vec<Candidate<'a>>,
) -> Selection<'a> {
    let policy = request.urgency_policy();
    let (near, far): (Vec<_>, Vec<_>) = std::mem::take(pool)
        .into_iter()
        .partition(|candidate| candidate.tier(request) <= tier);
    *pool = far;
    let mut ranked: Vec<_> = near
        .into_iter()
        .map(|candidate| (costs(request, policy, &candidate), candidate))
        .collect();
    // The facility id last: two runs over the same facilities in another order agree.
    ranked.sort_by(|(a, left), (b, right)| a.cmp(b).then_with(|| id(left).cmp(&id(right))));
    Selection {
        outcome,
        tier: Some(tier),
        ranked,
    }
}

fn costs(request: &Request<'_>, policy: &UrgencyPolicy, candidate: &Candidate<'_>) -> Vec<i64> {
    policy
        .preferences
        .iter()
        .map(|name| (name.rule().cost)(request, candidate))
        .collect()
}

const fn id(candidate: &Candidate<'_>) -> FacilityId {
    candidate.entry.facility.id
}

/// Puts the outcome into the stored form.
pub(super) fn record(
    request: &Request<'_>,
    directory: &Directory,
    mut judged: Judged<'_>,
    selection: &Selection<'_>,
) -> Routing {
    let choices: Vec<_> = selection
        .ranked
        .iter()
        .take(MAX_CHOICES)
        .filter_map(|(_, candidate)| choice(request, candidate))
        .collect();
    let ranked: Vec<_> = selection
        .ranked
        .iter()
        .take(Decision::MAX_RANKED)
        .map(|(costs, candidate)| considered(request, candidate, scores(request, costs), None))
        .collect();

    judged
        .near_misses
        .sort_by_key(|(candidate, _, _)| (candidate.travel_minutes(request), id(candidate)));
    let near_misses: Vec<_> = judged
        .near_misses
        .iter()
        .take(Decision::MAX_NEAR_MISSES)
        .map(|(candidate, rule, why)| {
            let rejection = Rejection {
                rule: rule.name.to_owned(),
                article: rule.article,
                temporary: *why == Permanence::Temporary,
                saw: (rule.saw)(request, candidate),
            };
            considered(request, candidate, vec![], Some(rejection))
        })
        .collect();

    let excluded = judged
        .excluded
        .iter()
        .filter_map(|(position, facilities)| {
            let rule = REQUIREMENTS.get(*position)?;
            Some(RuleCount {
                rule: rule.name.to_owned(),
                article: rule.article,
                facilities: *facilities,
            })
        })
        .collect();

    let decision = Decision {
        decided_at: request.now,
        outcome: selection.outcome,
        chosen: choices.first().map(|choice| choice.facility),
        tier: selection.tier,
        policy_version: request.policy.version.clone(),
        board_version: directory.version,
        inputs_digest: String::new(),
        facilities_considered: u32::try_from(directory.len()).unwrap_or(u32::MAX),
        ranked,
        near_misses,
        excluded,
        taken_meanwhile: vec![],
    };
    Routing {
        decision: decision.sealed_with(request),
        choices,
    }
}

fn choice(request: &Request<'_>, candidate: &Candidate<'_>) -> Option<Choice> {
    let (pool, holds_places) = match candidate.fit(request) {
        PlaceFit::Free { pool, .. } => (pool, true),
        PlaceFit::Unknown { pool } => (pool, false),
        PlaceFit::Full { .. } | PlaceFit::TooSmall { .. } | PlaceFit::NoSuchPool => return None,
    };
    Some(Choice {
        facility: id(candidate),
        pool,
        holds_places,
        tier: candidate.tier(request),
        travel_minutes: candidate.travel_minutes(request),
    })
}

fn scores(request: &Request<'_>, costs: &[i64]) -> Vec<Score> {
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
        facility: id(candidate),
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
