//! Which pairs are looked at: those that share a key of some pass.
//!
//! Owns the passes and the index of the persons by key; a registry row of any number streams past it. Every pass
//! survives the errors that break another: a wrong NIK, a misspelt name, a wrong date, a move.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::quality::FixedState;
use serasi_geography::RegionCode;

use crate::name::Token;
use crate::{Birth, Identity, Name};

/// A key that more persons share says too little; other passes find them.
const MAX_BLOCK_PERSONS: usize = 400;
/// Among very many persons a key must say more, or a row would be compared with hundreds: shared by at most so many of
/// all, and never by fewer than the least.
const MAX_BLOCK_OF_ALL: usize = 8_000_000;
const LEAST_BLOCK_PERSONS: usize = 8;
/// At most so many persons are compared with one row.
pub(crate) const MAX_CANDIDATES: usize = 2_000;
/// Of a key, beside its bucket: two keys of one bucket are taken for one once in 65,536 times, and comparison tells.
type Tag = u16;

/// Persons by the keys of all passes: six bytes an entry, and two memory reads a look.
pub(crate) struct Blocks {
    /// Where each bucket begins among the entries; the last is the end.
    starts: Vec<u32>,
    tags: Vec<Tag>,
    persons: Vec<u32>,
}

/// A key of one pass.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    hash: u64,
    /// Whether it is enough to look closer: a part of a NIK.
    is_strong: bool,
}

/// What a look for candidates needs, kept between rows to spare the memory's allocation.
#[derive(Default)]
pub(crate) struct Search {
    keys: Vec<Key>,
    places: Vec<(Range<usize>, Key)>,
    found: Vec<u32>,
}

impl Blocks {
    pub(crate) fn of(persons: &[Identity]) -> Self {
        let count = u32::try_from(persons.len()).unwrap_or(u32::MAX);
        Self::of_each(count, |person, keys| {
            if let Some(identity) = usize::try_from(person).ok().and_then(|at| persons.get(at)) {
                keys_of(identity, keys);
            }
        })
    }

    /// Asks twice for the keys of everybody: once to count, once to place them, so that nothing is held twice.
    pub(crate) fn of_each(count: u32, mut keys_of_person: impl FnMut(u32, &mut Vec<Key>)) -> Self {
        let mut keys = Vec::new();
        let mut hashes_of = |person: u32, hashes: &mut Vec<u64>| {
            keys_of_person(person, &mut keys);
            hashes.clear();
            hashes.extend(keys.iter().map(|key| key.hash));
            hashes.sort_unstable();
            hashes.dedup();
        };
        let buckets = 8 * usize::try_from(count.max(4))
            .unwrap_or(usize::MAX)
            .next_power_of_two();
        let mut starts = vec![0_u32; buckets + 1];
        let mut hashes = Vec::new();
        for person in 0..count {
            hashes_of(person, &mut hashes);
            for hash in &hashes {
                if let Some(next) = starts.get_mut(bucket_of(*hash, buckets) + 1) {
                    *next += 1;
                }
            }
        }
        let mut all = 0;
        for start in &mut starts {
            all += *start;
            *start = all;
        }
        let entries = usize::try_from(all).unwrap_or(usize::MAX);
        let (mut tags, mut placed) = (vec![0; entries], vec![0; entries]);
        // Filled from the end of each bucket, so that in the end its mark stands at its beginning.
        for person in (0..count).rev() {
            hashes_of(person, &mut hashes);
            for hash in &hashes {
                let Some(end) = starts.get_mut(bucket_of(*hash, buckets) + 1) else {
                    continue;
                };
                *end -= 1;
                let at = usize::try_from(*end).unwrap_or(usize::MAX);
                if let (Some(tag), Some(place)) = (tags.get_mut(at), placed.get_mut(at)) {
                    (*tag, *place) = (tag_of(*hash), person);
                }
            }
        }
        // Each mark has moved to the beginning of its bucket, one place too far on.
        starts.remove(0);
        starts.push(all);
        Self {
            starts,
            tags,
            persons: placed,
        }
        .without_large(max_block(count))
    }

    /// Leaves out blocks that too many share: who is in one is found by another key.
    fn without_large(mut self, most: usize) -> Self {
        let (mut kept, mut begin) = (0, 0);
        let mut bucket: Vec<(Tag, u32)> = Vec::new();
        for at in 0..self.starts.len() {
            let end = self.starts.get(at + 1).copied().unwrap_or(begin);
            let (from, to) = (place(begin), place(end));
            bucket.clear();
            let tags = self.tags.get(from..to).unwrap_or_default();
            let persons = self.persons.get(from..to).unwrap_or_default();
            bucket.extend(tags.iter().copied().zip(persons.iter().copied()));
            bucket.sort_unstable();
            if let Some(start) = self.starts.get_mut(at) {
                *start = u32::try_from(kept).unwrap_or(u32::MAX);
            }
            for block in bucket.chunk_by(|left, right| left.0 == right.0) {
                if block.len() > most {
                    continue;
                }
                for (tag, person) in block {
                    if let (Some(to_tag), Some(to_person)) =
                        (self.tags.get_mut(kept), self.persons.get_mut(kept))
                    {
                        (*to_tag, *to_person) = (*tag, *person);
                        kept += 1;
                    }
                }
            }
            begin = end;
        }
        self.tags.truncate(kept);
        self.persons.truncate(kept);
        self.tags.shrink_to_fit();
        self.persons.shrink_to_fit();
        self
    }

    /// The persons that may be this row, each once, in order: those that share at least `least` keys, or a strong one.
    pub(crate) fn candidates<'a>(&self, row: &Identity, search: &'a mut Search, least: usize) -> &'a [u32] {
        let Search { keys, places, found } = search;
        keys_of(row, keys);
        found.clear();
        let buckets = self.starts.len().saturating_sub(1);
        // Where to look for all keys first, then the looks: nearly each waits for memory, and so they wait together.
        places.clear();
        places.extend(keys.iter().filter_map(|key| {
            let bucket = bucket_of(key.hash, buckets);
            let (start, end) = (self.starts.get(bucket)?, self.starts.get(bucket + 1)?);
            (start != end).then(|| (place(*start)..place(*end), *key))
        }));
        for (range, key) in places.drain(..) {
            let tag = tag_of(key.hash);
            let tags = self.tags.get(range.clone()).unwrap_or_default();
            let persons = self.persons.get(range).unwrap_or_default();
            for (_, person) in tags.iter().zip(persons).filter(|(of_entry, _)| **of_entry == tag) {
                let times = if key.is_strong { least } else { 1 };
                found.extend(std::iter::repeat_n(*person, times));
            }
        }
        found.sort_unstable();
        if least > 1 {
            keep_repeated(found, least);
        } else {
            found.dedup();
        }
        found.truncate(MAX_CANDIDATES);
        found
    }
}

/// Of a sorted list, each that stands there at least so often, once.
fn keep_repeated(found: &mut Vec<u32>, least: usize) {
    let mut kept = 0;
    let mut at = 0;
    while let Some(person) = found.get(at).copied() {
        let times = found
            .iter()
            .skip(at)
            .take_while(|other| **other == person)
            .count();
        if times >= least
            && let Some(place) = found.get_mut(kept)
        {
            *place = person;
            kept += 1;
        }
        at += times;
    }
    found.truncate(kept);
}

fn max_block(persons: u32) -> usize {
    let persons = place(persons.max(1));
    (MAX_BLOCK_OF_ALL / persons).clamp(LEAST_BLOCK_PERSONS, MAX_BLOCK_PERSONS)
}

/// `buckets` is a power of two.
fn bucket_of(hash: u64, buckets: usize) -> usize {
    usize::try_from(hash >> 16).unwrap_or(usize::MAX) & buckets.saturating_sub(1)
}

#[expect(clippy::cast_possible_truncation, reason = "a tag is the last bits of a hash")]
const fn tag_of(hash: u64) -> Tag {
    hash as Tag
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// The passes. The number keeps keys of different passes apart.
#[derive(Clone, Copy, Hash)]
enum Pass {
    NikHead,
    NikTail,
    NikBirthAndToken,
    TokenAndBirthYear,
    BirthDateAndRegency,
    MotherTokenAndBirthDate,
    TwoTokensAndRegency,
    TokenAndDistrict,
    TokenAndDayAndRegency,
    NameAndMother,
    MotherAndBirthYear,
    /// The first letters outlive most slips.
    StartAndBirthDate,
    /// A rare name is found wherever its bearer lives; a common one shares its key with too many.
    WholeName,
}

pub(crate) fn keys_of(identity: &Identity, keys: &mut Vec<Key>) {
    keys.clear();
    let mut add = |pass: Pass, parts: [u64; 3]| {
        keys.push(Key {
            hash: FixedState::default().hash_one((pass, parts)),
            is_strong: matches!(pass, Pass::NikHead | Pass::NikTail),
        });
    };
    let regency = identity.place.and_then(RegionCode::regency).map(place_key);
    let birth_date = identity.birth.and_then(Birth::full);

    if let Some(nik) = identity.nik {
        add(Pass::NikHead, [nik.head(), 0, 0]);
        add(Pass::NikTail, [nik.tail(), 0, 0]);
    }
    if let (Some(date), Some(regency)) = (birth_date, regency) {
        add(Pass::BirthDateAndRegency, [date, regency, 0]);
    }
    for token in tokens(identity.mother_name.as_ref()) {
        if let Some(date) = birth_date {
            add(Pass::MotherTokenAndBirthDate, [token.key, date, 0]);
        }
    }
    if let (Some(mother), Some(birth)) = (&identity.mother_name, identity.birth) {
        add(
            Pass::MotherAndBirthYear,
            [mother.joined_key(), u64::from(birth.year), 0],
        );
    }
    if let Some(name) = &identity.name {
        add(Pass::WholeName, [name.joined_key(), 0, 0]);
    }
    if let (Some(name), Some(mother)) = (&identity.name, &identity.mother_name) {
        add(Pass::NameAndMother, [name.joined_key(), mother.joined_key(), 0]);
    }
    for (position, token) in tokens(identity.name.as_ref()).enumerate() {
        keys_of_token(identity, token, &mut add);
        for other in tokens(identity.name.as_ref()).skip(position + 1) {
            if let Some(regency) = regency {
                let pair = [token.key.min(other.key), token.key.max(other.key), regency];
                add(Pass::TwoTokensAndRegency, pair);
            }
        }
    }
}

/// The passes that join one word of the name with something else.
fn keys_of_token(identity: &Identity, token: &Token, add: &mut impl FnMut(Pass, [u64; 3])) {
    let regency = identity.place.and_then(RegionCode::regency).map(place_key);
    let district = identity.place.and_then(RegionCode::district).map(place_key);
    if let Some(nik) = identity.nik {
        add(Pass::NikBirthAndToken, [nik.birth_part(), token.key, 0]);
    }
    if let Some(district) = district {
        add(Pass::TokenAndDistrict, [token.key, district, 0]);
    }
    let Some(birth) = identity.birth else { return };
    add(Pass::TokenAndBirthYear, [token.key, u64::from(birth.year), 0]);
    let Some(date) = birth.full() else { return };
    add(Pass::StartAndBirthDate, [token.start_key(), date, 0]);
    if let Some(regency) = regency {
        add(Pass::TokenAndDayAndRegency, [token.key, date % 10_000, regency]);
    }
}

/// Initials stand for too many.
fn tokens(name: Option<&Name>) -> impl Iterator<Item = &Token> {
    let tokens = name.map_or(&[][..], Name::tokens).iter();
    tokens.filter(|token| !token.is_initial())
}

fn place_key(place: RegionCode) -> u64 {
    FixedState::default().hash_one(place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RawIdentity;
    use crate::population::{Size, invent};

    #[test]
    fn nearly_every_true_row_finds_its_person_among_few() {
        let population = invent(
            Size {
                rows: 10_000,
                persons: 1_000,
            },
            11,
        );
        let parse = |raw: RawIdentity<'_>| Identity::parse(&raw).unwrap();
        let persons: Vec<Identity> = population
            .persons
            .iter()
            .map(|person| parse(person.raw()))
            .collect();
        let blocks = Blocks::of(&persons);
        let mut search = Search::default();
        let (mut looked_at, mut registered, mut met) = (0, 0, 0);
        for (position, row) in population.rows.iter().enumerate() {
            let found = blocks.candidates(&parse(row.raw()), &mut search, 1);
            looked_at += found.len();
            if let Some(person) = population.truth.iter().position(|truth| *truth == Some(position)) {
                registered += 1;
                met += usize::from(found.contains(&u32::try_from(person).unwrap()));
            }
        }
        assert!(met * 1_000 >= registered * 980, "{met} of {registered}");
        assert!(looked_at <= population.rows.len() * 20, "{looked_at} pairs");
    }

    #[test]
    fn a_key_that_too_many_share_is_passed_over() {
        let namesake = RawIdentity {
            name: "Siti",
            birth: "1970",
            ..RawIdentity::default()
        };
        let row = Identity::parse(&namesake).unwrap();
        let found = |persons: usize| {
            let mut search = Search::default();
            let blocks = Blocks::of(&vec![row.clone(); persons]);
            blocks.candidates(&row, &mut search, 1).len()
        };
        assert_eq!(found(MAX_BLOCK_PERSONS), MAX_BLOCK_PERSONS);
        assert_eq!(found(MAX_BLOCK_PERSONS + 1), 0);
    }
}
