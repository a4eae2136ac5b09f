//! A token bucket per caller, so that one client that runs wild does not take the hub from the others.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::sync::Cache;

/// Callers whose buckets are remembered; the least used start with a full one again.
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

#[cfg(test)]
mod tests {
    use super::*;

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
