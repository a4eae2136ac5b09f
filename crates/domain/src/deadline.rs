//! When somebody must have acted: by the wall clock, or counted in working hours of a time zone.

use serasi_geography::TimeZone;
use serde::{Deserialize, Serialize};
use time::{Date, Duration, OffsetDateTime, Time, UtcOffset, Weekday};

use crate::code::coded;

coded! {
    /// Which hours count.
    pub enum Clock {
        Wall = "wall",
        /// Only working hours of the place where somebody must act.
        Working = "working",
    }
}

/// How long somebody has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    pub seconds: u32,
    pub clock: Clock,
}

/// Office hours, Monday to Friday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorkingHours {
    /// Local hour at which a working day starts, 0-23.
    pub start_hour: u8,
    /// Local hour at which it ends, later than the start, at most 23.
    pub end_hour: u8,
}

/// Which time counts as working time.
#[derive(Clone, Copy, Debug)]
pub struct Calendar<'a> {
    pub hours: WorkingHours,
    /// Days on which nobody works, whatever the weekday.
    pub holidays: &'a [Date],
}

/// The calendar day at `now` in `zone`.
#[must_use]
pub fn local_date(now: OffsetDateTime, zone: TimeZone) -> Date {
    now.to_offset(offset(zone)).date()
}

/// The moment at which `day` begins in `zone`.
#[must_use]
pub fn start_of_day(day: Date, zone: TimeZone) -> OffsetDateTime {
    day.midnight().assume_offset(offset(zone))
}

fn offset(zone: TimeZone) -> UtcOffset {
    UtcOffset::from_hms(zone.utc_offset_hours(), 0, 0).expect("time zones are 7 to 9 hours")
}

impl Allowance {
    /// The moment the allowance has run out, counted from `now` in `zone`.
    #[must_use]
    pub fn ends(self, now: OffsetDateTime, calendar: &Calendar<'_>, zone: TimeZone) -> OffsetDateTime {
        let left = Duration::seconds(i64::from(self.seconds));
        match self.clock {
            Clock::Wall => now + left,
            Clock::Working => calendar.add(now, left, zone),
        }
    }
}

impl WorkingHours {
    /// Whether the hours make a day: start before end, both on the clock.
    #[must_use]
    pub const fn are_valid(self) -> bool {
        self.start_hour < self.end_hour && self.end_hour <= 23
    }

    fn at(hour: u8) -> Time {
        Time::from_hms(hour, 0, 0).expect("policies with other hours are refused")
    }
}

impl Calendar<'_> {
    fn add(&self, now: OffsetDateTime, mut left: Duration, zone: TimeZone) -> OffsetDateTime {
        let offset = offset(zone);
        let local = now.to_offset(offset);
        let mut day = local.date();
        let mut from = local;
        loop {
            let opens = day
                .with_time(WorkingHours::at(self.hours.start_hour))
                .assume_offset(offset);
            let closes = day
                .with_time(WorkingHours::at(self.hours.end_hour))
                .assume_offset(offset);
            let start = from.max(opens);
            if self.is_working_day(day) && start < closes {
                let today = closes - start;
                if left <= today {
                    return (start + left).to_offset(UtcOffset::UTC);
                }
                left -= today;
            }
            day = day
                .next_day()
                .expect("the calendar does not end within an allowance");
            from = day.midnight().assume_offset(offset);
        }
    }

    fn is_working_day(&self, day: Date) -> bool {
        match day.weekday() {
            Weekday::Monday | Weekday::Tuesday | Weekday::Wednesday | Weekday::Thursday | Weekday::Friday => {
                !self.holidays.contains(&day)
            }
            Weekday::Saturday | Weekday::Sunday => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    const OFFICE: Calendar<'_> = Calendar {
        hours: WorkingHours {
            start_hour: 8,
            end_hour: 16,
        },
        holidays: &[date!(2026 - 08 - 17)],
    };

    fn hours(hours: u32, clock: Clock) -> Allowance {
        Allowance {
            seconds: hours * 3600,
            clock,
        }
    }

    #[test]
    fn working_hours_skip_nights_and_weekends() {
        // Friday 2026-11-20 15:00 in Jakarta.
        let friday = datetime!(2026-11-20 08:00 UTC);
        assert_eq!(
            hours(2, Clock::Working).ends(friday, &OFFICE, TimeZone::Wib),
            datetime!(2026-11-23 02:00 UTC),
            "one hour on Friday, one on Monday from 8:00"
        );
        assert_eq!(
            hours(2, Clock::Wall).ends(friday, &OFFICE, TimeZone::Wib),
            datetime!(2026-11-20 10:00 UTC)
        );
    }

    #[test]
    fn a_new_day_begins_first_in_the_east() {
        let moment = datetime!(2026-11-20 16:30 UTC);
        let days = [TimeZone::Wib, TimeZone::Wita, TimeZone::Wit].map(|zone| local_date(moment, zone).day());
        assert_eq!(days, [20, 21, 21]);
    }

    #[test]
    fn the_same_moment_is_later_in_the_day_in_the_east() {
        // 15:00 in Jakarta is 17:00 in Jayapura: the office is closed there.
        let friday = datetime!(2026-11-20 08:00 UTC);
        assert_eq!(
            hours(1, Clock::Working).ends(friday, &OFFICE, TimeZone::Wit),
            datetime!(2026-11-23 00:00 UTC)
        );
    }

    #[test]
    fn twenty_four_working_hours_are_three_days() {
        let monday = datetime!(2026-11-23 01:00 UTC);
        assert_eq!(
            hours(24, Clock::Working).ends(monday, &OFFICE, TimeZone::Wib),
            datetime!(2026-11-25 09:00 UTC)
        );
    }

    #[test]
    fn a_holiday_is_skipped_where_its_day_is() {
        // Friday 2026-08-14, 15:00 on the clock of each zone; Monday the 17th is a holiday.
        let fridays = [
            (TimeZone::Wib, datetime!(2026-08-14 08:00 UTC)),
            (TimeZone::Wita, datetime!(2026-08-14 07:00 UTC)),
            (TimeZone::Wit, datetime!(2026-08-14 06:00 UTC)),
        ];
        let tuesday = [
            datetime!(2026-08-18 02:00 UTC),
            datetime!(2026-08-18 01:00 UTC),
            datetime!(2026-08-18 00:00 UTC),
        ];
        let ends = fridays.map(|(zone, now)| hours(2, Clock::Working).ends(now, &OFFICE, zone));
        assert_eq!(ends, tuesday, "9:00 on Tuesday everywhere");
    }

    #[test]
    fn a_holiday_begins_and_ends_with_the_day_of_the_zone() {
        // 23:30 on the 16th in Jakarta is already the 17th in Jayapura; both wait for the morning of the 18th.
        let night = datetime!(2026-08-16 16:30 UTC);
        let allowance = hours(1, Clock::Working);
        assert_eq!(
            allowance.ends(night, &OFFICE, TimeZone::Wib),
            datetime!(2026-08-18 02:00 UTC)
        );
        assert_eq!(
            allowance.ends(night, &OFFICE, TimeZone::Wit),
            datetime!(2026-08-18 00:00 UTC)
        );
        // 23:30 on the 17th in Jayapura, and half past midnight on the 18th: the same morning.
        let late = datetime!(2026-08-17 14:30 UTC);
        let after = datetime!(2026-08-17 15:30 UTC);
        assert_eq!(
            allowance.ends(late, &OFFICE, TimeZone::Wit),
            allowance.ends(after, &OFFICE, TimeZone::Wit)
        );
    }

    #[test]
    fn wall_clocks_run_on_holidays() {
        let holiday = datetime!(2026-08-17 03:00 UTC);
        assert_eq!(
            hours(2, Clock::Wall).ends(holiday, &OFFICE, TimeZone::Wib),
            datetime!(2026-08-17 05:00 UTC)
        );
    }
}
