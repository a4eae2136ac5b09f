//! A token bucket per caller, so that one client that runs wild does not take the hub from the others.

use std::fmt;
use std::net::IpAddr;
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

/// So often a caller may look for people by a number: enough for a desk, far too little to try numbers.
const LOOKUPS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).expect("is not zero");
/// So often a stranger at one address may ask how a case goes, and all strangers together.
const ASKS_PER_MINUTE: NonZeroU32 = NonZeroU32::new(10).expect("is not zero");
const ALL_ASKS_PER_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("is not zero");

/// Who asks without a token passes here: by their address, then all of them together.
pub(crate) struct Turnstile {
    each: Buckets,
    all: DefaultDirectRateLimiter,
    clock: DefaultClock,
}

impl Turnstile {
    pub(crate) fn new() -> Self {
        Self {
            each: Buckets::of(Quota::per_minute(ASKS_PER_MINUTE)),
            all: RateLimiter::direct(Quota::per_second(ALL_ASKS_PER_SECOND)),
            clock: DefaultClock::default(),
        }
    }

    /// If it is too often, how long until the next one.
    pub(crate) fn pass(&self, address: IpAddr) -> Result<(), Duration> {
        // Who has one address of the new kind has 2^64.
        let peer = match address.to_canonical() {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => (address.to_bits() >> 64).to_string(),
        };
        self.each.take(&peer)?;
        self.all
            .check()
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }
}

impl fmt::Debug for Turnstile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Turnstile")
    }
}

pub(crate) struct Buckets {
    quota: Quota,
    clock: DefaultClock,
    by_principal: Cache<String, Arc<DefaultDirectRateLimiter>>,
}

impl Buckets {
    pub(super) fn new(calls_per_second: NonZeroU32) -> Self {
        let burst = calls_per_second.saturating_mul(NonZeroU32::MIN.saturating_add(BURST_SECONDS - 1));
        Self::of(Quota::per_second(calls_per_second).allow_burst(burst))
    }

    /// For looks at people by a number.
    pub(crate) fn lookups() -> Self {
        Self::of(Quota::per_minute(LOOKUPS_PER_MINUTE))
    }

    fn of(quota: Quota) -> Self {
        Self {
            quota,
            clock: DefaultClock::default(),
            by_principal: Cache::new(REMEMBERED_CALLERS),
        }
    }

    /// Takes one call from the caller's bucket; if it is empty, how long until there is one again.
    pub(crate) fn take(&self, principal: &str) -> Result<(), Duration> {
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

impl fmt::Debug for Buckets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Buckets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_held_back_by_address_and_all_together() {
        let turnstile = Turnstile::new();
        let ask = |address: &str| turnstile.pass(address.parse().unwrap());
        let passed = (0..20).filter(|_| ask("2001:db8::1").is_ok()).count();
        assert_eq!(passed, 10);
        assert!(ask("2001:db8::2").is_err(), "the same network");
        assert!(ask("::ffff:192.0.2.1").is_ok() && ask("192.0.2.1").is_ok());
        let strangers = (0..200).filter(|last| ask(&format!("198.51.100.{last}")).is_ok());
        assert!(strangers.count() < 60, "all together are held back, too");
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
