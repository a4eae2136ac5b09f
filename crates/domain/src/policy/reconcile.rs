//! What a policy says about running a registry past persons: how far rows are to be believed.

use serde::{Deserialize, Serialize};

/// How far the rows of a registry are to be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReconcilePolicy {
    /// A registry has so many rows at least, whatever a part of it has: the more there are, the likelier is a namesake.
    pub least_rows: u32,
    /// Of a million rows so many may be refused, and who is not among the others still counts as missing.
    pub refused_per_million: u32,
    /// When more of a hundred matched persons would leave at once, somebody must say that it is meant.
    pub leavers_percent: u32,
    /// So many may always leave.
    pub leavers_at_least: u32,
}

impl ReconcilePolicy {
    /// Among how many rows a row was found: of a part of a registry what is known of the whole counts.
    #[must_use]
    pub fn rows_behind(&self, read: u64, known_whole: Option<u64>) -> u64 {
        read.max(known_whole.unwrap_or(0)).max(u64::from(self.least_rows))
    }

    /// Whether so many refused rows may hide somebody who stands there.
    #[must_use]
    pub const fn is_too_many_refused(&self, refused: u64, read: u64) -> bool {
        refused.saturating_mul(1_000_000) > read.saturating_mul(self.refused_per_million as u64)
    }

    /// Whether so many of those who were matched would leave that the file is likelier wrong than right.
    #[must_use]
    pub const fn is_exodus(&self, leaving: u64, matched: u64) -> bool {
        leaving > self.leavers_at_least as u64
            && leaving.saturating_mul(100) > matched.saturating_mul(self.leavers_percent as u64)
    }

    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for ReconcilePolicy {
    fn default() -> Self {
        Self {
            least_rows: 100_000,
            refused_per_million: 1_000,
            leavers_percent: 20,
            leavers_at_least: 50,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_measured_by_the_whole() {
        let policy = ReconcilePolicy::default();
        assert_eq!(policy.rows_behind(100, None), 100_000);
        assert_eq!(policy.rows_behind(100, Some(90_000_000)), 90_000_000);
        assert_eq!(policy.rows_behind(100_000_000, Some(90_000_000)), 100_000_000);
    }

    #[test]
    fn a_few_refused_rows_and_a_few_leavers_are_nothing_out_of_the_way() {
        let policy = ReconcilePolicy::default();
        assert!(!policy.is_too_many_refused(1_000, 1_000_000));
        assert!(policy.is_too_many_refused(1_001, 1_000_000));
        assert!(!policy.is_exodus(50, 50), "a small place");
        assert!(!policy.is_exodus(200, 1_000));
        assert!(policy.is_exodus(201, 1_000));
    }
}
