//! A person's name, made comparable: titles dropped, tokens with the way they sound beside the way they are written.
//!
//! Many have one name only, and the order of tokens says little, so a name is no more than its tokens.

mod sound;

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::{Arc, LazyLock};

use foldhash::quality::FixedState;

/// No name on a KTP has more; what follows is left out.
pub(crate) const MAX_TOKENS: usize = 12;
const START_LETTERS: usize = 2;

/// Titles, degrees and forms of address that stand before a name.
fn is_title(word: &str) -> bool {
    matches!(
        word,
        "h" | "hj"
            | "pak"
            | "bapak"
            | "bpk"
            | "ibu"
            | "bu"
            | "ny"
            | "nyonya"
            | "tn"
            | "tuan"
            | "sdr"
            | "sdri"
            | "alm"
            | "almh"
            | "drs"
            | "dra"
            | "dr"
            | "ir"
            | "prof"
            | "kh"
            | "ust"
            | "ustadz"
            | "hajjah"
    )
}

/// "Son of", "daughter of": what follows is the father's name.
fn is_patronym_particle(word: &str) -> bool {
    matches!(word, "bin" | "binti" | "bt")
}

/// Words that stand before the name a person is called by, or are given to every first, second, third child: what they
/// sound like. They are shared by too many to be the given name if another word follows.
static FORENAMES: LazyLock<Vec<u64>> = LazyLock::new(|| {
    let words = [
        "muhammad", "siti", "sri", "nur", "abdul", "i", "ni", "gusti", "ida", "ayu", "putu", "gede", "wayan",
        "made", "kadek", "nyoman", "komang", "ketut", "andi", "raden", "baiq", "lalu",
    ];
    words.iter().map(|word| key_of(&sound::of(word))).collect()
});

/// A name of at least one token.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// Shared with all names that have the word.
    tokens: Box<[Arc<Token>]>,
    /// Of the sound of all tokens without spaces, for names parted in another way.
    joined_key: u64,
    given_position: usize,
}

/// One word of a name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// Lower case, letters only.
    pub(crate) written: Box<str>,
    /// The same for old and new spelling and for what is heard alike.
    pub(crate) sound: Box<str>,
    /// Of the sound: equal for equal sounds, and cheap to compare and to count.
    pub(crate) key: u64,
    /// Of the first letters of the sound.
    pub(crate) start_key: u64,
    /// Which letters are in the writing and in the sound, a bit each: words of other letters need no closer look.
    pub(crate) written_letters: u32,
    pub(crate) sound_letters: u32,
}

impl Name {
    /// `None` if the text has no letters.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        // Degrees stand behind a comma: "Rina Marlina, S.Pd".
        let text = text
            .split(',')
            .find(|part| part.chars().any(char::is_alphabetic))?;
        let lower = lower(text);
        let all = || lower.split_ascii_whitespace();
        let titles = all().take_while(|word| is_title(word)).count();
        // Who is called nothing but "Bu" or "H" is called that.
        let titles = if all().nth(titles).is_some() { titles } else { 0 };
        let words = all().skip(titles).filter(|word| !is_patronym_particle(word));
        let blanks = lower.bytes().filter(|byte| *byte == b' ').count();
        let mut tokens = Vec::with_capacity(MAX_TOKENS.min(blanks + 1));
        tokens.extend(words.take(MAX_TOKENS).map(Token::new));
        let joined_key = match &*tokens {
            [] => return None,
            [token] => token.key,
            tokens => {
                let mut joined = String::with_capacity(lower.len());
                joined.extend(tokens.iter().map(|token| &*token.written));
                key_of(&sound::of(&joined))
            }
        };
        let is_forename = |token: &Token| FORENAMES.contains(&token.key) || token.is_initial();
        Some(Self {
            joined_key,
            given_position: tokens.iter().position(|token| !is_forename(token)).unwrap_or(0),
            tokens: tokens.into(),
        })
    }

    /// How its words sound, in order; initials, which stand for many names, are left out.
    pub fn sounds(&self) -> impl Iterator<Item = &str> {
        let words = self.tokens.iter().filter(|token| !token.is_initial());
        words.map(|token| &*token.sound)
    }

    pub(crate) fn tokens(&self) -> &[Arc<Token>] {
        &self.tokens
    }

    /// Where the word stands by which its bearer is told from the family.
    pub(crate) const fn given_position(&self) -> usize {
        self.given_position
    }

    pub(crate) const fn joined_key(&self) -> u64 {
        self.joined_key
    }
}

/// The words of a name, wherever they are kept.
pub(crate) trait Words: Copy {
    fn count(&self) -> usize;
    /// `position` is below the count.
    fn token(&self, position: usize) -> Option<&Token>;
    fn joined_key(&self) -> u64;
    fn given_position(&self) -> usize;

    fn iter(&self) -> impl Iterator<Item = &Token> {
        (0..self.count()).filter_map(|position| self.token(position))
    }
}

impl Words for &Name {
    fn count(&self) -> usize {
        self.tokens.len()
    }

    fn token(&self, position: usize) -> Option<&Token> {
        self.tokens.get(position).map(|token| &**token)
    }

    fn joined_key(&self) -> u64 {
        self.joined_key
    }

    fn given_position(&self) -> usize {
        self.given_position
    }
}

/// The words in lower case, parted by blanks: dots, hyphens and blanks part them, apostrophes do not.
fn lower(text: &str) -> String {
    let mut lower = String::with_capacity(text.len());
    if text
        .bytes()
        .all(|byte| byte.is_ascii_alphabetic() || byte == b' ')
    {
        lower.push_str(text);
        lower.make_ascii_lowercase();
        return lower;
    }
    for letter in text.chars() {
        if letter.is_ascii_alphabetic() {
            lower.push(letter.to_ascii_lowercase());
        } else if letter.is_alphabetic() {
            lower.extend(letter.to_lowercase());
        } else if !matches!(letter, '\'' | '`' | '\u{2019}') {
            lower.push(' ');
        }
    }
    lower
}

/// Words whose sound a thread remembers: more than the nation's names have, less than a file of nonsense.
const MAX_REMEMBERED: usize = 200_000;

thread_local! {
    /// Names repeat, and the rewriting of a word costs more than looking it up.
    static REMEMBERED: RefCell<HashMap<Box<str>, Arc<Token>, foldhash::fast::FixedState>> = RefCell::default();
}

impl Token {
    fn new(written: &str) -> Arc<Self> {
        REMEMBERED.with_borrow_mut(|remembered| {
            if let Some(token) = remembered.get(written) {
                return Arc::clone(token);
            }
            let token = Arc::new(Self::hear(written));
            if remembered.len() < MAX_REMEMBERED {
                remembered.insert(written.into(), Arc::clone(&token));
            }
            token
        })
    }

    fn hear(written: &str) -> Self {
        let sound = sound::of(written);
        let start: String = sound.chars().take(START_LETTERS).collect();
        Self {
            key: key_of(&sound),
            start_key: key_of(&start),
            written_letters: letters(written),
            sound_letters: letters(&sound),
            written: written.into(),
            sound: sound.into(),
        }
    }

    /// An abbreviation to the first letter: `M.`
    pub(crate) fn is_initial(&self) -> bool {
        self.written.len() == 1
    }
}

/// Which letters a word has, a bit each; other signs share theirs.
const fn letters(word: &str) -> u32 {
    let mut letters = 0;
    let mut rest = word.as_bytes();
    while let [byte, after @ ..] = rest {
        letters |= letter(*byte);
        rest = after;
    }
    letters
}

const fn letter(byte: u8) -> u32 {
    1 << (byte % 32)
}

/// The same in every run and on every machine.
fn key_of(sound: &str) -> u64 {
    FixedState::default().hash_one(sound)
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Name(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> Vec<String> {
        let name = Name::new(text).unwrap();
        name.tokens()
            .iter()
            .map(|token| token.written.to_string())
            .collect()
    }

    #[test]
    fn titles_and_degrees_are_dropped() {
        assert_eq!(written("Prof. Dr. H. Ahmad Ma'ruf, M.Sc."), ["ahmad", "maruf"]);
        assert_eq!(written("Ahmad Fauzi bin Hasan"), ["ahmad", "fauzi", "hasan"]);
    }

    #[test]
    fn a_name_that_is_only_a_title_is_kept() {
        assert_eq!(written("Bu"), ["bu"]);
    }

    #[test]
    fn without_letters_there_is_no_name() {
        assert_eq!(Name::new(" - , 12"), None);
    }
}
