//! A case and how it moves: states change only by verbs, and every open case has one owner and one next deadline.

use serasi_geography::RegionCode;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cluster::{Cluster, PpksCode};
use crate::code::coded;
use crate::id::{CaseId, FacilityId, OfferId, PlacementId};
use crate::intake::{Channel, SourceKey};
use crate::need::{Criterion, Need, Target, Urgency};
use crate::person::PartyMember;
use crate::regulation::Article;

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

/// Where a case stands, with what belongs to that state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseState {
    Received,
    Triaged,
    Offered { offer: OfferId },
    Waiting { since: OffsetDateTime },
    NoCandidate { since: OffsetDateTime },
    Placed { placement: PlacementId },
    InService { placement: PlacementId },
    Aftercare { placement: PlacementId },
    Closed,
    ResolvedDirectly,
}

coded! {
    /// What a client may do to a case.
    pub enum CaseVerb {
        Triage = "TriageCase",
        Route = "RouteCase",
        ResolveDirectly = "ResolveDirectly",
        Accept = "AcceptOffer",
        Decline = "DeclineOffer",
        Withdraw = "WithdrawOffer",
        Admit = "AdmitPlacement",
        Discharge = "DischargePlacement",
    }
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
    /// How often the next coordinator up was called: deadlines missed, and runs of refusals.
    pub escalations: i32,
    /// Somebody of the case has had the processing of their data suspended.
    pub is_frozen: bool,
    pub created_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
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

impl CaseState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Triaged => "triaged",
            Self::Offered { .. } => "offered",
            Self::Waiting { .. } => "waiting",
            Self::NoCandidate { .. } => "no_candidate",
            Self::Placed { .. } => "placed",
            Self::InService { .. } => "in_service",
            Self::Aftercare { .. } => "aftercare",
            Self::Closed => "closed",
            Self::ResolvedDirectly => "resolved_directly",
        }
    }

    /// Verbs the state allows: the whole state machine, as one table.
    #[must_use]
    pub const fn allowed_verbs(&self) -> &'static [CaseVerb] {
        match self {
            Self::Received => &[CaseVerb::Triage],
            Self::Triaged | Self::Waiting { .. } | Self::NoCandidate { .. } => {
                &[CaseVerb::Triage, CaseVerb::Route, CaseVerb::ResolveDirectly]
            }
            Self::Offered { .. } => &[CaseVerb::Accept, CaseVerb::Decline, CaseVerb::Withdraw],
            Self::Placed { .. } => &[CaseVerb::Admit],
            Self::InService { .. } => &[CaseVerb::Discharge],
            Self::Aftercare { .. } | Self::Closed | Self::ResolvedDirectly => &[],
        }
    }

    /// Whether somebody still has to act.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Closed | Self::ResolvedDirectly => false,
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::Placed { .. }
            | Self::InService { .. }
            | Self::Aftercare { .. } => true,
        }
    }
}

impl CaseVerb {
    /// The article that orders the steps this verb belongs to.
    const fn article(self) -> Article {
        match self {
            Self::Triage => Article::P16Ps19,
            Self::Route | Self::Accept | Self::Decline | Self::Withdraw => Article::P16Ps31,
            Self::ResolveDirectly => Article::P16Ps1No8,
            Self::Admit | Self::Discharge => Article::P16Ps18,
        }
    }
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
        self.next_deadline = Some(act_before);
        Ok(self)
    }

    /// TRIAGED, WAITING, NO_CANDIDATE (or OFFERED after a refusal) -> what the search found.
    ///
    /// The coordinator stays the owner until somebody accepts; a case that waits already keeps its place in the queue.
    #[must_use]
    pub fn route(mut self, routed: Routed, act_before: OffsetDateTime, now: OffsetDateTime) -> Self {
        let waiting_since = match self.state {
            CaseState::Waiting { since } | CaseState::NoCandidate { since } => since,
            CaseState::Received
            | CaseState::Triaged
            | CaseState::Offered { .. }
            | CaseState::Placed { .. }
            | CaseState::InService { .. }
            | CaseState::Aftercare { .. }
            | CaseState::Closed
            | CaseState::ResolvedDirectly => now,
        };
        (self.state, self.next_deadline) = match routed {
            Routed::Offered { offer, answer_before } => (CaseState::Offered { offer }, Some(answer_before)),
            Routed::Waiting => (CaseState::Waiting { since: waiting_since }, Some(act_before)),
            Routed::NoCandidate => (CaseState::NoCandidate { since: waiting_since }, Some(act_before)),
        };
        self
    }

    /// Counts a decline or expiry; after every `escalate_after` of them the next coordinator up answers for the case.
    #[must_use]
    pub fn refused(mut self, escalate_after: i32) -> Self {
        self.refusals += 1;
        if escalate_after > 0 && self.refusals % escalate_after == 0 {
            self.escalate();
        }
        self
    }

    /// OFFERED -> TRIAGED: the offer was taken back. Nobody has refused, so nothing is counted.
    pub fn withdraw(mut self, act_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Withdraw)?;
        self.state = CaseState::Triaged;
        self.next_deadline = Some(act_before);
        Ok(self)
    }

    /// A coordinator let the deadline pass: the next one up answers for the case until `act_before`. `None` = the
    /// deadline has not passed, or is not a coordinator's.
    #[must_use]
    pub fn overdue(mut self, act_before: OffsetDateTime, now: OffsetDateTime) -> Option<Self> {
        let waits_for_coordinator = match self.state {
            CaseState::Received
            | CaseState::Triaged
            | CaseState::Waiting { .. }
            | CaseState::NoCandidate { .. } => true,
            CaseState::Offered { .. }
            | CaseState::Placed { .. }
            | CaseState::InService { .. }
            | CaseState::Aftercare { .. }
            | CaseState::Closed
            | CaseState::ResolvedDirectly => false,
        };
        if !waits_for_coordinator || self.next_deadline.is_none_or(|deadline| now < deadline) {
            return None;
        }
        self.escalate();
        self.next_deadline = Some(act_before);
        Some(self)
    }

    /// Above the nation there is nobody: it is called again, and the call counts.
    fn escalate(&mut self) {
        self.owner = self.owner.one_up();
        self.escalations += 1;
    }

    /// OFFERED -> PLACED; the facility answers for the case from now on.
    pub fn place(
        mut self,
        placement: PlacementId,
        facility: FacilityId,
        admit_before: OffsetDateTime,
    ) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Accept)?;
        self.state = CaseState::Placed { placement };
        self.owner = Owner::Facility(facility);
        self.next_deadline = Some(admit_before);
        Ok(self)
    }

    /// PLACED -> IN_SERVICE.
    pub fn admit(mut self, review_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Admit)?;
        if let CaseState::Placed { placement } = self.state {
            self.state = CaseState::InService { placement };
        }
        self.next_deadline = Some(review_before);
        Ok(self)
    }

    /// IN_SERVICE -> AFTERCARE.
    pub fn discharge(mut self, follow_up_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Discharge)?;
        if let CaseState::InService { placement } = self.state {
            self.state = CaseState::Aftercare { placement };
        }
        self.next_deadline = Some(follow_up_before);
        Ok(self)
    }

    /// TRIAGED, WAITING or NO_CANDIDATE -> RESOLVED_DIRECTLY (P16 Ps.1 no.8).
    pub fn resolve_directly(mut self) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::ResolveDirectly)?;
        self.state = CaseState::ResolvedDirectly;
        self.next_deadline = None;
        Ok(self)
    }
}

impl Owner {
    /// The next coordinator up: regency, province, nation. A facility keeps its case.
    #[must_use]
    pub fn one_up(self) -> Self {
        match self {
            Self::Coordinator(region) => Self::Coordinator(region.parent().unwrap_or(RegionCode::NATION)),
            Self::Facility(facility) => Self::Facility(facility),
        }
    }
}

#[cfg(test)]
mod tests;
