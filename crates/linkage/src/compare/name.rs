//! Two names, token by token and in any order: by sound, by initial, by edit distance.
//!
//! Used for the person's and the mother's name. Which tokens agree is kept, for a rare one says more than `Siti`.

use crate::Name;
use crate::level::levels;
use crate::name::Token;

levels! {
    /// How far two names agree.
    pub enum NameLevel {
        /// Written alike, titles aside.
        Exact = "exact",
        /// The same tokens by sound, in any order and spacing: Soekarno and Sukarno.
        Sound = "sound",
        /// The same tokens, some of them given by an initial.
        Abbreviated = "abbreviated",
        /// One has tokens more than the other.
        Contained = "contained",
        /// The same but for a slip in a token.
        Close = "close",
        /// Some token agrees, some does not.
        Partial = "partial",
        Different = "different",
    }
}

/// Tokens at most this far apart (Jaro-Winkler) may be one token with a slip.
const CLOSE_SIMILARITY: f64 = 0.9;
/// In shorter words one letter is too much.
const MIN_CLOSE_LENGTH: usize = 4;
const MAX_LENGTHS_APART: usize = 3;

/// What two names have in common.
pub(crate) struct NameAgreement {
    pub(crate) level: NameLevel,
    /// By the key of the agreeing token.
    pub(crate) shared: Vec<(u64, TokenShare)>,
}

/// Whether two tokens are taken as one.
type SameToken = fn(&Token, &Token) -> bool;

/// In which way a token is in both names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenShare {
    Sound,
    Initial,
    Close,
}

pub(super) fn compare(left: &Name, right: &Name) -> NameAgreement {
    let (short, long) = if left.tokens().len() <= right.tokens().len() {
        (left, right)
    } else {
        (right, left)
    };
    let mut rest_short: Vec<&Token> = short.tokens().iter().collect();
    let mut rest_long: Vec<&Token> = long.tokens().iter().collect();
    let mut shared = Vec::new();
    let ways: [(TokenShare, SameToken); 3] = [
        (TokenShare::Sound, |a, b| a.key == b.key),
        (TokenShare::Initial, is_initial_of),
        (TokenShare::Close, is_close_to),
    ];
    for (share, agrees) in ways {
        rest_short.retain(|token| {
            let Some(found) = rest_long.iter().position(|other| agrees(token, other)) else {
                return true;
            };
            let other = rest_long.remove(found);
            let whole = if token.is_initial() { other } else { token };
            shared.push((whole.key, share));
            false
        });
    }
    let level = level(short, long, &shared, rest_short.len(), rest_long.len());
    NameAgreement { level, shared }
}

fn level(
    short: &Name,
    long: &Name,
    shared: &[(u64, TokenShare)],
    left_over: usize,
    added: usize,
) -> NameLevel {
    let has = |wanted: TokenShare| shared.iter().any(|(_, share)| *share == wanted);
    if left_over > 0 {
        return if short.joined_key() == long.joined_key() {
            NameLevel::Sound
        } else if has(TokenShare::Sound) || has(TokenShare::Close) {
            NameLevel::Partial
        } else {
            NameLevel::Different
        };
    }
    if has(TokenShare::Close) {
        NameLevel::Close
    } else if has(TokenShare::Initial) {
        NameLevel::Abbreviated
    } else if added > 0 {
        NameLevel::Contained
    } else if written(short).eq(written(long)) {
        NameLevel::Exact
    } else {
        NameLevel::Sound
    }
}

fn written(name: &Name) -> impl Iterator<Item = &str> {
    name.tokens().iter().map(|token| &*token.written)
}

fn is_initial_of(left: &Token, right: &Token) -> bool {
    (left.is_initial() || right.is_initial()) && left.written.chars().next() == right.written.chars().next()
}

/// Most pairs of words share neither end; looking at those first spares the distances.
fn is_close_to(left: &Token, right: &Token) -> bool {
    let (left, right) = (&*left.sound, &*right.sound);
    if left.len() < MIN_CLOSE_LENGTH || right.len() < MIN_CLOSE_LENGTH {
        return false;
    }
    let lengths_apart = left.len().abs_diff(right.len());
    let same_start = left.chars().next() == right.chars().next();
    let same_end = left.chars().next_back() == right.chars().next_back();
    let one_slip = || strsim::osa_distance(left, right) <= 1;
    let similar = || strsim::jaro_winkler(left, right) >= CLOSE_SIMILARITY;
    (lengths_apart <= 1 && (same_start || same_end) && one_slip())
        || (lengths_apart <= MAX_LENGTHS_APART && same_start && similar())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_write_a_name_has_its_level() {
        let cases = [
            ("Hj. Siti Aminah", "SITI AMINAH", NameLevel::Exact),
            ("Soekarno", "Sukarno", NameLevel::Sound),
            ("Dewi Lestari", "Lestari Dewi", NameLevel::Sound),
            ("Abdul Rahman", "Abdulrahman", NameLevel::Sound),
            ("Moh. Rizki Ramadhan", "Muhammad Rizky Ramadan", NameLevel::Sound),
            ("M. Rizki R", "Muhammad Rizki Ramadhan", NameLevel::Abbreviated),
            ("Siti Nurjanah", "Nurjanah", NameLevel::Contained),
            ("Bambang Susilo", "Bambang Sudilo", NameLevel::Close),
            ("Bambang Susilo", "Bambang Hartono", NameLevel::Partial),
            ("Bambang Susilo", "Sri Wahyuni", NameLevel::Different),
        ];
        for (left, right, level) in cases {
            let (left_name, right_name) = (Name::new(left).unwrap(), Name::new(right).unwrap());
            assert_eq!(compare(&left_name, &right_name).level, level, "{left} / {right}");
            assert_eq!(compare(&right_name, &left_name).level, level, "{right} / {left}");
        }
    }
}
