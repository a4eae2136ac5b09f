//! Which pairs are looked at: those that share a key of some pass.
//!
//! Owns the passes and the index of the persons by key; a registry row of any number streams past it. Every pass
//! survives the errors that break another: a wrong NIK, a misspelt name, a wrong date, a move.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

use foldhash::quality::FixedState;
use serasi_geography::RegionCode;

use crate::name::Token;
use crate::{Birth, Identity, Name};

/// A key that more persons share says too little; other passes find them.
const MAX_BLOCK_PERSONS: usize = 400;
/// At most so many persons are compared with one row.
pub(crate) const MAX_CANDIDATES: usize = 2_000;

/// Persons by the keys of all passes.
pub(crate) struct Blocks {
    /// Sorted by key, then person.
    persons: Vec<u32>,
    /// Where the persons of a key start, and how many they are. Keys are hashes already.
    by_key: HashMap<u64, (u32, u32), Unhashed>,
}

type Unhashed = BuildHasherDefault<Unchanged>;

/// Takes a key that is a hash as it is.
#[derive(Default)]
struct Unchanged(u64);

impl Hasher for Unchanged {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("keys are numbers");
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// What a look for candidates needs, kept between rows to spare the memory's allocation.
#[derive(Default)]
pub(crate) struct Search {
    keys: Vec<u64>,
    found: Vec<u32>,
}

impl Blocks {
    pub(crate) fn of(persons: &[Identity]) -> Self {
        let mut entries = Vec::new();
        let mut keys = Vec::new();
        for (person, identity) in (0_u32..).zip(persons) {
            keys_of(identity, &mut keys);
            entries.extend(keys.iter().map(|key| (*key, person)));
        }
        entries.sort_unstable();
        entries.dedup();
        let mut blocks = Self {
            persons: Vec::with_capacity(entries.len()),
            by_key: HashMap::default(),
        };
        for block in entries.chunk_by(|left, right| left.0 == right.0) {
            // Who shares a key with too many is found by another.
            if let (Some((key, _)), true) = (block.first(), block.len() <= MAX_BLOCK_PERSONS) {
                let start = u32::try_from(blocks.persons.len()).unwrap_or(u32::MAX);
                let length = u32::try_from(block.len()).unwrap_or(u32::MAX);
                blocks.by_key.insert(*key, (start, length));
                blocks.persons.extend(block.iter().map(|(_, person)| *person));
            }
        }
        blocks
    }

    /// The persons that may be this row, each once, in order.
    pub(crate) fn candidates<'a>(&self, row: &Identity, search: &'a mut Search) -> &'a [u32] {
        let Search { keys, found } = search;
        keys_of(row, keys);
        found.clear();
        for (start, length) in keys.iter().filter_map(|key| self.by_key.get(key)) {
            let block = usize::try_from(*start)
                .ok()
                .and_then(|start| self.persons.get(start..));
            let length = usize::try_from(*length).unwrap_or(usize::MAX);
            found.extend(block.unwrap_or_default().iter().take(length));
        }
        found.sort_unstable();
        found.dedup();
        found.truncate(MAX_CANDIDATES);
        found
    }
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

fn keys_of(identity: &Identity, keys: &mut Vec<u64>) {
    keys.clear();
    let mut add = |pass: Pass, parts: [u64; 3]| keys.push(FixedState::default().hash_one((pass, parts)));
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
            let found = blocks.candidates(&parse(row.raw()), &mut search);
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
            blocks.candidates(&row, &mut search).len()
        };
        assert_eq!(found(MAX_BLOCK_PERSONS), MAX_BLOCK_PERSONS);
        assert_eq!(found(MAX_BLOCK_PERSONS + 1), 0);
    }
}
