//! Policy as versioned data: which regulation counts, how far to search, in what order, how long an answer may take.
//! A case keeps the version it was routed under.

use serde::{Deserialize, Serialize};

use crate::code::coded;
use crate::deadline::{Allowance, WorkingHours};
use crate::need::Urgency;
use crate::regulation::Article;
use crate::routing::{PreferenceName, ScopeTier};

coded! {
    /// The regulation a policy follows.
    pub enum Regulation {
        /// Permensos 16/2020.
        P16 = "P16",
        /// Permensos 7/2021: multifunction, LKS on their own.
        P7 = "P7",
    }
}

impl Regulation {
    /// The article under which a balai serves all five clusters (multifungsi layanan), where there is one.
    #[must_use]
    pub const fn balai_serves_all(self) -> Option<Article> {
        match self {
            Self::P7 => Some(Article::P7Ps4),
            Self::P16 => None,
        }
    }

    /// The article under which an LKS works on its own under supervision, where there is one.
    #[must_use]
    pub const fn lks_works_alone(self) -> Option<Article> {
        match self {
            Self::P7 => Some(Article::P7Ps6),
            Self::P16 => None,
        }
    }
}

/// One version of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub version: String,
    pub regulation: Regulation,
    /// After so many declines and expiries the next coordinator up takes the case over.
    pub refusals_before_escalation: i32,
    /// How long a capacity report counts when it does not say.
    pub capacity_validity_hours: u32,
    pub working_hours: WorkingHours,
    pub regular: UrgencyPolicy,
    pub urgent: UrgencyPolicy,
    pub emergency: UrgencyPolicy,
}

/// What a policy says for one urgency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrgencyPolicy {
    /// How far to search, nearest first; ends with the nation.
    pub ladder: Vec<ScopeTier>,
    /// What makes one facility better than another, the weightiest first.
    pub preferences: Vec<PreferenceName>,
    /// Whether facilities of unknown capacity are asked before the search widens; else only when nobody else is left.
    pub ask_unknown_before_widening: bool,
    /// Whether overflow places count.
    pub uses_overflow: bool,
    /// Time to answer an offer.
    pub answer: Allowance,
    /// Time for the coordinator to triage, or to act on a case nobody takes.
    pub coordinate: Allowance,
    /// Time from acceptance to admission.
    pub admit: Allowance,
    /// Time from admission to the first review.
    pub review: Allowance,
    /// Time from discharge to the first after-care contact.
    pub follow_up: Allowance,
}

/// Why a policy file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicy {
    #[error("policy is not readable: {0}")]
    Unreadable(#[from] toml::de::Error),
    #[error("policy `{version}`, urgency {urgency}: {what} ({article})")]
    Rule {
        version: String,
        urgency: Urgency,
        what: &'static str,
        article: Article,
    },
    #[error("policy `{version}`: working hours must start before they end, between 0 and 23")]
    WorkingHours { version: String },
}

impl Policy {
    /// Permensos 16/2020, as shipped.
    #[must_use]
    pub fn p16() -> Self {
        Self::parse(include_str!("../policies/p16-2020.toml")).expect("the shipped policy is valid")
    }

    /// Permensos 7/2021, as shipped: the default.
    #[must_use]
    pub fn p7() -> Self {
        Self::parse(include_str!("../policies/p7-2021.toml")).expect("the shipped policy is valid")
    }

    /// Reads and checks a policy file.
    pub fn parse(toml: &str) -> Result<Self, InvalidPolicy> {
        let policy: Self = toml::from_str(toml)?;
        if !policy.working_hours.are_valid() {
            return Err(InvalidPolicy::WorkingHours {
                version: policy.version,
            });
        }
        for urgency in Urgency::ALL {
            let broken = policy
                .of(*urgency)
                .check()
                .or_else(|| policy.check_haste(*urgency));
            if let Some((what, article)) = broken {
                return Err(InvalidPolicy::Rule {
                    version: policy.version,
                    urgency: *urgency,
                    what,
                    article,
                });
            }
        }
        Ok(policy)
    }

    /// An emergency is served first: nobody may be given more time for it than for an ordinary case.
    fn check_haste(&self, urgency: Urgency) -> Option<(&'static str, Article)> {
        let slower = self.of(urgency).answer.seconds > self.regular.answer.seconds;
        slower.then_some((
            "the time to answer must not exceed that of a regular case",
            Article::P16Ps10Ay5,
        ))
    }

    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> &UrgencyPolicy {
        match urgency {
            Urgency::Regular => &self.regular,
            Urgency::Urgent => &self.urgent,
            Urgency::Emergency => &self.emergency,
        }
    }
}

impl UrgencyPolicy {
    fn check(&self) -> Option<(&'static str, Article)> {
        let what = if self.ladder.last() != Some(&ScopeTier::Nation) {
            "the ladder must end with the nation, or cases would fall off it"
        } else if !self.ladder.is_sorted_by(|near, far| near < far) {
            "the ladder must go from near to far without repeats"
        } else if self.preferences.is_empty() {
            "at least one preference is needed"
        } else {
            return None;
        };
        Some((what, Article::P16Ps28))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_policies_are_valid_and_differ_in_regulation() {
        assert_eq!(Policy::p16().regulation, Regulation::P16);
        assert_eq!(Policy::p7().regulation, Regulation::P7);
        assert_eq!(Policy::p7().emergency.answer.seconds, 15 * 60);
        assert_eq!(Policy::p7().urgent.answer.seconds, 2 * 3600);
    }

    #[test]
    fn a_ladder_that_ends_before_the_nation_is_refused() {
        let text = include_str!("../policies/p7-2021.toml").replace(", \"nation\"]", "]");
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(error.contains("must end with the nation"), "{error}");
    }

    #[test]
    fn an_emergency_that_may_wait_longer_than_an_ordinary_case_is_refused() {
        let text = include_str!("../policies/p7-2021.toml").replace("seconds = 900,", "seconds = 90000,");
        let error = Policy::parse(&text).unwrap_err().to_string();
        assert!(
            error.contains("emergency") && error.contains("P16 Ps.10(5)"),
            "{error}"
        );
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        let text = format!("answr = 1\n{}", include_str!("../policies/p7-2021.toml"));
        assert!(matches!(Policy::parse(&text), Err(InvalidPolicy::Unreadable(_))));
    }
}
