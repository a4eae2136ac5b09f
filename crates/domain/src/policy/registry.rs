//! What a policy says about the registry (P16 Ps.35).

use serde::{Deserialize, Serialize};

use super::{Policy, ReconcilePolicy};
use crate::deadline::{Allowance, Clock};
use crate::registry::{ObligationState, RegistryCode};

/// Which registry counts, and how soon somebody must answer for who is not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegistryPolicy {
    /// The registry recipients must come to stand in.
    pub code: RegistryCode,
    /// Time from placement or direct help until the first addressee must have taken the report ("segera").
    pub report: Allowance,
    /// Time that each next addressee up has.
    pub acknowledge: Allowance,
    /// Time from a report that was taken until it must have been proposed or refused, and that each next one up has then.
    #[serde(default = "RegistryPolicy::propose_by_default")]
    pub propose: Allowance,
    /// How far the rows of a registry are to be believed. Optional: versions that are older than it read with the default.
    #[serde(default, skip_serializing_if = "ReconcilePolicy::is_default")]
    pub reconcile: ReconcilePolicy,
}

impl RegistryPolicy {
    /// A list of proposals is drawn up each month.
    #[must_use]
    pub const fn propose_by_default() -> Allowance {
        Allowance {
            seconds: 30 * 24 * 3600,
            clock: Clock::Wall,
        }
    }

    /// Time to act on what stands in `state`.
    #[must_use]
    pub const fn time_to_answer(&self, state: &ObligationState) -> Allowance {
        match state {
            ObligationState::Due { .. } => self.acknowledge,
            ObligationState::Reported { .. }
            | ObligationState::Proposed { .. }
            | ObligationState::Deliberated { .. }
            | ObligationState::Verified { .. }
            | ObligationState::Registered { .. }
            | ObligationState::Refused { .. } => self.propose,
        }
    }
}

impl Default for RegistryPolicy {
    /// Of versions that were written before the hub kept obligations.
    fn default() -> Self {
        Self {
            code: RegistryCode::Dtsen,
            report: Allowance {
                seconds: 24 * 3600,
                clock: Clock::Wall,
            },
            acknowledge: Allowance {
                seconds: 24 * 3600,
                clock: Clock::Working,
            },
            propose: Self::propose_by_default(),
            reconcile: ReconcilePolicy::default(),
        }
    }
}

impl Policy {
    /// What is said, or what holds where nothing is.
    #[must_use]
    pub fn registry(&self) -> RegistryPolicy {
        self.registry.unwrap_or_default()
    }
}
