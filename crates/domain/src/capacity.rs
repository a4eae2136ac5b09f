//! Places, counted per pool. At every instant total = occupied + held + free; past its validity a figure is unknown,
//! and unknown is never free.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::cluster::Cluster;
use crate::code::coded;
use crate::need::{Places, ServiceBase};
use crate::person::Sex;

/// Which places are counted together. `None` = any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PoolKey {
    pub base: ServiceBase,
    pub cluster: Option<Cluster>,
    pub sex: Option<Sex>,
}

coded! {
    /// Where the figures of a pool come from.
    pub enum CapacitySource {
        Facility = "facility",
        Import = "import",
        /// A decline with reason FULL.
        Decline = "decline",
    }
}

/// Places of one pool, as last known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    pub key: PoolKey,
    /// Grows with every change.
    pub version: i64,
    pub total: i32,
    pub occupied: i32,
    /// Reserved by live offers and by placements not yet admitted.
    pub held: i32,
    /// Extra places for emergencies.
    pub overflow: i32,
    /// Promised places that a later report took away.
    pub shortfall: i32,
    pub observed_at: OffsetDateTime,
    pub valid_until: OffsetDateTime,
    pub source: CapacitySource,
}

/// What a facility states about one pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CapacityReport {
    pub key: PoolKey,
    total: i32,
    occupied: i32,
    overflow: i32,
}

/// Why figures cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCapacity {
    #[error("total must be 0-{max}", max = CapacityReport::MAX_TOTAL)]
    Total,
    #[error("overflow must be 0-{max}", max = CapacityReport::MAX_OVERFLOW)]
    Overflow,
    #[error("occupied must be between 0 and total + overflow")]
    Occupied,
}

impl PoolKey {
    /// The pool of a base that takes any cluster and sex.
    #[must_use]
    pub const fn any(base: ServiceBase) -> Self {
        Self {
            base,
            cluster: None,
            sex: None,
        }
    }

    /// How narrow the pool is; a narrower one is used first so that the general places stay free for others.
    #[must_use]
    pub const fn narrowness(&self) -> u8 {
        self.cluster.is_some() as u8 + self.sex.is_some() as u8
    }
}

impl Pool {
    /// May be negative: overflow in use, or a shortfall.
    #[must_use]
    pub const fn free(&self) -> i32 {
        self.total - self.occupied - self.held
    }

    /// Free places and those of the overflow.
    #[must_use]
    pub const fn room(&self) -> i32 {
        self.free() + self.overflow
    }

    /// Places that may be taken now; `None` when the figures are past their validity.
    #[must_use]
    pub fn known_free(&self, now: OffsetDateTime, with_overflow: bool) -> Option<i32> {
        let extra = if with_overflow { self.overflow } else { 0 };
        (now < self.valid_until).then_some(self.free() + extra)
    }

    /// Whether the pool could ever take the party, were it empty.
    #[must_use]
    pub fn could_take(&self, places: Places, with_overflow: bool) -> bool {
        let extra = if with_overflow { self.overflow } else { 0 };
        self.total + extra >= places.as_i32()
    }
}

impl CapacityReport {
    /// Largest pool that can be reported, in places.
    pub const MAX_TOTAL: i32 = 10_000;
    /// Most overflow places of a pool.
    pub const MAX_OVERFLOW: i32 = 1_000;

    pub fn new(key: PoolKey, total: i32, occupied: i32, overflow: i32) -> Result<Self, InvalidCapacity> {
        if !(0..=Self::MAX_TOTAL).contains(&total) {
            return Err(InvalidCapacity::Total);
        }
        if !(0..=Self::MAX_OVERFLOW).contains(&overflow) {
            return Err(InvalidCapacity::Overflow);
        }
        if !(0..=total + overflow).contains(&occupied) {
            return Err(InvalidCapacity::Occupied);
        }
        Ok(Self {
            key,
            total,
            occupied,
            overflow,
        })
    }

    #[must_use]
    pub const fn total(&self) -> i32 {
        self.total
    }

    #[must_use]
    pub const fn occupied(&self) -> i32 {
        self.occupied
    }

    #[must_use]
    pub const fn overflow(&self) -> i32 {
        self.overflow
    }
}

#[cfg(test)]
mod tests {
    use time::Duration;

    use super::*;

    #[test]
    fn past_its_validity_a_figure_is_unknown() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let pool = Pool {
            key: PoolKey::any(ServiceBase::Residential),
            version: 1,
            total: 10,
            occupied: 7,
            held: 1,
            overflow: 2,
            shortfall: 0,
            observed_at: now,
            valid_until: now + Duration::HOUR,
            source: CapacitySource::Facility,
        };
        assert_eq!(pool.known_free(now, false), Some(2));
        assert_eq!(pool.known_free(now, true), Some(4));
        assert_eq!(pool.known_free(now + Duration::HOUR, true), None);
    }

    #[test]
    fn impossible_figures_are_refused() {
        let report = |total, occupied, overflow| {
            CapacityReport::new(PoolKey::any(ServiceBase::Family), total, occupied, overflow).err()
        };
        assert_eq!(report(10, 12, 2), None);
        assert_eq!(report(10, 13, 2), Some(InvalidCapacity::Occupied));
        assert_eq!(report(10, -1, 2), Some(InvalidCapacity::Occupied));
        assert_eq!(report(10_001, 0, 0), Some(InvalidCapacity::Total));
        assert_eq!(report(1, 0, 1_001), Some(InvalidCapacity::Overflow));
    }
}
