//! Timestamps.

use pbjson_types::Timestamp;
use time::OffsetDateTime;

/// As the contract has it.
pub(crate) fn to_timestamp(time: OffsetDateTime) -> Timestamp {
    let nanos = i32::try_from(time.nanosecond()).unwrap_or(0);
    Timestamp {
        seconds: time.unix_timestamp(),
        nanos,
    }
}

/// As the domain has it, cut to the microseconds the database keeps.
pub(crate) fn to_time(timestamp: &Timestamp) -> Result<OffsetDateTime, NotATime> {
    let micros = u32::try_from(timestamp.nanos).map_err(|_| NotATime)? / 1000;
    OffsetDateTime::from_unix_timestamp(timestamp.seconds)
        .and_then(|time| time.replace_microsecond(micros))
        .map_err(|_| NotATime)
}

/// Outside the calendar.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("is not a moment of the calendar")]
pub(crate) struct NotATime;
