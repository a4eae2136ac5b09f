//! A caller's share, so that one client that runs wild does not take the hub from the others: a token bucket for calls a
//! second, and places for calls in flight.

use std::convert::Infallible;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use super::Place;

/// Callers whose shares are remembered; the least used start with a full one again.
const REMEMBERED_CALLERS: usize = 10_000;
/// A bucket holds this many seconds' worth of calls.
const BURST_SECONDS: u32 = 2;

pub(super) struct Buckets {
    quota: Quota,
    clock: DefaultClock,
    by_principal: Cache<String, Arc<DefaultDirectRateLimiter>>,
}

impl Buckets {
    pub(super) fn new(calls_per_second: NonZeroU32) -> Self {
        let burst = calls_per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1));
        Self {
            quota: Quota::per_second(calls_per_second).allow_burst(burst),
            clock: DefaultClock::default(),
            by_principal: Cache::new(REMEMBERED_CALLERS),
        }
    }

    /// Takes one call from the caller's bucket; if it is empty, how long until there is one again.
    pub(super) fn take(&self, principal: &str) -> Result<(), Duration> {
        let bucket = self.by_principal.get(principal).unwrap_or_else(|| {
            let bucket = Arc::new(RateLimiter::direct(self.quota));
            self.by_principal
                .insert(principal.to_owned(), Arc::clone(&bucket));
            bucket
        });
        bucket
            .check()
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

/// Calls in flight of each caller.
#[derive(Debug)]
pub(super) struct Places {
    each: usize,
    by_principal: Cache<String, Arc<Semaphore>>,
}

impl Places {
    pub(super) fn new(each: usize) -> Self {
        Self {
            each,
            by_principal: Cache::new(REMEMBERED_CALLERS),
        }
    }

    /// A place of the caller's; `None` = all are taken.
    pub(super) fn take(&self, principal: &str) -> Option<Place> {
        let new = || Ok::<_, Infallible>(Arc::new(Semaphore::new(self.each)));
        let Ok(own) = self.by_principal.get_or_insert_with(principal, new);
        own.try_acquire_owned().ok().map(Place::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_has_its_places_and_no_more_until_one_is_left() {
        let places = Places::new(2);
        let first = places.take("a").unwrap();
        let _second = places.take("a").unwrap();
        assert!(places.take("a").is_none());
        assert!(places.take("b").is_some());
        drop(first);
        assert!(places.take("a").is_some());
    }

    #[test]
    fn a_caller_that_runs_wild_is_told_when_to_come_back_and_others_do_not_notice() {
        let buckets = Buckets::new(NonZeroU32::new(10).unwrap());
        let mut taken = 0;
        let wait = loop {
            match buckets.take("a") {
                Ok(()) => taken += 1,
                Err(wait) => break wait,
            }
            assert!(taken < 1_000, "the bucket has no bottom");
        };
        assert!(taken >= 20, "{taken}");
        assert!(wait <= Duration::from_millis(100), "{wait:?}");
        assert_eq!(buckets.take("b"), Ok(()));
    }
}
