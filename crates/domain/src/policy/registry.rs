//! What a policy says about the registry (P16 Ps.35).

use serde::{Deserialize, Serialize};

use super::Policy;
use crate::deadline::{Allowance, Clock};
use crate::registry::RegistryCode;

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
