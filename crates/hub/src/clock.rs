//! Where time and ids come from. What must be exact uses the database's time; this clock only schedules polling and
//! stamps ids. Injected, so that a run can be repeated.

use std::fmt;

use time::OffsetDateTime;
use uuid::{NoContext, Timestamp, Uuid};

/// A source of time and of UUIDv7.
pub struct Clock {
    now: Box<dyn Fn() -> OffsetDateTime + Send + Sync>,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the machine's clock"
    )]
    pub fn system() -> Self {
        Self {
            now: Box::new(OffsetDateTime::now_utc),
        }
    }

    /// A clock of the caller's.
    #[must_use]
    pub fn from_fn(now: impl Fn() -> OffsetDateTime + Send + Sync + 'static) -> Self {
        Self { now: Box::new(now) }
    }

    #[must_use]
    pub fn now(&self) -> OffsetDateTime {
        (self.now)()
    }

    /// A UUIDv7 of this moment.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        let now = self.now();
        let seconds = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        Uuid::new_v7(Timestamp::from_unix(NoContext, seconds, now.nanosecond()))
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn ids_carry_the_time_of_the_clock_they_come_from() {
        let clock = Clock::from_fn(|| datetime!(2026-11-21 03:00 UTC));
        let (first, second) = (clock.new_id(), clock.new_id());
        assert_ne!(first, second);
        for id in [first, second] {
            let (seconds, _) = id.get_timestamp().unwrap().to_unix();
            assert_eq!(i64::try_from(seconds).unwrap(), clock.now().unix_timestamp());
        }
    }
}
