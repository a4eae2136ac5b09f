//! The population number (Nomor Induk Kependudukan).
//!
//! The region code in it is the one of the first issue and may no longer exist; the birth date in it stays when the
//! true one is corrected. Neither makes a NIK wrong.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Sixteen digits: region of issue (6), birth date `DDMMYY` with 40 added to the day for women (6), serial (4).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Nik(String);

/// Why a text is no NIK. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNik {
    #[error("has {0} digits; a NIK has 16")]
    Length(usize),
    #[error("has a character that is no digit")]
    NotDigits,
    #[error("holds an impossible birth date (digits 7-12)")]
    BirthDate,
    #[error("ends in 0000; serials start at 0001")]
    Serial,
}

impl Nik {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Nik {
    type Err = InvalidNik;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: String = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.')).collect();
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidNik::NotDigits);
        }
        if digits.len() != 16 {
            return Err(InvalidNik::Length(digits.len()));
        }
        let number = |from: usize| {
            digits
                .get(from..from + 2)
                .and_then(|part| part.parse::<u8>().ok())
        };
        let day_is_possible = matches!(number(6), Some(1..=31 | 41..=71));
        let month_is_possible = matches!(number(8), Some(1..=12));
        if !day_is_possible || !month_is_possible {
            return Err(InvalidNik::BirthDate);
        }
        if digits.ends_with("0000") {
            return Err(InvalidNik::Serial);
        }
        Ok(Self(digits))
    }
}

impl fmt::Debug for Nik {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nik(redacted)")
    }
}

impl TryFrom<String> for Nik {
    type Error = InvalidNik;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Nik> for String {
    fn from(nik: Nik) -> Self {
        nik.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nik_with_separators_is_read_and_wrong_ones_say_why() {
        assert_eq!(
            "3273.0141-0790 0001".parse::<Nik>().unwrap().as_str(),
            "3273014107900001"
        );
        assert_eq!("327301410790001".parse::<Nik>(), Err(InvalidNik::Length(15)));
        assert_eq!("32730141079000011".parse::<Nik>(), Err(InvalidNik::Length(17)));
        assert_eq!("32730141O7900001".parse::<Nik>(), Err(InvalidNik::NotDigits));
        assert_eq!("3273013507900001".parse::<Nik>(), Err(InvalidNik::BirthDate));
        assert_eq!("3273014113900001".parse::<Nik>(), Err(InvalidNik::BirthDate));
        assert_eq!("3273014107900000".parse::<Nik>(), Err(InvalidNik::Serial));
    }

    #[test]
    fn a_region_code_that_no_longer_exists_is_no_error() {
        assert!("9171010101900001".parse::<Nik>().is_ok());
    }
}
