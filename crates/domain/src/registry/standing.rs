//! Where a person stands: found, in doubt, or owed a report.

use super::{Edition, Obligation};
use crate::code::coded;
use crate::text::Text;

coded! {
    /// How sure a match is.
    pub enum MatchClass {
        /// The same NIK, nothing against it.
        Exact = "exact",
        /// Found by weights; the explanation is kept by whoever matched.
        Probable = "probable",
        /// Said by a human who looked at candidates.
        Reviewed = "reviewed",
    }
}

/// The row of a registry that is this person. Its key is kept sealed, beside this.
#[derive(Clone, Debug, PartialEq)]
pub struct Match {
    pub edition: Edition,
    pub class: MatchClass,
    /// Weight of the link, in bits.
    pub weight: f64,
    /// Which weights it was made with.
    pub weights_version: Text<40>,
}

/// Where a person stands, with what belongs to that.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nobody has looked, and the person is not served yet: nothing is owed.
    Unchecked,
    Matched {
        found: Match,
        /// What was owed when they were found; it rests, and goes on if the match is undone.
        before: Option<Obligation>,
    },
    /// More than one row may be the person: for a human. What was owed is still owed.
    Ambiguous {
        edition: Edition,
        obligation: Option<Obligation>,
    },
    /// Served, and known to stand in no registry.
    NotFound {
        /// The last edition that was looked at; `None` = none so far. Somebody who is served counts as not found until
        /// a reconciliation says otherwise: to report one too many costs a look, to report nobody costs the person.
        looked_in: Option<Edition>,
        obligation: Obligation,
    },
    /// Served, and nothing is known by which a registry could be searched.
    NoIdentity { obligation: Obligation },
}

impl Standing {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Unchecked => "unchecked",
            Self::Matched { .. } => "matched",
            Self::Ambiguous { .. } => "ambiguous",
            Self::NotFound { .. } => "not_found",
            Self::NoIdentity { .. } => "no_identity",
        }
    }

    /// What is owed now; somebody who was found is owed nothing.
    #[must_use]
    pub const fn obligation(&self) -> Option<&Obligation> {
        match self {
            Self::Unchecked | Self::Matched { .. } => None,
            Self::Ambiguous { obligation, .. } => obligation.as_ref(),
            Self::NotFound { obligation, .. } | Self::NoIdentity { obligation } => Some(obligation),
        }
    }

    /// What is owed now, or rests while the person is matched: what the database keeps.
    #[must_use]
    pub const fn kept_obligation(&self) -> Option<&Obligation> {
        match self {
            Self::Matched { before, .. } => before.as_ref(),
            Self::Unchecked | Self::Ambiguous { .. } | Self::NotFound { .. } | Self::NoIdentity { .. } => {
                self.obligation()
            }
        }
    }

    /// The edition this was found, or not found, in.
    #[must_use]
    pub const fn edition(&self) -> Option<Edition> {
        match self {
            Self::Matched { found, .. } => Some(found.edition),
            Self::Ambiguous { edition, .. } => Some(*edition),
            Self::NotFound { looked_in, .. } => *looked_in,
            Self::Unchecked | Self::NoIdentity { .. } => None,
        }
    }

    pub(super) const fn obligation_mut(&mut self) -> Option<&mut Obligation> {
        match self {
            Self::Unchecked | Self::Matched { .. } => None,
            Self::Ambiguous { obligation, .. } => obligation.as_mut(),
            Self::NotFound { obligation, .. } | Self::NoIdentity { obligation } => Some(obligation),
        }
    }

    pub(super) fn into_obligation(self) -> Option<Obligation> {
        match self {
            Self::Unchecked => None,
            Self::Matched { before, .. } => before,
            Self::Ambiguous { obligation, .. } => obligation,
            Self::NotFound { obligation, .. } | Self::NoIdentity { obligation } => Some(obligation),
        }
    }
}
