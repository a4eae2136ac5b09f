//! Free text with a limit. What people write may name somebody, so `Debug` never shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Trimmed, non-empty text of at most `MAX` characters without control characters other than line breaks and tabs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Text<const MAX: usize>(String);

/// Why a text cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    #[error("is empty")]
    Empty,
    #[error("has {length} characters; at most {max} are allowed")]
    TooLong { length: usize, max: usize },
    #[error("contains a control character")]
    ControlCharacter,
}

impl<const MAX: usize> Text<MAX> {
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidText::Empty);
        }
        let length = text.chars().count();
        if length > MAX {
            return Err(InvalidText::TooLong { length, max: MAX });
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(InvalidText::ControlCharacter);
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} characters)", self.0.chars().count())
    }
}

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::new(&text)
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_trimmed_counted_in_characters_and_never_shown() {
        let text = Text::<5>::new("  Siti ").unwrap();
        assert_eq!(text.as_str(), "Siti");
        assert_eq!(format!("{text:?}"), "Text(4 characters)");
        assert_eq!(
            Text::<5>::new("Ñandú!"),
            Err(InvalidText::TooLong { length: 6, max: 5 })
        );
        assert_eq!(Text::<5>::new(" \n"), Err(InvalidText::Empty));
        assert_eq!(Text::<5>::new("a\0"), Err(InvalidText::ControlCharacter));
    }
}
