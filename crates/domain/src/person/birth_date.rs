//! Birth dates, of which often only the year is known.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::macros::format_description;
use time::{Date, Month};

/// `YYYY-MM-DD`, or `YYYY` where only the year is known.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BirthDate {
    Day(Date),
    Year(u16),
}

/// Why a text is no birth date. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBirthDate {
    #[error("must be a date of the calendar as YYYY-MM-DD, or a year as YYYY")]
    NotADate,
    #[error("is before 1880")]
    TooLongAgo,
    #[error("is in the future")]
    InTheFuture,
}

/// Completed years of life, 0-150.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AgeYears(pub u8);

const EARLIEST_YEAR: u16 = 1880;

impl BirthDate {
    /// Checks that nobody is born after `today`.
    pub fn not_after(self, today: Date) -> Result<Self, InvalidBirthDate> {
        let in_the_future = match self {
            Self::Day(day) => day > today,
            Self::Year(year) => i32::from(year) > today.year(),
        };
        if in_the_future {
            Err(InvalidBirthDate::InTheFuture)
        } else {
            Ok(self)
        }
    }

    #[must_use]
    pub fn year(self) -> u16 {
        match self {
            Self::Day(day) => u16::try_from(day.year()).unwrap_or(EARLIEST_YEAR),
            Self::Year(year) => year,
        }
    }

    /// Age on `day`; with only a year known, as if born on its first day.
    #[must_use]
    pub fn age_on(self, day: Date) -> AgeYears {
        let (year, birthday_is_past) = match self {
            Self::Day(born) => (
                born.year(),
                (day.month() as u8, day.day()) >= (born.month() as u8, born.day()),
            ),
            Self::Year(year) => (i32::from(year), true),
        };
        let years = day.year() - year - i32::from(!birthday_is_past);
        AgeYears(u8::try_from(years.clamp(0, 150)).unwrap_or(150))
    }
}

impl FromStr for BirthDate {
    type Err = InvalidBirthDate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let date = if text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
            Self::Year(text.parse().map_err(|_| InvalidBirthDate::NotADate)?)
        } else {
            Self::Day(
                Date::parse(text, format_description!("[year]-[month]-[day]"))
                    .map_err(|_| InvalidBirthDate::NotADate)?,
            )
        };
        let year = match date {
            Self::Day(day) => day.year(),
            Self::Year(year) => i32::from(year),
        };
        if year < i32::from(EARLIEST_YEAR) {
            Err(InvalidBirthDate::TooLongAgo)
        } else {
            Ok(date)
        }
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate(redacted)")
    }
}

impl TryFrom<String> for BirthDate {
    type Error = InvalidBirthDate;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> Self {
        let two = |month: Month| u8::from(month);
        match date {
            BirthDate::Day(day) => format!("{:04}-{:02}-{:02}", day.year(), two(day.month()), day.day()),
            BirthDate::Year(year) => format!("{year:04}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn dates_and_years_are_read_and_impossible_ones_refused() {
        assert_eq!("2012".parse(), Ok(BirthDate::Year(2012)));
        assert_eq!("2012-02-29".parse(), Ok(BirthDate::Day(date!(2012 - 02 - 29))));
        for wrong in ["2012-02-30", "2012-13-01", "12", "20120229", "", "29-02-2012"] {
            assert_eq!(
                wrong.parse::<BirthDate>(),
                Err(InvalidBirthDate::NotADate),
                "{wrong}"
            );
        }
        assert_eq!("1879".parse::<BirthDate>(), Err(InvalidBirthDate::TooLongAgo));
        let tomorrow: BirthDate = "2026-11-22".parse().unwrap();
        assert_eq!(
            tomorrow.not_after(date!(2026 - 11 - 21)),
            Err(InvalidBirthDate::InTheFuture)
        );
    }

    #[test]
    fn age_counts_completed_years() {
        let born = BirthDate::Day(date!(2012 - 06 - 15));
        assert_eq!(born.age_on(date!(2026 - 06 - 14)), AgeYears(13));
        assert_eq!(born.age_on(date!(2026 - 06 - 15)), AgeYears(14));
        assert_eq!(BirthDate::Year(2012).age_on(date!(2026 - 01 - 01)), AgeYears(14));
    }
}
