//! The time a report covers: whole months or whole days, never more than a statement can count in its time.

use std::fmt;
use std::str::FromStr;

use serasi_geography::TimeZone;
use time::macros::format_description;
use time::{Date, OffsetDateTime};

use crate::deadline::start_of_day;

/// Reports for the whole nation are in the time of the ministry, so that every region's figures add up.
const ZONE: TimeZone = TimeZone::Wib;

/// A month of the calendar, by its first day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Month(Date);

/// Months in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonthSpan {
    months: Vec<Month>,
    after: Month,
}

/// Days in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DaySpan {
    first: Date,
    after: Date,
}

/// Why months or days are no period of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeriod {
    #[error("must not lie before the first")]
    Reversed,
    #[error("at most {most} {unit}, the last one counted")]
    TooLong { most: usize, unit: &'static str },
    #[error("lies at the end of the calendar")]
    EndOfCalendar,
}

/// A text that is no month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a month of the calendar as YYYY-MM")]
pub struct InvalidMonth;

impl Month {
    fn next(self) -> Option<Self> {
        let month = self.0.month();
        let year = self.0.year() + i32::from(month == time::Month::December);
        Date::from_calendar_date(year, month.next(), 1).ok().map(Self)
    }

    fn starts(self) -> OffsetDateTime {
        start_of_day(self.0, ZONE)
    }
}

impl FromStr for Month {
    type Err = InvalidMonth;

    fn from_str(text: &str) -> Result<Self, InvalidMonth> {
        let first = Date::parse(&format!("{text}-01"), format_description!("[year]-[month]-[day]"));
        first.map(Self).map_err(|_| InvalidMonth)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), u8::from(self.0.month()))
    }
}

impl MonthSpan {
    /// Two years: enough to compare a month with the same one of the year before.
    pub const MAX_MONTHS: usize = 24;

    /// From `first` to `last`, both counted.
    pub fn new(first: Month, last: Month) -> Result<Self, InvalidPeriod> {
        if last < first {
            return Err(InvalidPeriod::Reversed);
        }
        let mut months = vec![first];
        let mut after = first.next().ok_or(InvalidPeriod::EndOfCalendar)?;
        while after <= last {
            if months.len() == Self::MAX_MONTHS {
                return Err(InvalidPeriod::TooLong {
                    most: Self::MAX_MONTHS,
                    unit: "months",
                });
            }
            months.push(after);
            after = after.next().ok_or(InvalidPeriod::EndOfCalendar)?;
        }
        Ok(Self { months, after })
    }

    #[must_use]
    pub fn months(&self) -> &[Month] {
        &self.months
    }

    /// When each month begins, and when the last one is over.
    #[must_use]
    pub fn bounds(&self) -> Vec<OffsetDateTime> {
        let starts = self.months.iter().chain([&self.after]);
        starts.map(|month| month.starts()).collect()
    }
}

impl TryFrom<&MonthSpan> for DaySpan {
    type Error = InvalidPeriod;

    /// All days of the months, if they are not too many.
    fn try_from(span: &MonthSpan) -> Result<Self, InvalidPeriod> {
        let first = span.months.first().map(|month| month.0);
        let last = span.after.0.previous_day();
        let (first, last) = first.zip(last).ok_or(InvalidPeriod::EndOfCalendar)?;
        Self::new(first, last)
    }
}

impl DaySpan {
    /// One year, be it a leap year.
    pub const MAX_DAYS: usize = 366;

    /// From `first` to `last`, both counted.
    pub fn new(first: Date, last: Date) -> Result<Self, InvalidPeriod> {
        if last < first {
            return Err(InvalidPeriod::Reversed);
        }
        let after = last.next_day().ok_or(InvalidPeriod::EndOfCalendar)?;
        let days = usize::try_from((after - first).whole_days());
        if days.is_ok_and(|days| days <= Self::MAX_DAYS) {
            Ok(Self { first, after })
        } else {
            Err(InvalidPeriod::TooLong {
                most: Self::MAX_DAYS,
                unit: "days",
            })
        }
    }

    #[must_use]
    pub const fn first(self) -> Date {
        self.first
    }

    /// The day after the last one.
    #[must_use]
    pub const fn after(self) -> Date {
        self.after
    }

    /// When the first day begins and the last one is over, for a report that adds up regions.
    #[must_use]
    pub fn bounds(self) -> (OffsetDateTime, OffsetDateTime) {
        (start_of_day(self.first, ZONE), start_of_day(self.after, ZONE))
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_read_as_it_is_written_and_nothing_else_is_one() {
        assert_eq!(month("2026-02").to_string(), "2026-02");
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-2",
            "26-02",
            "2026-02-01",
            "x",
        ] {
            assert_eq!(text.parse::<Month>(), Err(InvalidMonth), "{text}");
        }
    }

    #[test]
    fn months_begin_at_midnight_in_jakarta_and_run_over_the_year() {
        let span = MonthSpan::new(month("2025-12"), month("2026-01")).unwrap();
        let names: Vec<String> = span.months().iter().map(Month::to_string).collect();
        assert_eq!(names, ["2025-12", "2026-01"]);
        assert_eq!(
            span.bounds(),
            [
                datetime!(2025-11-30 17:00 UTC),
                datetime!(2025-12-31 17:00 UTC),
                datetime!(2026-01-31 17:00 UTC)
            ]
        );
    }

    #[test]
    fn months_that_are_reversed_too_many_or_without_end_are_refused() {
        let span = |first, last| MonthSpan::new(month(first), month(last)).map(|span| span.months().len());
        assert_eq!(span("2026-01", "2027-12"), Ok(24));
        let (most, unit) = (24, "months");
        assert_eq!(
            span("2026-01", "2028-01"),
            Err(InvalidPeriod::TooLong { most, unit })
        );
        assert_eq!(
            span("0000-01", "9999-12"),
            Err(InvalidPeriod::TooLong { most, unit })
        );
        assert_eq!(span("2026-02", "2026-01"), Err(InvalidPeriod::Reversed));
        assert_eq!(span("9999-12", "9999-12"), Err(InvalidPeriod::EndOfCalendar));
    }

    #[test]
    fn a_year_of_days_is_allowed_and_one_more_is_not() {
        let (first, last) = (date!(2026 - 01 - 01), date!(2027 - 01 - 01));
        let span = DaySpan::new(first, last).unwrap();
        assert_eq!(
            span.bounds(),
            (datetime!(2025-12-31 17:00 UTC), datetime!(2027-01-01 17:00 UTC))
        );
        let (most, unit) = (366, "days");
        assert_eq!(
            DaySpan::new(first, date!(2027 - 01 - 02)),
            Err(InvalidPeriod::TooLong { most, unit })
        );
        assert_eq!(DaySpan::new(last, first), Err(InvalidPeriod::Reversed));
        assert_eq!(
            DaySpan::new(Date::MAX, Date::MAX),
            Err(InvalidPeriod::EndOfCalendar)
        );
    }
}
