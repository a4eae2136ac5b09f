//! What decisions of the past would have been under another policy: who is asked, how far people travel, who waits.
//!
//! Each decision is taken by itself, with the directory as it was: places that other choices would have left free or
//! taken are not followed up.

use std::collections::BTreeMap;

use super::decision::{Decision, Outcome};
use super::replay::DecisionInputs;
use super::{NotRoutable, route};
use crate::directory::Directory;
use crate::id::{DecisionId, FacilityId};
use crate::policy::Policy;

/// What a case comes to. `None` as outcome = not searched for: a field is missing that the policy requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    pub outcome: Option<Outcome>,
    pub facility: Option<FacilityId>,
    /// Door to door, of who is asked.
    pub travel_minutes: Option<u32>,
}

/// One decision under two policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    pub decision: DecisionId,
    pub before: Fate,
    pub after: Fate,
}

/// Travel of those who are asked, in minutes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TravelSummary {
    pub decisions: usize,
    pub median_minutes: Option<u32>,
    pub p90_minutes: Option<u32>,
    pub total_minutes: u64,
}

/// All decisions of a period under two policies.
#[derive(Clone, Debug, Default)]
pub struct DryRun {
    compared: Vec<Comparison>,
}

impl Fate {
    /// What was decided.
    #[must_use]
    pub fn of(made: &Decision) -> Self {
        let chosen = made
            .ranked
            .iter()
            .find(|considered| Some(considered.facility) == made.chosen);
        Self {
            outcome: Some(made.outcome),
            facility: made.chosen,
            travel_minutes: chosen.map(|considered| considered.travel_minutes),
        }
    }

    /// What `policy` would have decided at the moment of `made`. Who had lost the last place then has none now either.
    pub fn under(
        policy: &Policy,
        inputs: &DecisionInputs,
        made: &Decision,
        directory: &Directory,
    ) -> Result<Self, NotRoutable> {
        if policy.missing(&inputs.facts).is_some() {
            return Ok(Self {
                outcome: None,
                facility: None,
                travel_minutes: None,
            });
        }
        let seen = inputs.seen(directory);
        let directory = seen.as_ref().unwrap_or(directory);
        let found = route(inputs.seeker(), directory, policy, made.decided_at)?;
        // Who lost one pool and was asked with another in the end had places after all.
        let had_none =
            |facility: &FacilityId| inputs.lost.contains(facility) && made.chosen != Some(*facility);
        let taken = found.choices.iter().find(|choice| !had_none(&choice.facility));
        let lost = found.choices.iter().map(|choice| choice.facility);
        let lost: Vec<_> = lost.filter(had_none).collect();
        let chosen = taken.map(|choice| choice.facility);
        Ok(Self {
            outcome: Some(found.decision.after_reservation(lost, chosen).outcome),
            facility: chosen,
            travel_minutes: taken.map(|choice| choice.travel_minutes),
        })
    }

    /// Whether the case is left without anybody who is asked.
    const fn waits(&self) -> bool {
        match self.outcome {
            Some(Outcome::Offered | Outcome::Asked) => false,
            Some(Outcome::Waiting | Outcome::NoCandidate) | None => true,
        }
    }
}

impl Comparison {
    /// Whether somebody would notice.
    #[must_use]
    pub fn is_changed(&self) -> bool {
        self.before.outcome != self.after.outcome || self.before.facility != self.after.facility
    }

    /// Changed outcomes first, then the greatest difference in travel.
    fn weight(&self) -> (bool, u32) {
        let (before, after) = (self.before.travel_minutes, self.after.travel_minutes);
        let difference = before.unwrap_or_default().abs_diff(after.unwrap_or_default());
        (self.before.outcome != self.after.outcome, difference)
    }
}

impl DryRun {
    pub fn add(&mut self, comparison: Comparison) {
        self.compared.push(comparison);
    }

    #[must_use]
    pub fn decisions(&self) -> usize {
        self.compared.len()
    }

    #[must_use]
    pub fn changed(&self) -> usize {
        self.compared
            .iter()
            .filter(|comparison| comparison.is_changed())
            .count()
    }

    /// How many decisions went from which outcome to which; the unchanged too.
    #[must_use]
    pub fn outcomes(&self) -> BTreeMap<(Option<Outcome>, Option<Outcome>), usize> {
        let mut counts = BTreeMap::new();
        for Comparison { before, after, .. } in &self.compared {
            *counts.entry((before.outcome, after.outcome)).or_default() += 1;
        }
        counts
    }

    /// Travel before and after.
    #[must_use]
    pub fn travel(&self) -> (TravelSummary, TravelSummary) {
        let before = self
            .compared
            .iter()
            .filter_map(|comparison| comparison.before.travel_minutes);
        let after = self
            .compared
            .iter()
            .filter_map(|comparison| comparison.after.travel_minutes);
        (
            TravelSummary::of(before.collect()),
            TravelSummary::of(after.collect()),
        )
    }

    /// Cases that are left waiting, or with nobody, before and after.
    #[must_use]
    pub fn waiting(&self) -> (usize, usize) {
        let before = self
            .compared
            .iter()
            .filter(|comparison| comparison.before.waits())
            .count();
        let after = self
            .compared
            .iter()
            .filter(|comparison| comparison.after.waits())
            .count();
        (before, after)
    }

    /// The changes that matter most.
    #[must_use]
    pub fn examples(&self, limit: usize) -> Vec<&Comparison> {
        let mut changed: Vec<_> = self
            .compared
            .iter()
            .filter(|comparison| comparison.is_changed())
            .collect();
        changed.sort_by(|a, b| {
            b.weight()
                .cmp(&a.weight())
                .then_with(|| a.decision.cmp(&b.decision))
        });
        changed.truncate(limit);
        changed
    }
}

impl TravelSummary {
    fn of(mut minutes: Vec<u32>) -> Self {
        minutes.sort_unstable();
        // The nearest rank: a figure that somebody really travels.
        let at = |percent: usize| {
            minutes
                .get((minutes.len() * percent).div_ceil(100).max(1) - 1)
                .copied()
        };
        Self {
            decisions: minutes.len(),
            median_minutes: at(50),
            p90_minutes: at(90),
            total_minutes: minutes.iter().map(|minutes| u64::from(*minutes)).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serasi_geography::RegionCode;
    use uuid::Uuid;

    use super::*;
    use crate::id::Regency;

    fn id(number: u128) -> (Regency, Uuid) {
        let region: RegionCode = "32.73".parse().unwrap();
        (Regency::of(region).unwrap(), Uuid::from_u128(number))
    }

    fn fate(outcome: Outcome, asked: Option<(u128, u32)>) -> Fate {
        Fate {
            outcome: Some(outcome),
            facility: asked.map(|(number, _)| FacilityId::new(id(number).0, id(number).1)),
            travel_minutes: asked.map(|(_, minutes)| minutes),
        }
    }

    fn compared(all: &[(Fate, Fate)]) -> DryRun {
        let mut run = DryRun::default();
        for ((before, after), number) in all.iter().zip(1..) {
            run.add(Comparison {
                decision: DecisionId::new(id(number).0, id(number).1),
                before: *before,
                after: *after,
            });
        }
        run
    }

    #[test]
    fn a_dry_run_says_who_how_far_and_who_waits() {
        let near = fate(Outcome::Offered, Some((1, 30)));
        let far = fate(Outcome::Offered, Some((2, 300)));
        let waiting = fate(Outcome::Waiting, None);
        let run = compared(&[(near, near), (near, far), (waiting, far), (near, waiting)]);
        assert_eq!((run.decisions(), run.changed()), (4, 3));
        assert_eq!(run.waiting(), (1, 1));
        let (before, after) = run.travel();
        assert_eq!(
            (before.decisions, before.median_minutes, before.total_minutes),
            (3, Some(30), 90)
        );
        assert_eq!(
            (after.decisions, after.median_minutes, after.p90_minutes),
            (3, Some(300), Some(300))
        );
        let outcomes = run.outcomes();
        assert_eq!(outcomes[&(Some(Outcome::Offered), Some(Outcome::Offered))], 2);
        assert_eq!(outcomes[&(Some(Outcome::Waiting), Some(Outcome::Offered))], 1);
        let examples: Vec<_> = run
            .examples(2)
            .iter()
            .map(|one| one.decision.uuid().as_u128())
            .collect();
        assert_eq!(
            examples,
            [3, 4],
            "another outcome weighs more than another facility"
        );
    }
}
