//! Moments on the clock of the place they concern: WIB, WITA or WIT; UTC, with its label, where no place is known.

use pbjson_types::Timestamp;
use serasi_geography::{RegionCode, TimeZone, atlas};
use time::{OffsetDateTime, UtcOffset};

/// A place's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clock {
    Utc,
    Local(TimeZone),
}

impl Clock {
    /// The clock of the region an id starts with: `3273-0192...` is of 32.73.
    pub(crate) fn of_id(id: &str) -> Self {
        let code = id
            .get(..2)
            .zip(id.get(2..4))
            .and_then(|(province, regency)| format!("{province}.{regency}").parse().ok());
        code.map_or(Self::Utc, Self::of_regency)
    }

    /// The clock of a region that is a regency or lies in one.
    pub(crate) fn of_region(code: &str) -> Self {
        let regency = code.parse().ok().and_then(RegionCode::regency);
        regency.map_or(Self::Utc, Self::of_regency)
    }

    fn of_regency(code: RegionCode) -> Self {
        atlas()
            .region(code)
            .map_or(Self::Utc, |region| Self::Local(region.time_zone))
    }

    /// As `2026-11-02 09:15 WIB`; empty when there is none.
    pub(crate) fn show(self, moment: Option<&Timestamp>) -> String {
        moment.map_or_else(String::new, |moment| self.show_seconds(moment.seconds))
    }

    fn show_seconds(self, seconds: i64) -> String {
        let (label, hours) = match self {
            Self::Utc => ("UTC", 0),
            Self::Local(zone @ TimeZone::Wib) => ("WIB", zone.utc_offset_hours()),
            Self::Local(zone @ TimeZone::Wita) => ("WITA", zone.utc_offset_hours()),
            Self::Local(zone @ TimeZone::Wit) => ("WIT", zone.utc_offset_hours()),
        };
        let offset = UtcOffset::from_hms(hours, 0, 0).unwrap_or(UtcOffset::UTC);
        // A moment outside the calendar is the hub's mistake; its number says more than nothing.
        let Some(local) = OffsetDateTime::from_unix_timestamp(seconds)
            .ok()
            .and_then(|moment| moment.checked_to_offset(offset))
        else {
            return format!("{seconds} s");
        };
        let (date, hour, minute) = (local.date(), local.hour(), local.minute());
        format!("{date} {hour:02}:{minute:02} {label}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Timestamp = Timestamp {
        seconds: 1_793_585_700,
        nanos: 0,
    };

    #[test]
    fn a_moment_is_shown_on_the_clock_of_the_place() {
        let shown = ["3372-0192", "7306-0192", "9171-0192", "nonsense", ""]
            .map(|id| Clock::of_id(id).show(Some(&MOMENT)));
        assert_eq!(
            shown,
            [
                "2026-11-02 09:15 WIB",
                "2026-11-02 10:15 WITA",
                "2026-11-02 11:15 WIT",
                "2026-11-02 02:15 UTC",
                "2026-11-02 02:15 UTC",
            ]
        );
    }

    #[test]
    fn a_village_has_the_clock_of_its_regency_and_the_nation_none() {
        let wita = Clock::Local(TimeZone::Wita);
        assert_eq!(Clock::of_region("73.06.06.1001"), wita);
        assert_eq!(Clock::of_region("ID"), Clock::Utc);
        assert_eq!(wita.show(None), "");
    }
}
