//! Free text with a limit. What people write may name somebody, so `Debug` never shows it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Trimmed, non-empty text of at most `MAX` characters without control characters other than line breaks and tabs, nor
/// those that make text look other than it is. What was kept before that was a rule is read as it is.
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
    #[error("contains an invisible character that changes the direction of writing")]
    DirectionCharacter,
}

impl<const MAX: usize> Text<MAX> {
    pub fn new(text: &str) -> Result<Self, InvalidText> {
        if text.chars().any(changes_direction) {
            return Err(InvalidText::DirectionCharacter);
        }
        Self::kept(text)
    }

    fn kept(text: &str) -> Result<Self, InvalidText> {
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
        Self::kept(&text)
    }
}

/// The controls of the Unicode bidirectional algorithm: with them a name reads as another.
const fn changes_direction(character: char) -> bool {
    matches!(
        character,
        '\u{61C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'
    )
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

    #[test]
    fn what_turns_the_direction_of_writing_is_refused_and_what_was_kept_is_read() {
        for turned in ["Siti\u{202E}itiS", "\u{2067}Siti", "Siti\u{200F}", "\u{61C}Siti"] {
            assert_eq!(Text::<20>::new(turned), Err(InvalidText::DirectionCharacter));
            let kept = Text::<20>::try_from(turned.to_owned()).unwrap();
            assert_eq!(kept.as_str(), turned);
        }
        assert!(
            Text::<20>::new("\u{633}\u{64A}\u{62A}\u{64A}").is_ok(),
            "Arabic letters are letters"
        );
    }
}
