//! What can happen on the registry axis, and which article orders it.

use time::Date;

use super::obligation::{Delivery, ObligationState, RefusalReason};
use crate::code::coded;
use crate::regulation::Article;

coded! {
    /// What can happen on the axis.
    pub enum RegistryVerb {
        /// The person is placed or helped directly.
        Serve = "Serve",
        /// A reconciliation, or a human, found the row.
        Match = "Match",
        /// A reconciliation found more than one row.
        Doubt = "Doubt",
        /// A reconciliation found none, or a human that none of them is it.
        Miss = "Miss",
        /// A human says of a row whether it is the person.
        Review = "ReviewMatch",
        /// The match was wrong.
        Undo = "UndoMatch",
        /// The row is no longer in a later edition.
        Leave = "Leave",
        FollowUp = "FollowUp",
        Acknowledge = "AcknowledgeReport",
        Propose = "RecordOutcome PROPOSED",
        Deliberate = "RecordOutcome DELIBERATED",
        Verify = "RecordOutcome VERIFIED",
        Register = "RecordOutcome REGISTERED",
        Refuse = "RecordOutcome REFUSED",
    }
}

/// A verb that the state does not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a person in state {state} does not allow {verb}")]
pub struct IllegalRegistryVerb {
    pub verb: RegistryVerb,
    /// Of the obligation where there is one, else of the axis.
    pub state: &'static str,
    pub allowed: Vec<RegistryVerb>,
    pub article: Article,
}

/// What became of a report, as the dinas says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Proposed,
    Deliberated,
    Verified,
    Registered,
    Refused(RefusalReason),
}

impl Outcome {
    #[must_use]
    pub const fn verb(self) -> RegistryVerb {
        match self {
            Self::Proposed => RegistryVerb::Propose,
            Self::Deliberated => RegistryVerb::Deliberate,
            Self::Verified => RegistryVerb::Verify,
            Self::Registered => RegistryVerb::Register,
            Self::Refused(_) => RegistryVerb::Refuse,
        }
    }

    pub(super) const fn of(self, delivery: Delivery, on: Date) -> ObligationState {
        match self {
            Self::Proposed => ObligationState::Proposed { delivery, on },
            Self::Deliberated => ObligationState::Deliberated { delivery, on },
            Self::Verified => ObligationState::Verified { delivery, on },
            Self::Registered => ObligationState::Registered { delivery, on },
            Self::Refused(reason) => ObligationState::Refused { delivery, on, reason },
        }
    }
}

impl RegistryVerb {
    /// The article that orders it: who is served is reported at once, and how they come into the registry.
    pub(super) const fn article(self) -> Article {
        match self {
            Self::Serve
            | Self::Match
            | Self::Doubt
            | Self::Miss
            | Self::Review
            | Self::Undo
            | Self::Leave
            | Self::FollowUp
            | Self::Acknowledge => Article::P16Ps35,
            Self::Propose | Self::Deliberate | Self::Verify | Self::Register | Self::Refuse => {
                Article::P16Ps36
            }
        }
    }
}
