//! Policy as versioned data: which regulation counts, how far to search, in what order, how long an answer may take.
//! A version never changes, and a case keeps the one it was routed under.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Date, Duration};

use crate::cluster::Cluster;
use crate::code::coded;
use crate::deadline::{Allowance, Calendar, Clock, WorkingHours};
use crate::need::Urgency;
use crate::privacy::Retention;
use crate::regulation::Article;
use crate::routing::{PreferenceName, ScopeTier};

pub mod care;
mod faults;
mod iso_dates;
mod reconcile;
mod registry;
mod required;

pub use care::{CarePolicy, CareTimes};
pub use faults::Fault;
pub use reconcile::ReconcilePolicy;
pub use registry::RegistryPolicy;
pub use required::{MissingFields, RequiredField};

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
    /// 1-40 letters, digits, dots and dashes.
    pub version: String,
    pub regulation: Regulation,
    /// After so many declines and expiries the next coordinator up takes the case over.
    pub refusals_before_escalation: i32,
    /// How long a capacity report counts when it does not say.
    pub capacity_validity_hours: u32,
    /// How long a facility that was full, or silent, is not asked again for the same case.
    pub full_parks_for_hours: u32,
    /// National holidays, in order: clocks of working hours skip them.
    #[serde(with = "iso_dates")]
    pub holidays: Vec<Date>,
    pub working_hours: WorkingHours,
    /// What must be known before a case of a cluster is routed (P16 Ps.27, Ps.33); an emergency is served first. A
    /// cluster that requires nothing is left out.
    #[serde(deserialize_with = "required::without_empty")]
    pub required: BTreeMap<Cluster, Vec<RequiredField>>,
    /// How long personal data are kept after a case has ended; without it nothing is erased.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<Retention>,
    /// Time from acceptance in which the papers of an emergency must follow (P16 Ps.10(5)).
    #[serde(
        default = "Policy::five_working_days",
        skip_serializing_if = "is_five_working_days"
    )]
    pub emergency_documents: Allowance,
    /// Which registry recipients must stand in, and how soon they are reported (P16 Ps.35); see [`Self::registry`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<RegistryPolicy>,
    pub regular: UrgencyPolicy,
    pub urgent: UrgencyPolicy,
    pub emergency: UrgencyPolicy,
    /// Cases in service. Optional: versions that are older than it read with the shipped one.
    #[serde(default, skip_serializing_if = "CarePolicy::is_default")]
    pub care: CarePolicy,
}

/// What a policy says for one urgency.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UrgencyPolicy {
    /// How far to search, nearest first; ends with the nation.
    pub ladder: Vec<LadderStep>,
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

/// One step of a ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LadderStep {
    pub tier: ScopeTier,
    /// The tier is opened to a case that has waited so long since it was reported.
    pub after_seconds: u32,
}

/// Why a policy cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidPolicy {
    #[error("policy is not readable: {0}")]
    Unreadable(#[from] toml::de::Error),
    #[error("policy `{version}`: {}", .faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Faulty { version: String, faults: Vec<Fault> },
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
        let faults = policy.faults();
        if faults.is_empty() {
            Ok(policy)
        } else {
            let version = policy.version;
            Err(InvalidPolicy::Faulty { version, faults })
        }
    }

    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> &UrgencyPolicy {
        match urgency {
            Urgency::Regular => &self.regular,
            Urgency::Urgent => &self.urgent,
            Urgency::Emergency => &self.emergency,
        }
    }

    /// The days and hours that count as working time.
    #[must_use]
    pub fn calendar(&self) -> Calendar<'_> {
        Calendar {
            hours: self.working_hours,
            holidays: &self.holidays,
        }
    }

    /// How long a capacity report counts when it does not say.
    #[must_use]
    pub fn capacity_validity(&self) -> Duration {
        Duration::hours(i64::from(self.capacity_validity_hours))
    }

    /// How long a facility that was full, or silent, is not asked again for the same case.
    #[must_use]
    pub fn full_parks_for(&self) -> Duration {
        Duration::hours(i64::from(self.full_parks_for_hours))
    }

    /// The time for the papers of an emergency where a version says nothing, as those before it do.
    #[must_use]
    pub const fn five_working_days() -> Allowance {
        Allowance {
            seconds: 5 * 8 * 3600,
            clock: Clock::Working,
        }
    }

    /// Names of the fields in which `other` differs.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let same = [
            ("version", self.version == other.version),
            ("regulation", self.regulation == other.regulation),
            (
                "refusals_before_escalation",
                self.refusals_before_escalation == other.refusals_before_escalation,
            ),
            (
                "capacity_validity_hours",
                self.capacity_validity_hours == other.capacity_validity_hours,
            ),
            (
                "full_parks_for_hours",
                self.full_parks_for_hours == other.full_parks_for_hours,
            ),
            ("holidays", self.holidays == other.holidays),
            ("working_hours", self.working_hours == other.working_hours),
            ("required", self.required == other.required),
            ("retention", self.retention == other.retention),
            (
                "emergency_documents",
                self.emergency_documents == other.emergency_documents,
            ),
            ("registry", self.registry == other.registry),
            ("regular", self.regular == other.regular),
            ("urgent", self.urgent == other.urgent),
            ("emergency", self.emergency == other.emergency),
            ("care", self.care == other.care),
        ];
        same.iter()
            .filter_map(|(field, is_same)| (!is_same).then_some(*field))
            .collect()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_five_working_days(allowance: &Allowance) -> bool {
    *allowance == Policy::five_working_days()
}

#[cfg(test)]
mod tests;
