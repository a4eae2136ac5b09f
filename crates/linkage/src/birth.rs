//! A birth date, or only the year.

use std::fmt;
use std::str::FromStr;

use time::{Date, Month};

/// Nobody alive is older, and no file is from later.
const YEARS: std::ops::RangeInclusive<u16> = 1880..=2100;

/// When somebody was born, as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Birth {
    pub(crate) year: u16,
    /// `None`: only the year is known.
    pub(crate) day: Option<DayOfYear>,
}

/// Month and day, both counted from 1.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct DayOfYear {
    pub(crate) month: u8,
    pub(crate) day: u8,
}

/// Why a text is no birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBirth {
    #[error("a birth date is written YYYY-MM-DD or YYYY")]
    Form,
    #[error("the year lies outside {} to {}", YEARS.start(), YEARS.end())]
    Year,
    #[error("the calendar has no such day")]
    Day,
}

impl Birth {
    /// `None` if the calendar has no such day.
    pub(crate) fn of(year: u16, month: u8, day: u8) -> Option<Self> {
        let named = Month::try_from(month).ok()?;
        Date::from_calendar_date(i32::from(year), named, day).ok()?;
        Some(Self {
            year,
            day: Some(DayOfYear { month, day }),
        })
    }

    /// Year, month and day as one number; `None` where only the year is known.
    pub(crate) fn full(self) -> Option<u64> {
        let day = self.day?;
        Some(u64::from(self.year) * 10_000 + u64::from(day.month) * 100 + u64::from(day.day))
    }
}

impl FromStr for Birth {
    type Err = InvalidBirth;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('-');
        let year = number(parts.next(), 4)?;
        if !YEARS.contains(&year) {
            return Err(InvalidBirth::Year);
        }
        let Some(month) = parts.next() else {
            return Ok(Self { year, day: None });
        };
        let month = two_digits(Some(month))?;
        let day = two_digits(parts.next())?;
        if parts.next().is_some() {
            return Err(InvalidBirth::Form);
        }
        Self::of(year, month, day).ok_or(InvalidBirth::Day)
    }
}

fn number(part: Option<&str>, digits: usize) -> Result<u16, InvalidBirth> {
    let text = part.ok_or(InvalidBirth::Form)?;
    if text.len() != digits || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidBirth::Form);
    }
    text.parse().map_err(|_| InvalidBirth::Form)
}

fn two_digits(part: Option<&str>) -> Result<u8, InvalidBirth> {
    number(part, 2).and_then(|value| u8::try_from(value).map_err(|_| InvalidBirth::Form))
}

impl fmt::Debug for Birth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Birth(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_or_a_year_is_read() {
        assert_eq!("1965".parse::<Birth>().unwrap().full(), None);
        assert_eq!("1965-03-09".parse::<Birth>().unwrap().full(), Some(19_650_309));
    }

    #[test]
    fn what_no_calendar_has_is_refused() {
        assert_eq!("1965-02-30".parse::<Birth>(), Err(InvalidBirth::Day));
        assert_eq!("1965-13-01".parse::<Birth>(), Err(InvalidBirth::Day));
        assert_eq!("1765-01-01".parse::<Birth>(), Err(InvalidBirth::Year));
        for text in ["09-03-1965", "1965-3-9", "1965-03", "65", "1965-03-09-01"] {
            assert_eq!(text.parse::<Birth>(), Err(InvalidBirth::Form), "{text}");
        }
    }
}
