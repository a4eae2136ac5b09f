//! Which list: the registry and its edition.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use time::{Date, Month};

use crate::code::coded;

coded! {
    /// A social registry that the ministry keeps or uses (P16 Ps.35(1)).
    pub enum RegistryCode {
        /// Data Terpadu Kesejahteraan Sosial: an edition a month.
        Dtks = "DTKS",
        /// Data Tunggal Sosial dan Ekonomi Nasional (Inpres 4/2025), which DTKS became a part of: an edition a quarter.
        Dtsen = "DTSEN",
    }
}

impl RegistryCode {
    /// The first day on which anything can have happened in it: of the law on the poor for the one (UU 13/2011), of
    /// Inpres 4/2025 for the other, which took over what the first had.
    #[must_use]
    pub fn began_on(self) -> Date {
        let (year, month, day) = match self {
            Self::Dtks => (2011, Month::August, 18),
            Self::Dtsen => (2025, Month::February, 5),
        };
        Date::from_calendar_date(year, month, day).expect("a day of the calendar")
    }
}

/// One edition of a registry: `DTKS 2024-11`, `DTSEN 2026-Q3`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Edition {
    registry: RegistryCode,
    year: u16,
    /// Month of DTKS, quarter of DTSEN; from 1.
    part: u8,
}

/// Why a text is no edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a month of DTKS, YYYY-MM, or a quarter of DTSEN, YYYY-Qn")]
pub struct InvalidEdition;

impl Edition {
    /// `period` is `YYYY-MM` of DTKS and `YYYY-Qn` of DTSEN.
    pub fn new(registry: RegistryCode, period: &str) -> Result<Self, InvalidEdition> {
        let (year, part) = period.split_once('-').ok_or(InvalidEdition)?;
        let (part, digits, last) = match registry {
            RegistryCode::Dtks => (part, 2, 12),
            RegistryCode::Dtsen => (part.strip_prefix('Q').ok_or(InvalidEdition)?, 1, 4),
        };
        let number = |text: &str, digits: usize| {
            let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
            is_number.then(|| text.parse::<u16>().ok()).flatten()
        };
        let year = number(year, 4).filter(|year| *year > 0).ok_or(InvalidEdition)?;
        let part = number(part, digits).and_then(|part| u8::try_from(part).ok());
        let part = part
            .filter(|part| (1..=last).contains(part))
            .ok_or(InvalidEdition)?;
        Ok(Self { registry, year, part })
    }

    #[must_use]
    pub const fn registry(self) -> RegistryCode {
        self.registry
    }

    /// The period, as [`Self::new`] reads it.
    #[must_use]
    pub fn period(self) -> String {
        let Self { year, part, .. } = self;
        match self.registry {
            RegistryCode::Dtks => format!("{year:04}-{part:02}"),
            RegistryCode::Dtsen => format!("{year:04}-Q{part}"),
        }
    }

    /// Whether this is a later edition of the same registry. Editions of two registries have no order.
    #[must_use]
    pub fn is_later_than(self, other: Self) -> bool {
        self.registry == other.registry && (self.year, self.part) > (other.year, other.part)
    }

    /// The first day of its period.
    #[must_use]
    pub fn first_day(self) -> Date {
        let month = match self.registry {
            RegistryCode::Dtks => self.part,
            RegistryCode::Dtsen => 3 * self.part - 2,
        };
        let month = Month::try_from(month).expect("an edition has a month of the calendar");
        Date::from_calendar_date(i32::from(self.year), month, 1).expect("every month has a first day")
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.registry, self.period())
    }
}

impl FromStr for Edition {
    type Err = InvalidEdition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (registry, period) = text.split_once(' ').ok_or(InvalidEdition)?;
        Self::new(registry.parse().map_err(|_| InvalidEdition)?, period)
    }
}

impl TryFrom<String> for Edition {
    type Error = InvalidEdition;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Edition> for String {
    fn from(edition: Edition) -> Self {
        edition.to_string()
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    fn edition(text: &str) -> Edition {
        text.parse().unwrap()
    }

    #[test]
    fn an_edition_reads_back_what_it_writes_and_knows_its_first_day() {
        for (text, first_day) in [
            ("DTKS 2024-11", date!(2024 - 11 - 01)),
            ("DTSEN 2026-Q1", date!(2026 - 01 - 01)),
            ("DTSEN 2026-Q4", date!(2026 - 10 - 01)),
        ] {
            assert_eq!(edition(text).to_string(), text);
            assert_eq!(edition(text).first_day(), first_day);
        }
    }

    #[test]
    fn a_text_that_is_no_edition_is_refused() {
        for text in [
            "",
            "DTKS",
            "DTKS 2024-13",
            "DTKS 2024-00",
            "DTKS 2024-1",
            "DTKS 2024-Q1",
            "DTSEN 2026-01",
            "DTSEN 2026-Q5",
            "DTSEN 2026-Q0",
            "DTSEN 0000-Q1",
            "DTSEN +026-Q1",
            "BDT 2015-01",
        ] {
            assert_eq!(text.parse::<Edition>(), Err(InvalidEdition), "{text}");
        }
    }

    #[test]
    fn editions_of_two_registries_have_no_order() {
        assert!(edition("DTSEN 2026-Q1").is_later_than(edition("DTSEN 2025-Q4")));
        assert!(!edition("DTSEN 2026-Q1").is_later_than(edition("DTSEN 2026-Q1")));
        assert!(!edition("DTSEN 2026-Q1").is_later_than(edition("DTKS 2024-11")));
        assert!(!edition("DTKS 2024-11").is_later_than(edition("DTSEN 2026-Q1")));
    }
}
