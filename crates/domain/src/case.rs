//! A case and how it moves: states change only by verbs, and every open case has one owner and one next deadline.

use serasi_geography::RegionCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cluster::{Cluster, PpksCode};
use crate::id::{CaseId, FacilityId, OfferId};
use crate::intake::{Channel, SourceKey};
use crate::need::{Criterion, Need, Target, Urgency};
use crate::person::PartyMember;
use crate::regulation::Article;

mod clock;
pub mod course;
pub mod ending;
pub mod record;
mod service;
pub mod stage;
mod state;

pub use clock::Finish;
pub use state::{CaseState, CaseVerb, Stay, Transfer};

/// What is known about a case without knowing who the people are: enough to route it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaseFacts {
    /// `None` = waits for triage.
    pub cluster: Option<Cluster>,
    pub ppks_category: Option<PpksCode>,
    pub urgency: Urgency,
    pub target: Target,
    pub criteria: Vec<Criterion>,
    pub need: Need,
    /// Where the person is: regency, district or village.
    pub place: RegionCode,
    pub party: Vec<PartyMember>,
}

/// Who answers for a case now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The coordinator of a region; the nation is the last resort.
    Coordinator(RegionCode),
    Facility(FacilityId),
}

/// A case.
#[derive(Clone, Debug, PartialEq)]
pub struct Case {
    pub id: CaseId,
    pub version: i64,
    pub state: CaseState,
    pub channel: Channel,
    pub source: SourceKey,
    pub facts: CaseFacts,
    pub owner: Owner,
    /// `None` only in closed states.
    pub next_deadline: Option<OffsetDateTime>,
    pub policy_version: String,
    /// Declines and expiries so far.
    pub refusals: i32,
    /// How often the next owner up was called: deadlines missed, and runs of refusals.
    pub escalations: i32,
    pub episode: Episode,
    /// `None` = reported to an earlier release: only steps have a clock.
    pub finish: Option<Finish>,
    pub created_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
}

/// One way from report to end; a case that is opened again begins another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Episode {
    /// 1 for the first.
    pub number: i32,
    pub began_at: OffsetDateTime,
}

/// A verb that the case's state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a case in state {state} does not allow {verb}")]
pub struct IllegalCaseVerb {
    pub verb: CaseVerb,
    pub state: &'static str,
    pub allowed: Vec<CaseVerb>,
    pub article: Article,
}

/// What became of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Routed {
    Offered {
        offer: OfferId,
        answer_before: OffsetDateTime,
    },
    Waiting,
    NoCandidate,
}

impl Case {
    /// Whether `verb` is allowed now; the error names the article, the state and the verbs that are.
    pub fn must_allow(&self, verb: CaseVerb) -> Result<(), IllegalCaseVerb> {
        let allowed = self.state.allowed_verbs();
        if allowed.contains(&verb) {
            return Ok(());
        }
        Err(IllegalCaseVerb {
            verb,
            state: self.state.code(),
            allowed: allowed.to_vec(),
            article: verb.article(),
        })
    }

    /// RECEIVED, TRIAGED, WAITING or NO_CANDIDATE -> TRIAGED with `facts`, or RECEIVED while the cluster is unknown.
    pub fn triage(mut self, facts: CaseFacts, act_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Triage)?;
        self.state = if facts.cluster.is_some() {
            CaseState::Triaged
        } else {
            CaseState::Received
        };
        self.facts = facts;
        self.set_step(act_before);
        Ok(self)
    }

    /// TRIAGED, WAITING, NO_CANDIDATE (or OFFERED after a refusal) -> what the search found; IN_SERVICE: the same for its
    /// transfer, whose sender keeps the case and its clock.
    ///
    /// The owner stays until somebody accepts; a case that waits already keeps its place in the queue.
    #[must_use]
    pub fn route(mut self, routed: Routed, act_before: OffsetDateTime, now: OffsetDateTime) -> Self {
        let since = self.state.seeks_since().unwrap_or(now);
        if let CaseState::InService { stay, .. } = self.state {
            let transfer = Some(match routed {
                Routed::Offered { offer, .. } => Transfer::Offered { offer },
                Routed::Waiting | Routed::NoCandidate => Transfer::Waiting { since },
            });
            self.state = CaseState::InService { stay, transfer };
            return self;
        }
        let step = match routed {
            Routed::Offered { offer, answer_before } => {
                self.state = CaseState::Offered { offer };
                answer_before
            }
            Routed::Waiting => {
                self.state = CaseState::Waiting { since };
                act_before
            }
            Routed::NoCandidate => {
                self.state = CaseState::NoCandidate { since };
                act_before
            }
        };
        self.set_step(step);
        self
    }

    /// Counts a decline or expiry; after every `escalate_after` of them the next coordinator up answers for the case. In a
    /// transfer the persons are served: the sender goes on answering.
    #[must_use]
    pub fn refused(mut self, escalate_after: i32) -> Self {
        self.refusals += 1;
        let has_no_place = self.state.stay().is_none();
        if has_no_place && escalate_after > 0 && self.refusals % escalate_after == 0 {
            self.escalate();
        }
        self
    }

    /// OFFERED -> TRIAGED: the offer was taken back. Nobody has refused, so nothing is counted. In a transfer nobody is
    /// looked for any more.
    pub fn withdraw(mut self, act_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Withdraw)?;
        if self.state.stay().is_some() {
            return Ok(self.end_transfer());
        }
        self.state = CaseState::Triaged;
        self.set_step(act_before);
        Ok(self)
    }

    /// TRIAGED, WAITING or NO_CANDIDATE -> RESOLVED_DIRECTLY (P16 Ps.1 no.8).
    pub fn resolve_directly(mut self, now: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::ResolveDirectly)?;
        self.end(CaseState::ResolvedDirectly { at: now });
        Ok(self)
    }
}

#[cfg(test)]
mod tests;
