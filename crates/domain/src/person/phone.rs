//! Telephone numbers.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// 3 to 15 digits (E.164 allows 15; short numbers such as hotlines have 3) with an optional leading `+`.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Phone(String);

const COUNTRY_CODE: &str = "62";

/// Not a telephone number. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 3 to 15 digits with an optional leading +")]
pub struct InvalidPhone;

impl Phone {
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Digits with the country code, the same for `0812...`, `62812...` and `+62812...`: one telephone, one form. Short
    /// numbers have none.
    #[must_use]
    pub fn canonical(&self) -> String {
        let digits = self.0.strip_prefix('+').unwrap_or(&self.0);
        match digits.strip_prefix('0') {
            Some(national) if digits.len() == self.0.len() => format!("{COUNTRY_CODE}{national}"),
            Some(_) | None => digits.to_owned(),
        }
    }
}

impl FromStr for Phone {
    type Err = InvalidPhone;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = number.strip_prefix('+').unwrap_or(&number);
        let is_number = (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(Self(number)).ok_or(InvalidPhone)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(redacted)")
    }
}

impl TryFrom<String> for Phone {
    type Error = InvalidPhone;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Phone> for String {
    fn from(phone: Phone) -> Self {
        phone.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_telephone_has_one_form() {
        for written in ["0812-0000-0001", "+62 812 0000 0001", "6281200000001"] {
            assert_eq!(written.parse::<Phone>().unwrap().canonical(), "6281200000001");
        }
        assert_eq!("171".parse::<Phone>().unwrap().canonical(), "171");
        assert_eq!("+0170".parse::<Phone>().unwrap().canonical(), "0170");
    }

    #[test]
    fn numbers_are_read_with_separators() {
        assert_eq!(
            "+62 812-0000-0001".parse::<Phone>().unwrap().as_str(),
            "+6281200000001"
        );
        assert_eq!("171".parse::<Phone>().unwrap().as_str(), "171");
        for wrong in ["", "12", "phone", "+", "0812000000011112"] {
            assert_eq!(wrong.parse::<Phone>(), Err(InvalidPhone), "{wrong}");
        }
    }
}
