//! Whether a facility has places for the whole party, in one pool, as far as anybody knows.

use super::Request;
use crate::capacity::{Pool, PoolKey};
use crate::directory::Entry;
use crate::person::Sex;

/// How a facility's places fit a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceFit {
    /// Enough places are known to be free in this pool.
    Free { pool: PoolKey, free: i32, total: i32 },
    /// Nobody has stated the places, or the statement has run out.
    Unknown { pool: PoolKey },
    /// Places exist, too few are free.
    Full { free: i32 },
    /// The pool could not take so many even when empty.
    TooSmall { total: i32 },
    /// The facility counts places, none of them for such a party.
    NoSuchPool,
}

impl PlaceFit {
    /// The best fit among the facility's pools: free before unknown before full, narrow pools before general ones.
    #[must_use]
    pub(super) fn of(request: &Request<'_>, entry: &Entry) -> Self {
        let base = request.facts.need.base;
        if entry.pools.is_empty() {
            return Self::Unknown {
                pool: PoolKey::any(base),
            };
        }
        entry
            .pools
            .iter()
            .filter(|pool| takes(request, pool.key))
            .map(|pool| (Self::in_pool(request, pool), pool.key))
            .min_by_key(|(fit, key)| (fit.rank(), u8::MAX - key.narrowness(), *key))
            .map_or(Self::NoSuchPool, |(fit, _)| fit)
    }

    fn in_pool(request: &Request<'_>, pool: &Pool) -> Self {
        let places = request.facts.need.places;
        let with_overflow = request.urgency_policy().uses_overflow;
        match pool.known_free(request.now, with_overflow) {
            None => Self::Unknown { pool: pool.key },
            Some(free) if free >= places.as_i32() => Self::Free {
                pool: pool.key,
                free,
                total: pool.total,
            },
            Some(_) if !pool.could_take(places, with_overflow) => Self::TooSmall { total: pool.total },
            Some(free) => Self::Full { free },
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Free { .. } => 0,
            Self::Unknown { .. } => 1,
            Self::Full { .. } => 2,
            Self::TooSmall { .. } => 3,
            Self::NoSuchPool => 4,
        }
    }
}

/// Whether the whole party may use the pool. A pool of one sex needs everybody known to be of it.
fn takes(request: &Request<'_>, key: PoolKey) -> bool {
    let everybody_is = |sex: Sex| {
        !request.facts.party.is_empty() && request.facts.party.iter().all(|member| member.sex == Some(sex))
    };
    key.base == request.facts.need.base
        && key.cluster.is_none_or(|cluster| cluster == request.cluster)
        && key.sex.is_none_or(everybody_is)
}
