//! What a policy says about cases in service: times of the stages, guidance per cluster (P16 Ps.27), opening again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::case::record::{Aspect, DurationDays};
use crate::case::stage::Stage;
use crate::cluster::Cluster;
use crate::deadline::Allowance;
use crate::need::Urgency;
use crate::regulation::Article;

/// The section `care` of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CarePolicy {
    /// How long after its end a case may be opened again.
    pub reopen_within_days: u32,
    /// Aspects of P16 Ps.21 that an assessment must cover, per cluster.
    pub required_aspects: BTreeMap<Cluster, Vec<Aspect>>,
    /// Longest duration that may be set, per cluster.
    pub longest_days: BTreeMap<Cluster, u16>,
    pub regular: CareTimes,
    pub urgent: CareTimes,
    pub emergency: CareTimes,
}

/// How long things may take for one urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CareTimes {
    /// The whole way from report to end.
    pub whole: Allowance,
    pub access: Allowance,
    pub initial_approach: Allowance,
    pub assessment: Allowance,
    pub planning: Allowance,
    pub implementation: Allowance,
    pub monitoring: Allowance,
    pub aftercare: Allowance,
}

/// A duration that the guidance for the cluster does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cluster {cluster} allows at most {longest_days} days ({article})")]
pub struct TooLong {
    pub cluster: Cluster,
    pub longest_days: u16,
    pub article: Article,
}

impl Default for CarePolicy {
    fn default() -> Self {
        toml::from_str(include_str!("../../policies/care.toml")).expect("the shipped section is valid")
    }
}

impl CarePolicy {
    /// Whether it says nothing of its own: then it is left out of what is stored, and earlier releases can read the policy.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    #[must_use]
    pub const fn of(&self, urgency: Urgency) -> &CareTimes {
        match urgency {
            Urgency::Regular => &self.regular,
            Urgency::Urgent => &self.urgent,
            Urgency::Emergency => &self.emergency,
        }
    }

    /// Aspects an assessment must cover.
    #[must_use]
    pub fn aspects(&self, cluster: Option<Cluster>) -> &[Aspect] {
        let required = cluster.and_then(|cluster| self.required_aspects.get(&cluster));
        required.map_or(&[], Vec::as_slice)
    }

    /// Whether the guidance allows this duration.
    pub fn must_allow(&self, cluster: Option<Cluster>, duration: DurationDays) -> Result<(), TooLong> {
        let Some((cluster, longest)) =
            cluster.and_then(|cluster| Some((cluster, *self.longest_days.get(&cluster)?)))
        else {
            return Ok(());
        };
        if duration.get() <= longest {
            return Ok(());
        }
        Err(TooLong {
            cluster,
            longest_days: longest,
            article: Article::P16Ps26,
        })
    }
}

impl CareTimes {
    /// Time for a stage, from its begin to its signature.
    #[must_use]
    pub const fn stage(&self, stage: Stage) -> Allowance {
        match stage {
            Stage::Access => self.access,
            Stage::InitialApproach => self.initial_approach,
            Stage::Assessment => self.assessment,
            Stage::Planning => self.planning,
            Stage::Implementation => self.implementation,
            Stage::Monitoring => self.monitoring,
            Stage::Aftercare => self.aftercare,
        }
    }
}

impl Policy {
    /// What it says about cases in service.
    #[must_use]
    pub fn care_times(&self, urgency: Urgency) -> &CareTimes {
        self.care.of(urgency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_without_the_section_has_the_shipped_one_and_is_stored_without_it() {
        let policy = Policy::p7();
        assert!(policy.care.is_default());
        let stored = serde_json::to_value(&policy).unwrap();
        assert!(
            stored.get("care").is_none(),
            "earlier releases know no such field"
        );
        assert_eq!(serde_json::from_value::<Policy>(stored).unwrap(), policy);
    }

    #[test]
    fn what_a_policy_says_of_its_own_is_stored_and_read_back() {
        let mut policy = Policy::p7();
        policy.care.reopen_within_days = 7;
        policy
            .care
            .required_aspects
            .insert(Cluster::Anak, vec![Aspect::FamilyTracing]);
        let stored = serde_json::to_value(&policy).unwrap();
        assert_eq!(serde_json::from_value::<Policy>(stored).unwrap(), policy);
        assert_eq!(Policy::parse(&toml::to_string(&policy).unwrap()).unwrap(), policy);
        assert_eq!(Policy::p7().differences(&policy), ["care"]);
        assert_eq!(policy.care.aspects(Some(Cluster::Anak)), [Aspect::FamilyTracing]);
        assert!(policy.care.aspects(Some(Cluster::Lansia)).is_empty());
    }

    #[test]
    fn times_that_nobody_can_keep_are_told_with_their_path() {
        let mut policy = Policy::p7();
        policy.care.reopen_within_days = 0;
        policy.care.urgent.planning.seconds = 0;
        policy.care.emergency.whole.seconds = u32::MAX;
        policy.care.longest_days.insert(Cluster::Napza, 0);
        let twice = vec![Aspect::Legal, Aspect::Legal];
        policy.care.required_aspects.insert(Cluster::Napza, twice);
        let paths: Vec<_> = policy.faults().into_iter().map(|fault| fault.path).collect();
        assert_eq!(
            paths,
            [
                "care.reopen_within_days",
                "care.required_aspects.napza[1]",
                "care.longest_days.napza",
                "care.urgent.planning.seconds",
                "care.emergency.whole.seconds",
            ]
        );
    }

    #[test]
    fn a_longer_duration_than_the_guidance_allows_is_refused() {
        let mut care = CarePolicy::default();
        care.longest_days.insert(Cluster::Anak, 180);
        let days = |days: i32| DurationDays::try_from(days).unwrap();
        assert_eq!(care.must_allow(Some(Cluster::Anak), days(180)), Ok(()));
        assert!(care.must_allow(Some(Cluster::Anak), days(181)).is_err());
        assert_eq!(care.must_allow(Some(Cluster::Lansia), days(1095)), Ok(()));
    }
}
