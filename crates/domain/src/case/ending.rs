//! How a case ends, opens again, and follows another that is the same: no reporter is lost, and every step can be undone.

use time::{Duration, OffsetDateTime};

use super::{Case, CaseState, CaseVerb, Episode, IllegalCaseVerb, Owner};
use crate::case::stage::Stage;
use crate::code::coded;
use crate::id::CaseId;
use crate::regulation::Article;

coded! {
    /// Why a case is closed.
    pub enum CloseReason {
        /// After-care and termination are done and signed (P16 Ps.25(4)).
        Completed = "completed",
        /// Handed over to somebody outside the hub.
        ReferredOut = "referred_out",
        PersonDeclined = "person_declined",
        LostContact = "lost_contact",
        Died = "died",
        /// What was reported did not happen.
        Unfounded = "unfounded",
        /// The same as another case, which it follows.
        Linked = "linked",
        Other = "other",
    }
}

/// A case that follows another one, as it was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    pub state: CaseState,
    pub owner: Owner,
    pub next_deadline: Option<OffsetDateTime>,
}

/// Why a case does not end, open again or follow another.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EndingRefusal {
    #[error(transparent)]
    Verb(#[from] IllegalCaseVerb),
    #[error("a case in state {state} is not closed as {reason}")]
    Reason {
        reason: CloseReason,
        state: &'static str,
    },
    #[error(
        "a case is completed when stage {stage} is signed; close it with another reason if the service broke off"
    )]
    NotTerminated { stage: Stage },
    #[error("the case ended more than {days} days ago; report the person anew")]
    TooLate { days: u32 },
    #[error("a case does not follow itself")]
    Itself,
    #[error("case {0} has ended or follows another one: link to an open case")]
    MainIsClosed(CaseId),
    #[error("other cases follow case {0}: unlink them first, or link the other way round")]
    IsFollowed(CaseId),
}

impl EndingRefusal {
    /// The article that demands it.
    #[must_use]
    pub const fn article(&self) -> Article {
        match self {
            Self::Verb(error) => error.article,
            Self::Reason { .. } | Self::NotTerminated { .. } | Self::TooLate { .. } => Article::P16Ps25,
            Self::Itself | Self::MainIsClosed(_) | Self::IsFollowed(_) => Article::P16Ps31,
        }
    }
}

impl Case {
    /// RECEIVED, TRIAGED, WAITING, NO_CANDIDATE or AFTERCARE -> CLOSED. `is_terminated` = the last stage is signed.
    pub fn close(
        mut self,
        reason: CloseReason,
        is_terminated: bool,
        now: OffsetDateTime,
    ) -> Result<Self, EndingRefusal> {
        self.must_allow(CaseVerb::Close)?;
        let was_served = matches!(self.state, CaseState::Aftercare { .. });
        let fits = match reason {
            CloseReason::Completed => was_served,
            CloseReason::Unfounded => !was_served,
            CloseReason::Linked => false,
            CloseReason::ReferredOut
            | CloseReason::PersonDeclined
            | CloseReason::LostContact
            | CloseReason::Died
            | CloseReason::Other => true,
        };
        if !fits {
            let state = self.state.code();
            return Err(EndingRefusal::Reason { reason, state });
        }
        if reason == CloseReason::Completed && !is_terminated {
            let stage = Stage::Aftercare;
            return Err(EndingRefusal::NotTerminated { stage });
        }
        self.end(CaseState::Closed { reason, at: now });
        Ok(self)
    }

    /// CLOSED or RESOLVED_DIRECTLY -> TRIAGED, or RECEIVED while the cluster is unknown: a new episode, whose stages begin
    /// anew. Within `days` of the end.
    pub fn reopen(
        mut self,
        days: u32,
        act_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, EndingRefusal> {
        self.must_allow(CaseVerb::Reopen)?;
        let (CaseState::Closed { at, .. } | CaseState::ResolvedDirectly { at }) = self.state else {
            return Ok(self);
        };
        if now > at + Duration::days(i64::from(days)) {
            return Err(EndingRefusal::TooLate { days });
        }
        self.state = if self.facts.cluster.is_some() {
            CaseState::Triaged
        } else {
            CaseState::Received
        };
        self.owner = self.coordinator();
        self.episode = Episode {
            number: self.episode.number + 1,
            began_at: now,
        };
        self.finish = None;
        self.set_step(act_before);
        Ok(self)
    }

    /// RECEIVED, TRIAGED, WAITING or NO_CANDIDATE -> CLOSED as LINKED: from now on it follows `main`.
    pub fn link(mut self, main: &Self, now: OffsetDateTime) -> Result<(Self, Parked), EndingRefusal> {
        self.must_allow(CaseVerb::Link)?;
        if self.id == main.id {
            return Err(EndingRefusal::Itself);
        }
        if !main.state.is_open() {
            return Err(EndingRefusal::MainIsClosed(main.id));
        }
        let parked = Parked {
            state: self.state.clone(),
            owner: self.owner,
            next_deadline: self.next_deadline,
        };
        self.end(CaseState::Closed {
            reason: CloseReason::Linked,
            at: now,
        });
        Ok((self, parked))
    }

    /// CLOSED as LINKED -> exactly what it was before.
    pub fn unlink(mut self, parked: Parked) -> Result<Self, EndingRefusal> {
        self.must_allow(CaseVerb::Unlink)?;
        self.state = parked.state;
        self.owner = parked.owner;
        self.next_deadline = parked.next_deadline;
        Ok(self)
    }

    pub(super) fn end(&mut self, state: CaseState) {
        self.state = state;
        self.next_deadline = None;
    }
}
