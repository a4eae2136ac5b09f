//! How people get written down: what the registry has, and what somebody says in the field.
//!
//! Shares are judgement. Each error is one function, so that a figure can be traced to what it stands for.

use std::collections::HashMap;
use std::sync::LazyLock;

use rand::Rng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Fields;
use super::people::{Born, People, Someone, nik_again};
use crate::Sex;

/// Spellings of single names.
static VARIANTS: LazyLock<HashMap<String, Vec<String>>> = LazyLock::new(variants);
/// Rewriting rules, from the rarer or older form; used in reverse too.
static RULES: LazyLock<Vec<(String, String)>> = LazyLock::new(rules);

const TITLES: [&str; 6] = ["H.", "Hj.", "Pak", "Ibu", "Drs.", "Alm."];

/// A row of the registry: mostly right, for an officer had the papers.
pub(super) fn as_registry_has(person: &Someone, people: &People, rng: &mut ChaCha8Rng) -> Fields {
    Fields {
        nik: blank(0.03, rng, |rng| mistype(0.02, person.nik.clone(), rng)),
        name: written(&person.name, 0.15, rng),
        birth: if rng.random_bool(0.05) {
            placeholder(person.born)
        } else {
            day(person.born)
        },
        sex: sex(person.sex, 0.005, rng),
        place: if rng.random_bool(0.04) {
            people.any_village(rng)
        } else {
            person.village
        }
        .to_string(),
        mother_name: blank(0.15, rng, |rng| written(&person.mother_name, 0.2, rng)),
    }
}

/// What is said to an outreach worker: half of it, from memory.
pub(super) fn as_person_says(person: &Someone, people: &People, rng: &mut ChaCha8Rng) -> Fields {
    Fields {
        nik: blank(0.5, rng, |rng| {
            if rng.random_bool(0.05) {
                nik_again(people.any_village(rng), person.born, person.sex, rng)
            } else {
                mistype(0.08, person.nik.clone(), rng)
            }
        }),
        name: written(&person.name, 0.45, rng),
        birth: remembered(person.born, rng),
        sex: blank(0.03, rng, |rng| sex(person.sex, 0.01, rng)),
        place: blank(0.05, rng, |rng| place(person, people, rng)),
        mother_name: blank(0.5, rng, |rng| written(&person.mother_name, 0.45, rng)),
    }
}

fn blank(missing: f64, rng: &mut ChaCha8Rng, value: impl FnOnce(&mut ChaCha8Rng) -> String) -> String {
    if rng.random_bool(missing) {
        String::new()
    } else {
        value(rng)
    }
}

fn sex(sex: Sex, wrong: f64, rng: &mut ChaCha8Rng) -> String {
    let is_female = (sex == Sex::Female) != rng.random_bool(wrong);
    if is_female { "P" } else { "L" }.to_owned()
}

fn place(person: &Someone, people: &People, rng: &mut ChaCha8Rng) -> String {
    let village = if rng.random_bool(0.1) {
        people.any_village(rng)
    } else {
        person.village
    };
    let known = match rng.random_range(0..10) {
        0..3 => village.regency(),
        3..8 => village.district(),
        _ => Some(village),
    };
    known.unwrap_or(village).to_string()
}

/// One digit wrong, or two side by side swapped.
fn mistype(wrong: f64, nik: String, rng: &mut ChaCha8Rng) -> String {
    if !rng.random_bool(wrong) {
        return nik;
    }
    let mut digits: Vec<char> = nik.chars().collect();
    let at = rng.random_range(1..digits.len());
    if rng.random_bool(0.3) {
        digits.swap(at - 1, at);
    } else if let Some(digit) = digits.get_mut(at) {
        *digit = *['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']
            .choose(rng)
            .unwrap_or(&'0');
    }
    digits.into_iter().collect()
}

fn remembered(born: Born, rng: &mut ChaCha8Rng) -> String {
    match rng.random_range(0..100) {
        0..8 => String::new(),
        8..28 => born.year.to_string(),
        28..36 => placeholder(born),
        36..41 => (born.year + rng.random_range(0..5) - 2).to_string(),
        41..44 if born.day <= 12 => day(Born {
            day: born.month,
            month: born.day,
            ..born
        }),
        44..49 => day(Born {
            day: rng.random_range(1..=28),
            ..born
        }),
        _ => day(born),
    }
}

fn day(born: Born) -> String {
    format!("{:04}-{:02}-{:02}", born.year, born.month, born.day)
}

fn placeholder(born: Born) -> String {
    format!("{:04}-01-01", born.year)
}

/// A name as somebody writes it; `astray` of them differ from the KTP.
fn written(name: &[String], astray: f64, rng: &mut ChaCha8Rng) -> String {
    let mut words = name.to_vec();
    if rng.random_bool(astray) {
        for _ in 0..rng.random_range(1..=2) {
            write_astray(&mut words, rng);
        }
    }
    words.join(" ")
}

fn write_astray(words: &mut Vec<String>, rng: &mut ChaCha8Rng) {
    let at = rng.random_range(0..words.len());
    let kind = rng.random_range(0..20);
    let is_long = words.len() > 1;
    let Some(word) = words.get_mut(at) else { return };
    match kind {
        0..5 => *word = variant(word, rng),
        5..9 => *word = respelt(word, rng),
        9..12 => *word = slipped(word, rng),
        12..14 if is_long && at > 0 => *word = word.chars().take(1).chain(['.']).collect(),
        14..16 if is_long => {
            words.remove(at);
        }
        16..17 => words.shuffle(rng),
        _ => words.insert(0, (*TITLES.choose(rng).unwrap_or(&"Pak")).to_owned()),
    }
}

fn variant(word: &str, rng: &mut ChaCha8Rng) -> String {
    let spellings = VARIANTS.get(&word.to_lowercase());
    let chosen = spellings.and_then(|spellings| spellings.choose(rng));
    chosen.cloned().unwrap_or_else(|| respelt(word, rng))
}

/// By a rule that applies, forward or backward.
fn respelt(word: &str, rng: &mut ChaCha8Rng) -> String {
    let lower = word.to_lowercase();
    let both_ways = RULES.iter().flat_map(|(from, to)| [(from, to), (to, from)]);
    let applying: Vec<_> = both_ways
        .filter(|(from, _)| lower.contains(from.as_str()))
        .collect();
    let chosen = applying.choose(rng);
    chosen.map_or(lower.clone(), |(from, to)| lower.replacen(from.as_str(), to, 1))
}

/// A letter left out, doubled, or swapped with the next.
fn slipped(word: &str, rng: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = word.to_lowercase().chars().collect();
    if letters.len() < 3 {
        return word.to_owned();
    }
    let at = rng.random_range(1..letters.len());
    match rng.random_range(0..3) {
        0 => {
            letters.remove(at);
        }
        1 => letters.insert(
            at,
            ['a', 'i', 'u', 'n', 'r', 's'].choose(rng).copied().unwrap_or('a'),
        ),
        _ => letters.swap(at - 1, at),
    }
    letters.into_iter().collect()
}

fn variants() -> HashMap<String, Vec<String>> {
    let mut reader = csv::Reader::from_reader(include_bytes!("../../data/name_variants.csv").as_slice());
    let mut variants: HashMap<String, Vec<String>> = HashMap::new();
    for row in reader.deserialize::<(String, String, String)>() {
        let (canonical, variant, _kind) = row.expect("the embedded variants are well formed");
        variants
            .entry(canonical.to_lowercase())
            .or_default()
            .push(variant);
    }
    variants
}

fn rules() -> Vec<(String, String)> {
    let mut reader = csv::Reader::from_reader(include_bytes!("../../data/name_rules.csv").as_slice());
    let rows = reader.deserialize::<(String, String, String, String, u32)>();
    rows.map(|row| row.expect("the embedded rules are well formed"))
        .map(|(from, to, ..)| (from, to))
        // Ends of words and marks are not letters for letters.
        .filter(|(from, to)| !from.is_empty() && !to.is_empty() && !from.contains('$'))
        .collect()
}
