//! Two names, token by token and in any order: by sound, by initial, by edit distance.
//!
//! Used for the person's and the mother's name. Which tokens agree is kept, for a rare one says more than `Siti`; and
//! whether the given names do, for a family shares the rest.

use crate::level::levels;
use crate::name::{MAX_TOKENS, Token, Words};

levels! {
    /// How far two names agree.
    pub enum NameLevel {
        /// Written alike, titles aside.
        Exact = "exact",
        /// The same tokens by sound, in any order and spacing: Soekarno and Sukarno.
        Sound = "sound",
        /// The same tokens, some of them given by an initial or a short form.
        Abbreviated = "abbreviated",
        /// One has tokens more than the other; the given name is in both.
        Contained = "contained",
        /// The same but for a slip in a token.
        Close = "close",
        /// One has tokens more than the other, the given name among them: a father's name, or only the last word told.
        RestContained = "rest_contained",
        /// The given name agrees, something else does not.
        GivenAgrees = "given_agrees",
        /// Some token agrees, the given name does not: as within a family.
        RestAgrees = "rest_agrees",
        Different = "different",
    }
}

/// Tokens at most this far apart (Jaro-Winkler) may be one token with a slip.
const CLOSE_SIMILARITY: f64 = 0.9;
/// In shorter words one letter is too much.
const MIN_CLOSE_LENGTH: usize = 4;
const MAX_LENGTHS_APART: usize = 3;
/// One slip changes which letters a word has by no more than two; what is similar, hardly by more than four.
const SLIP_LETTERS: u32 = 2;
const CLOSE_LETTERS: u32 = 4;
/// A short form has so many letters, and leaves out so many: Yanti for Suryanti.
const MIN_SHORT_LENGTH: usize = 3;
const MIN_LEFT_OUT: usize = 2;

/// What two names have in common.
pub(crate) struct NameAgreement {
    pub(crate) level: NameLevel,
    pub(crate) shared: Shared,
}

/// The agreeing tokens by their key; no more than a name has.
#[derive(Default)]
pub(crate) struct Shared {
    tokens: [Option<(u64, TokenShare)>; MAX_TOKENS],
    count: usize,
}

impl Shared {
    fn push(&mut self, key: u64, share: TokenShare) {
        if let Some(place) = self.tokens.get_mut(self.count) {
            *place = Some((key, share));
            self.count += 1;
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, TokenShare)> {
        self.tokens.iter().take(self.count).flatten().copied()
    }
}

/// Whether two tokens are taken as one.
type SameToken = fn(&Token, &Token) -> bool;

/// In which way a token is in both names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenShare {
    Sound,
    Close,
    Initial,
    Short,
}

/// In this order: the surer way takes its tokens first.
const WAYS: [(TokenShare, SameToken); 4] = [
    (TokenShare::Sound, |a, b| a.key == b.key),
    (TokenShare::Close, is_close_to),
    (TokenShare::Initial, is_initial_of),
    (TokenShare::Short, is_short_of),
];

/// The tokens of a name of which the other name has none; bit by position.
struct Unmatched(u16);

impl Unmatched {
    fn all(name: &impl Words) -> Self {
        Self((1 << name.count()) - 1)
    }

    const fn has(&self, position: usize) -> bool {
        self.0 >> position & 1 == 1
    }

    const fn remove(&mut self, position: usize) {
        self.0 &= !(1 << position);
    }
}

pub(super) fn compare(left: impl Words, right: impl Words) -> NameAgreement {
    let (mut left_rest, mut right_rest) = (Unmatched::all(&left), Unmatched::all(&right));
    let mut shared = Shared::default();
    for (share, agrees) in WAYS {
        if left_rest.0 == 0 || right_rest.0 == 0 {
            break;
        }
        for (at, token) in left.iter().enumerate() {
            if !left_rest.has(at) {
                continue;
            }
            let mut others = right.iter().enumerate();
            if let Some((found, other)) =
                others.find(|(position, other)| right_rest.has(*position) && agrees(token, other))
            {
                left_rest.remove(at);
                right_rest.remove(found);
                let whole = if token.written.len() < other.written.len() {
                    other
                } else {
                    token
                };
                shared.push(whole.key, share);
            }
        }
    }
    let level = level((&left, &left_rest), (&right, &right_rest), &shared);
    NameAgreement { level, shared }
}

fn level(
    (left, left_rest): (&impl Words, &Unmatched),
    (right, right_rest): (&impl Words, &Unmatched),
    shared: &Shared,
) -> NameLevel {
    let has = |wanted: TokenShare| shared.iter().any(|(_, share)| share == wanted);
    let given_agrees = !left_rest.has(left.given_position()) && !right_rest.has(right.given_position());
    if is_parted_otherwise(left, right) {
        return NameLevel::Sound;
    }
    if left_rest.0 != 0 && right_rest.0 != 0 {
        return if shared.count == 0 {
            NameLevel::Different
        } else if given_agrees {
            NameLevel::GivenAgrees
        } else {
            NameLevel::RestAgrees
        };
    }
    if left_rest.0 != 0 || right_rest.0 != 0 {
        return if given_agrees {
            NameLevel::Contained
        } else {
            NameLevel::RestContained
        };
    }
    if has(TokenShare::Close) {
        NameLevel::Close
    } else if has(TokenShare::Initial) || has(TokenShare::Short) {
        NameLevel::Abbreviated
    } else if written(left).eq(written(right)) {
        NameLevel::Exact
    } else {
        NameLevel::Sound
    }
}

/// Abdul Rahman and Abdulrahman.
fn is_parted_otherwise(left: &impl Words, right: &impl Words) -> bool {
    left.count() != right.count() && left.joined_key() == right.joined_key()
}

fn written(name: &impl Words) -> impl Iterator<Item = &str> {
    name.iter().map(|token| &*token.written)
}

fn is_initial_of(left: &Token, right: &Token) -> bool {
    (left.is_initial() || right.is_initial()) && left.written.chars().next() == right.written.chars().next()
}

fn is_short_of(left: &Token, right: &Token) -> bool {
    let (short, long) = if left.written.len() <= right.written.len() {
        (left, right)
    } else {
        (right, left)
    };
    if short.written_letters & !long.written_letters != 0 {
        return false;
    }
    let (short, long) = (&*short.written, &*long.written);
    short.len() >= MIN_SHORT_LENGTH
        && long.len() >= short.len() + MIN_LEFT_OUT
        && (long.starts_with(short) || long.ends_with(short))
}

/// Most pairs of words share neither end; looking at those first spares the distances.
fn is_close_to(left: &Token, right: &Token) -> bool {
    let in_writing = (left.written_letters ^ right.written_letters).count_ones();
    let in_sound = (left.sound_letters ^ right.sound_letters).count_ones();
    (in_sound <= SLIP_LETTERS && is_one_slip(&left.sound, &right.sound))
        || (in_writing <= SLIP_LETTERS && is_one_slip(&left.written, &right.written))
        || (in_sound <= CLOSE_LETTERS && is_similar(&left.sound, &right.sound))
}

fn is_similar(left: &str, right: &str) -> bool {
    left.len() >= MIN_CLOSE_LENGTH
        && right.len() >= MIN_CLOSE_LENGTH
        && left.as_bytes().first() == right.as_bytes().first()
        && left.len().abs_diff(right.len()) <= MAX_LENGTHS_APART
        && strsim::jaro_winkler(left, right) >= CLOSE_SIMILARITY
}

fn is_one_slip(left: &str, right: &str) -> bool {
    let same_start = left.as_bytes().first() == right.as_bytes().first();
    let same_end = left.as_bytes().last() == right.as_bytes().last();
    left.len() >= MIN_CLOSE_LENGTH
        && right.len() >= MIN_CLOSE_LENGTH
        && left.len().abs_diff(right.len()) <= 1
        && (same_start || same_end)
        && strsim::osa_distance(left, right) <= 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Name;

    #[test]
    fn each_way_to_write_a_name_has_its_level() {
        let cases = [
            ("Hj. Siti Aminah", "SITI AMINAH", NameLevel::Exact),
            ("Soekarno", "Sukarno", NameLevel::Sound),
            ("Dewi Lestari", "Lestari Dewi", NameLevel::Sound),
            ("Abdul Rahman", "Abdulrahman", NameLevel::Sound),
            ("Moh. Rizki Ramadhan", "Muhammad Rizky Ramadan", NameLevel::Sound),
            ("M. Rizki R", "Muhammad Rizki Ramadhan", NameLevel::Abbreviated),
            ("Yanti Lestari", "Suryanti Lestari", NameLevel::Abbreviated),
            ("Siti Nurjanah", "Nurjanah", NameLevel::Contained),
            ("Bambang Sitorus", "Bambang", NameLevel::Contained),
            ("Bambang Sitorus", "Sitorus", NameLevel::RestContained),
            ("Bambang Susilo", "Bambang Sudilo", NameLevel::Close),
            ("Bambang Susilo", "Bambang Hartono", NameLevel::GivenAgrees),
            ("Bambang Susilo", "Yuni Susilo", NameLevel::RestAgrees),
            ("Muhammad Rizki", "Muhammad Fajar", NameLevel::RestAgrees),
            ("Bambang Susilo", "Sri Wahyuni", NameLevel::Different),
        ];
        for (left, right, level) in cases {
            let (left_name, right_name) = (Name::new(left).unwrap(), Name::new(right).unwrap());
            assert_eq!(compare(&left_name, &right_name).level, level, "{left} / {right}");
            assert_eq!(compare(&right_name, &left_name).level, level, "{right} / {left}");
        }
    }
}
