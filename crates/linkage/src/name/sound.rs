//! How a word of a name sounds: one form for old and new spelling, variants and what is heard alike.
//!
//! The rewriting follows `data/name_rules.csv` (a test reads its examples), the variants are `data/name_variants.csv`.
//! It joins too much rather than too little: how rare a sound is, and the other fields, decide.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::letter;

/// In this order: what is produced by one may be taken up by a later one.
const REWRITES: [(&str, &str); 24] = [
    ("oe", "u"),
    ("dj", "y"),
    ("tj", "c"),
    ("j", "y"),
    ("sy", "s"),
    ("kh", "h"),
    ("ch", "h"),
    ("v", "p"),
    ("f", "p"),
    ("z", "s"),
    ("q", "k"),
    ("x", "ks"),
    ("dh", "d"),
    ("th", "t"),
    ("ts", "s"),
    ("ie", "i"),
    ("oo", "u"),
    ("ou", "u"),
    ("ai", "e"),
    ("ae", "e"),
    ("ay", "e"),
    ("w", "u"),
    ("o", "a"),
    ("uu", "u"),
];

/// Written form of a variant (single words) to the sound of the name it stands for.
static VARIANTS: LazyLock<HashMap<String, String, FixedState>> = LazyLock::new(load_variants);

/// No variant is longer; two words written together mostly are.
static LONGEST_VARIANT: LazyLock<usize> =
    LazyLock::new(|| VARIANTS.keys().map(String::len).max().unwrap_or_default());

/// The sound of a word in lower case.
pub(super) fn of(written: &str) -> String {
    let may_be_variant = written.len() <= *LONGEST_VARIANT;
    let variant = may_be_variant.then(|| VARIANTS.get(written)).flatten();
    variant.cloned().unwrap_or_else(|| rewrite(written))
}

/// Which letters a word has and which stand side by side, a bit each; pairs share theirs with some others.
#[derive(Clone, Copy)]
struct Signs {
    letters: u32,
    pairs: u64,
}

impl Signs {
    const fn of(word: &[u8]) -> Self {
        let mut signs = Self { letters: 0, pairs: 0 };
        let mut rest = word;
        while let [first, after @ ..] = rest {
            signs.letters |= letter(*first);
            if let [second, ..] = after {
                signs.pairs |= 1 << ((*first as u64 * 7 + *second as u64) % 64);
            }
            rest = after;
        }
        signs
    }

    const fn has(self, other: Self) -> bool {
        other.letters & !self.letters == 0 && other.pairs & !self.pairs == 0
    }
}

/// The signs of what each rewrites: where one of them is missing, nothing is to be looked for.
const REWRITTEN: [Signs; REWRITES.len()] = {
    let mut signs = [Signs { letters: 0, pairs: 0 }; REWRITES.len()];
    let mut at = 0;
    #[expect(clippy::indexing_slicing, reason = "evaluated when it is compiled")]
    while at < signs.len() {
        signs[at] = Signs::of(REWRITES[at].0.as_bytes());
        at += 1;
    }
    signs
};

fn rewrite(written: &str) -> String {
    let mut sound = written.as_bytes().to_vec();
    let mut rewritten = Vec::with_capacity(2 * sound.len());
    let mut there = Signs::of(written.as_bytes());
    for ((from, to), needed) in REWRITES.into_iter().zip(REWRITTEN) {
        if there.has(needed) && stands_in(&sound, from.as_bytes()) {
            replace(&sound, (from.as_bytes(), to.as_bytes()), &mut rewritten);
            std::mem::swap(&mut sound, &mut rewritten);
            there = Signs::of(&sound);
        }
    }
    if sound.is_ascii() {
        sound.dedup();
    }
    // Letters of one byte have been put for letters of one byte.
    let mut sound = String::from_utf8(sound).unwrap_or_default();
    if !sound.is_ascii() {
        let mut last = None;
        sound.retain(|letter| last.replace(letter) != Some(letter));
    }
    shorten_end(sound)
}

/// Words are so short that a search that prepares itself takes longer.
fn stands_in(word: &[u8], what: &[u8]) -> bool {
    match what {
        [byte] => word.contains(byte),
        [first, second] => word.windows(2).any(|pair| pair == [*first, *second]),
        _ => word.windows(what.len()).any(|part| part == what),
    }
}

/// The word with `to` wherever `from` stood.
fn replace(word: &[u8], (from, to): (&[u8], &[u8]), into: &mut Vec<u8>) {
    into.clear();
    let mut rest = word;
    while let [byte, after @ ..] = rest {
        if let Some(after) = rest.strip_prefix(from) {
            into.extend_from_slice(to);
            rest = after;
        } else {
            into.push(*byte);
            rest = after;
        }
    }
}

/// Rules of the word's end: final h is not heard, d sounds like t, y like i.
fn shorten_end(mut sound: String) -> String {
    if sound.chars().nth(2).is_none() {
        return sound;
    }
    if sound.ends_with('h') {
        sound.pop();
    }
    let end = match sound.chars().last() {
        Some('d') => 't',
        Some('y') => 'i',
        _ => return sound,
    };
    sound.pop();
    sound.push(end);
    sound
}

fn load_variants() -> HashMap<String, String, FixedState> {
    let mut reader = csv::Reader::from_reader(include_bytes!("../../data/name_variants.csv").as_slice());
    let mut sounds = HashMap::default();
    for row in reader.deserialize::<(String, String, String)>() {
        let (canonical, variant, kind) = row.expect("the embedded list of variants is well formed");
        let variant = super::lower(&variant);
        let variant = variant.trim();
        // One letter may stand for any name; the comparator of names knows initials.
        let is_word = variant.chars().count() > 1 && !variant.contains(' ') && !canonical.contains(' ');
        if is_word && matches!(kind.as_str(), "spelling" | "abbreviation") {
            sounds
                .entry(variant.to_owned())
                .or_insert_with(|| rewrite(&canonical.to_lowercase()));
        }
    }
    sounds
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rules with two outcomes, of which one had to be chosen; the comparator's edit distance covers these.
    const OTHER_OUTCOME: [&str; 3] = ["Zainal/Jainal", "Khalimah/Kalimah", "Faisal/Pesal"];

    #[test]
    fn the_examples_of_the_rules_sound_alike() {
        let mut reader = csv::Reader::from_reader(include_bytes!("../../data/name_rules.csv").as_slice());
        let mut seen = 0;
        for row in reader.records() {
            let row = row.unwrap();
            let pairs = row[3].split([' ', ',', ';']).filter(|word| word.contains('/'));
            for pair in pairs.filter(|pair| !OTHER_OUTCOME.contains(pair)) {
                let (left, right) = pair.split_once('/').unwrap();
                let sound = |text: &str| of(&crate::name::lower(text).replace(' ', ""));
                assert_eq!(sound(left), sound(right), "{pair}");
                seen += 1;
            }
        }
        assert!(seen >= 30, "only {seen} examples");
    }

    #[test]
    fn abbreviations_stand_for_their_name() {
        for short in ["muh", "moh", "mhd", "mochammad"] {
            assert_eq!(of(short), of("muhammad"), "{short}");
        }
    }

    #[test]
    fn different_names_sound_different() {
        for (left, right) in [
            ("siti", "sutini"),
            ("budi", "rudi"),
            ("ahmad", "muhammad"),
            ("sri", "suryani"),
        ] {
            assert_ne!(of(left), of(right));
        }
    }
}
