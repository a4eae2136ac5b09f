//! A decision made again from what it was made of: the same bytes, or a reason why not.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::decision::Decision;
use super::rules::RULES_VERSION;
use super::{Choice, Exclusion, NotRoutable, Routing, Seeker, route};
use crate::capacity::Pool;
use crate::case::CaseFacts;
use crate::directory::{Changes, Directory, DirectoryDigest};
use crate::id::FacilityId;
use crate::policy::Policy;

/// What a decision depended on besides the directory, the policy and the time. Nothing that identifies a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DecisionInputs {
    pub facts: CaseFacts,
    #[serde(with = "time::serde::timestamp::microseconds")]
    pub reported_at: OffsetDateTime,
    pub exclusions: Vec<Exclusion>,
    /// The board's snapshot, before `looked_again`.
    pub directory: DirectoryDigest,
    /// Pools the board was behind on, as the database had them when places were taken.
    pub looked_again: Vec<(FacilityId, Vec<Pool>)>,
    /// Facilities that lost their last places to somebody else while this search ran.
    pub lost: Vec<FacilityId>,
    /// How many of the last round's choices are among the lost: the next one was asked.
    pub passed_over: usize,
}

/// Why a decision cannot be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The rules have changed since.
    Rules {
        made_under: u16,
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

    /// The snapshot that the last round of the search saw.
    #[must_use]
    pub fn seen(&self, directory: &Directory) -> Option<Directory> {
        let pools = self
            .looked_again
            .iter()
            .flat_map(|(facility, pools)| pools.iter().map(|pool| (*facility, pool.clone())))
            .collect();
        let changes = Changes {
            pools,
            ..Changes::default()
        };
        directory.with(directory.version, changes)
    }

    /// What the search comes to when places could be held as they were.
    #[must_use]
    pub fn settle(&self, found: Routing) -> (Decision, Option<Choice>) {
        let taken = found.choices.get(self.passed_over).copied();
        let chosen = taken.map(|choice| choice.facility);
        (found.decision.after_reservation(self.lost.clone(), chosen), taken)
    }

    /// Makes the decision again, at the same moment, on `directory` under `policy`.
    pub fn decide(
        &self,
        directory: &Directory,
        policy: &Policy,
        now: OffsetDateTime,
    ) -> Result<Decision, NotRoutable> {
        let seen = self.seen(directory);
        let found = route(self.seeker(), seen.as_ref().unwrap_or(directory), policy, now)?;
        Ok(self.settle(found).0)
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
        if directory.digest() != self.directory {
            return Err(Missing::Directory);
        }
        self.decide(directory, policy, made.decided_at)
            .map_err(Missing::NotRoutable)
    }
}
