//! A decision made again from what it was made of: the same bytes, or a reason why not.

use serasi_geography::REFERENCE_VERSION;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::decision::Decision;
use super::rules::RULES_VERSION;
use super::{Choice, Exclusion, NotRoutable, Routing, Seeker, route};
use crate::capacity::Pool;
use crate::case::CaseFacts;
use crate::directory::{Changes, Directory, DirectoryDigest};
use crate::facility::FacilityState;
use crate::id::FacilityId;
use crate::policy::Policy;

/// What a decision depended on besides the directory, the policy and the time. Nothing that identifies a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionInputs {
    pub facts: CaseFacts,
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub reported_at: OffsetDateTime,
    pub exclusions: Vec<Exclusion>,
    /// Version of the regions and travel times.
    pub reference_version: u16,
    /// The board's snapshot, before `looked_again`.
    pub directory: DirectoryDigest,
    /// Facilities the board was behind on, as the database had them when places were taken.
    pub looked_again: Vec<LookedAgain>,
    /// Facilities that lost their last places to somebody else while this search ran.
    pub lost: Vec<FacilityId>,
    /// How many of the last round's choices are among the lost: the next one was asked.
    pub passed_over: usize,
}

/// A facility at a second look.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LookedAgain {
    pub facility: FacilityId,
    pub version: i64,
    pub state: FacilityState,
    pub pools: Vec<Pool>,
}

/// Why a decision cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The rules have changed since.
    Rules {
        made_under: u16,
        now: u16,
    },
    /// The reference data - regions, travel times - have changed since.
    Reference {
        made_with: u16,
        now: u16,
    },
    /// The directory of that moment cannot be put together again from the change log.
    Directory,
    NotRoutable(NotRoutable),
}

impl DecisionInputs {
    /// The inputs of a search that begins.
    #[must_use]
    pub fn new(seeker: Seeker<'_>, directory: &Directory) -> Self {
        Self {
            facts: seeker.facts.clone(),
            reported_at: seeker.reported_at,
            exclusions: seeker.exclusions.to_vec(),
            reference_version: REFERENCE_VERSION,
            directory: directory.digest(),
            looked_again: vec![],
            lost: vec![],
            passed_over: 0,
        }
    }

    #[must_use]
    pub fn seeker(&self) -> Seeker<'_> {
        Seeker {
            facts: &self.facts,
            reported_at: self.reported_at,
            exclusions: &self.exclusions,
        }
    }

    /// The snapshot that the last round of the search saw; `None` = nothing new was seen.
    #[must_use]
    pub fn seen(&self, directory: &Directory) -> Option<Directory> {
        let mut changes = Changes::default();
        for looked in &self.looked_again {
            let pools = looked.pools.iter().map(|pool| (looked.facility, pool.clone()));
            changes.pools.extend(pools);
            if let Some(entry) = directory.entry(looked.facility) {
                let mut facility = entry.facility.clone();
                facility.version = looked.version;
                facility.state = looked.state.clone();
                changes.facilities.push((facility, entry.place));
            }
        }
        directory.with(directory.version, changes)
    }

    /// What the search comes to when places could be held as they were.
    #[must_use]
    pub fn settle(&self, mut found: Routing, directory: &Directory) -> (Decision, Option<Choice>) {
        let taken = found.choices.get(self.passed_over).copied();
        let entry = taken.and_then(|choice| directory.entry(choice.facility));
        if let Some((choice, entry)) = taken.zip(entry) {
            found.decision.rank(&choice, &entry.facility.profile.name);
        }
        let mut lost = self.lost.clone();
        lost.dedup();
        let chosen = taken.map(|choice| choice.facility);
        (found.decision.after_reservation(lost, chosen), taken)
    }

    /// Makes the decision again, at the same moment, on `directory` under `policy`.
    pub fn decide(
        &self,
        directory: &Directory,
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Result<Decision, NotRoutable> {
        let seen = self.seen(directory);
        let directory = seen.as_ref().unwrap_or(directory);
        let found = route(self.seeker(), directory, policy, now)?;
        Ok(self.settle(found, directory).0)
    }

    /// As `decide`, if nothing is missing that `made` was made of.
    pub fn replay(
        &self,
        made: &Decision,
        directory: &Directory,
        policy: &Policy,
    ) -> Result<Decision, Missing> {
        if made.rules_version != RULES_VERSION {
            return Err(Missing::Rules {
                made_under: made.rules_version,
                now: RULES_VERSION,
            });
        }
        if self.reference_version != REFERENCE_VERSION {
            return Err(Missing::Reference {
                made_with: self.reference_version,
                now: REFERENCE_VERSION,
            });
        }
        if directory.digest() != self.directory {
            return Err(Missing::Directory);
        }
        self.decide(directory, policy, made.decided_at)
            .map_err(Missing::NotRoutable)
    }
}
