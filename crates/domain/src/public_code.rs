//! The code with which a reporter asks how it goes. It names nobody, is no id, and cannot be guessed: 75 random bits in
//! Crockford's base 32, which has no I, L, O and U, with a check character that finds a slip of the pen.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters without the check character.
const DIGITS: u32 = 15;
/// Characters in a group.
const GROUP: usize = 4;
/// Crockford's checksum is the number modulo this prime. Its upper five values have signs that nobody can spell on the
/// telephone: no code has one of these.
const CHECK: u128 = 37;
const SPELLED: u128 = 32;

/// A code; it opens what it is for, so `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PublicCode(u128);

/// Why a text is no code. Never carries the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPublicCode {
    #[error("must have 16 letters and digits, e.g. in four groups of four")]
    Form,
    #[error("has a slip of the pen in it: the last character does not fit the others")]
    Check,
}

impl PublicCode {
    /// Of random bits.
    #[must_use]
    pub const fn of_random(bits: u128) -> Self {
        let number = bits % ((1 << (5 * DIGITS)) - (CHECK - SPELLED));
        if number % CHECK < SPELLED {
            Self(number)
        } else {
            Self(number + (CHECK - SPELLED))
        }
    }

    /// As it is looked up: however it was written, it is this.
    #[must_use]
    pub fn canonical(&self) -> String {
        let digits = (0..DIGITS).rev().map(|position| self.0 >> (5 * position) & 31);
        digits.chain([self.0 % CHECK]).map(letter).collect()
    }
}

fn letter(value: u128) -> char {
    let at = usize::try_from(value).unwrap_or(0);
    ALPHABET.get(at).map_or('0', |letter| char::from(*letter))
}

/// What a character counts; what looks like another one is that one.
fn value(letter: char) -> Option<u128> {
    let letter = match letter.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let at = ALPHABET.iter().position(|known| char::from(*known) == letter)?;
    u128::try_from(at).ok()
}

impl fmt::Display for PublicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, letter) in self.canonical().chars().enumerate() {
            if position > 0 && position % GROUP == 0 {
                f.write_str("-")?;
            }
            write!(f, "{letter}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for PublicCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PublicCode(redacted)")
    }
}

impl FromStr for PublicCode {
    type Err = InvalidPublicCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let letters = text.chars().filter(|letter| !matches!(letter, ' ' | '-'));
        let values: Option<Vec<u128>> = letters.map(value).collect();
        let values = values.ok_or(InvalidPublicCode::Form)?;
        let (check, digits) = values.split_last().ok_or(InvalidPublicCode::Form)?;
        if u32::try_from(digits.len()) != Ok(DIGITS) {
            return Err(InvalidPublicCode::Form);
        }
        let number = digits.iter().fold(0, |number, digit| number << 5 | digit);
        if number % CHECK == *check {
            Ok(Self(number))
        } else {
            Err(InvalidPublicCode::Check)
        }
    }
}

impl TryFrom<String> for PublicCode {
    type Error = InvalidPublicCode;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PublicCode> for String {
    fn from(code: PublicCode) -> Self {
        code.canonical()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_back_however_it_is_written() {
        for bits in [0, 1, 36, 37, u128::MAX, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef] {
            let code = PublicCode::of_random(bits);
            let shown = code.to_string();
            assert_eq!(shown.len(), 19, "{shown}");
            assert_eq!(shown.parse(), Ok(code));
            let spelled = shown
                .to_lowercase()
                .replace('-', " ")
                .replace('0', "o")
                .replace('1', "l");
            assert_eq!(spelled.parse(), Ok(code), "{spelled}");
            assert!(!format!("{code:?}").contains(&shown[..4]));
        }
    }

    #[test]
    fn every_single_slip_and_every_swap_of_neighbours_is_found() {
        let shown = PublicCode::of_random(0x0f1e_2d3c_4b5a_6978_8796_a5b4_c3d2_e1f0).canonical();
        let letters: Vec<char> = shown.chars().collect();
        for position in 0..letters.len() {
            for other in ALPHABET.iter().map(|letter| char::from(*letter)) {
                let mut slip = letters.clone();
                slip[position] = other;
                let read = slip.iter().collect::<String>().parse::<PublicCode>();
                assert_eq!(read.is_ok(), other == letters[position]);
            }
            let mut swapped = letters.clone();
            swapped.swap(position, (position + 1).min(letters.len() - 1));
            let read = swapped.iter().collect::<String>().parse::<PublicCode>();
            assert_eq!(read.is_ok(), swapped == letters);
        }
        assert_eq!("ABCD".parse::<PublicCode>(), Err(InvalidPublicCode::Form));
        assert_eq!("".parse::<PublicCode>(), Err(InvalidPublicCode::Form));
        assert_eq!(
            "!BCD-EFGH-JKMN-PQRS".parse::<PublicCode>(),
            Err(InvalidPublicCode::Form)
        );
    }
}
