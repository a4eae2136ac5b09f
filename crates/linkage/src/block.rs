//! Which pairs are looked at: those that share a key of some pass.
//!
//! Owns the passes and the index of the persons by key; a registry row of any number streams past it. Every pass
//! survives the errors that break another: a wrong NIK, a misspelt name, a wrong date, a move.

mod filter;
mod keys;
mod search;

pub(crate) use keys::{Key, keys_of};
pub(crate) use search::{Candidate, Search};

use self::filter::Filter;
use self::keys::Says;
use crate::Identity;
use crate::compare::Side;

/// A key that more persons share says too little; other passes find them.
const MAX_BLOCK_PERSONS: usize = 400;
/// Among very many persons a key must say more, or a row would be compared with hundreds: shared by at most so many of
/// all, and never by fewer than the least.
const MAX_BLOCK_OF_ALL: usize = 8_000_000;
const LEAST_BLOCK_PERSONS: usize = 8;
/// A key that no more share says something, whatever it is. Where everybody is looked for thoroughly, a rare name is found
/// wherever its bearer lives.
const FEW_PERSONS: usize = 4;
/// At most so many persons are compared with one row.
pub(crate) const MAX_CANDIDATES: usize = 2_000;
/// Of a key, beside its bucket: two keys of one bucket are taken for one once in 65,536 times, and comparison tells.
type Tag = u16;

/// How many buckets there are for a person: so many that a bucket is of few keys.
const BUCKETS_OF_PERSON: usize = 4;

/// Persons by the keys of all passes: six bytes an entry, and one memory read a look at a key that nobody has.
pub(crate) struct Blocks {
    filter: Filter,
    /// Where each bucket begins among the entries; the last is the end.
    starts: Vec<u32>,
    entries: Vec<Entry>,
}

/// Somebody in a bucket, and the tag of the key that put them there: in six bytes, which one memory read brings.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Entry([u16; 3]);

impl Entry {
    #[expect(clippy::cast_possible_truncation, reason = "both halves are kept")]
    const fn new(tag: Tag, person: u32) -> Self {
        Self([tag, (person >> 16) as u16, person as u16])
    }

    const fn tag(self) -> Tag {
        let [tag, _, _] = self.0;
        tag
    }

    fn person(self) -> u32 {
        let [_, high, low] = self.0;
        u32::from(high) << 16 | u32::from(low)
    }
}

/// What two must share to be looked at: two keys, or one that says enough.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Demand {
    /// Little is enough where few share the key.
    Thorough,
    /// Among very many persons one key is chance.
    Quick,
}

impl Demand {
    /// Whether one key of a block of so many persons is enough.
    fn is_met_by(self, key: Key, persons: usize) -> bool {
        match self {
            Self::Thorough => key.says >= Says::Something || persons <= FEW_PERSONS,
            Self::Quick => key.says == Says::Much,
        }
    }
}

impl Blocks {
    pub(crate) fn of(persons: &[Identity]) -> Self {
        let count = u32::try_from(persons.len()).unwrap_or(u32::MAX);
        Self::of_each(count, |person, keys| {
            if let Some(identity) = usize::try_from(person).ok().and_then(|at| persons.get(at)) {
                keys_of(&Side::of(identity), keys);
            }
        })
    }

    /// Asks twice for the keys of everybody: once to count, once to place them, so that nothing is held twice.
    pub(crate) fn of_each(count: u32, mut keys_of_person: impl FnMut(u32, &mut Vec<Key>)) -> Self {
        let mut keys = Vec::new();
        let mut hashes_of = |person: u32, hashes: &mut Vec<u64>| {
            keys.clear();
            keys_of_person(person, &mut keys);
            hashes.clear();
            hashes.extend(keys.iter().map(|key| key.hash));
            hashes.sort_unstable();
            hashes.dedup();
        };
        let buckets = BUCKETS_OF_PERSON * place(count.max(4)).next_power_of_two();
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
        let mut placed = vec![Entry::default(); entries];
        // Filled from the end of each bucket, so that in the end its mark stands at its beginning.
        for person in (0..count).rev() {
            hashes_of(person, &mut hashes);
            for hash in &hashes {
                let Some(end) = starts.get_mut(bucket_of(*hash, buckets) + 1) else {
                    continue;
                };
                *end -= 1;
                let at = usize::try_from(*end).unwrap_or(usize::MAX);
                if let Some(place) = placed.get_mut(at) {
                    *place = Entry::new(tag_of(*hash), person);
                }
            }
        }
        // Each mark has moved to the beginning of its bucket, one place too far on.
        starts.remove(0);
        starts.push(all);
        Self {
            filter: Filter::for_persons(count),
            starts,
            entries: placed,
        }
        .without_large(max_block(count))
    }

    /// Leaves out blocks that too many share: who is in one is found by another key.
    fn without_large(mut self, most: usize) -> Self {
        let (mut kept, mut begin) = (0, 0);
        let mut bucket: Vec<Entry> = Vec::new();
        for at in 0..self.starts.len() {
            let end = self.starts.get(at + 1).copied().unwrap_or(begin);
            bucket.clear();
            bucket.extend(self.entries.get(place(begin)..place(end)).unwrap_or_default());
            bucket.sort_unstable_by_key(|entry| (entry.tag(), entry.person()));
            if let Some(start) = self.starts.get_mut(at) {
                *start = u32::try_from(kept).unwrap_or(u32::MAX);
            }
            for block in bucket.chunk_by(|left, right| left.tag() == right.tag()) {
                if block.len() > most {
                    continue;
                }
                if let Some(entry) = block.first() {
                    self.filter.add(hash_of(at, entry.tag()));
                }
                if let Some(places) = self.entries.get_mut(kept..kept + block.len()) {
                    places.copy_from_slice(block);
                    kept += block.len();
                }
            }
            begin = end;
        }
        self.entries.truncate(kept);
        self.entries.shrink_to_fit();
        self
    }
}

fn max_block(persons: u32) -> usize {
    let persons = place(persons.max(1));
    (MAX_BLOCK_OF_ALL / persons).clamp(LEAST_BLOCK_PERSONS, MAX_BLOCK_PERSONS)
}

/// `buckets` is a power of two.
fn bucket_of(hash: u64, buckets: usize) -> usize {
    usize::try_from(hash >> Tag::BITS).unwrap_or(usize::MAX) & buckets.saturating_sub(1)
}

#[expect(clippy::cast_possible_truncation, reason = "a tag is the last bits of a hash")]
const fn tag_of(hash: u64) -> Tag {
    hash as Tag
}

/// The last bits of the hash of a key: all that its bucket and its tag tell.
fn hash_of(bucket: usize, tag: Tag) -> u64 {
    u64::try_from(bucket).unwrap_or(u64::MAX) << Tag::BITS | u64::from(tag)
}

fn place(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RawIdentity;
    use crate::population::{Size, invent};

    fn found(blocks: &Blocks, row: &Identity, demand: Demand) -> Vec<u32> {
        let mut search = Search::default();
        let found = blocks.candidates(std::iter::once(row), &mut search, demand);
        found.iter().map(|candidate| candidate.person).collect()
    }

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
        let (mut looked_at, mut registered, mut met) = (0, 0, 0);
        for (position, row) in population.rows.iter().enumerate() {
            let found = found(&blocks, &parse(row.raw()), Demand::Thorough);
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
    fn a_person_of_any_number_and_a_tag_stay_what_they_are() {
        for person in [0, 1, 65_535, 65_536, 1_000_000, u32::MAX] {
            let entry = Entry::new(0xabcd, person);
            assert_eq!((entry.tag(), entry.person()), (0xabcd, person));
        }
    }

    #[test]
    fn one_key_that_says_little_is_enough_where_few_share_it_and_never_among_very_many() {
        let only_a_name = RawIdentity {
            name: "Siti Contoh",
            ..RawIdentity::default()
        };
        let row = Identity::parse(&only_a_name).unwrap();
        let count = |persons: usize, demand| {
            let blocks = Blocks::of(&vec![row.clone(); persons]);
            found(&blocks, &row, demand).len()
        };
        assert_eq!(count(FEW_PERSONS, Demand::Thorough), FEW_PERSONS);
        assert_eq!(count(FEW_PERSONS + 1, Demand::Thorough), 0);
        assert_eq!(count(1, Demand::Quick), 0);
        let with_nik = RawIdentity {
            nik: "3273014107900001",
            ..RawIdentity::default()
        };
        let row = Identity::parse(&with_nik).unwrap();
        let blocks = Blocks::of(std::slice::from_ref(&row));
        assert_eq!(found(&blocks, &row, Demand::Quick).len(), 1);
    }

    #[test]
    fn a_key_that_too_many_share_is_passed_over() {
        let namesake = RawIdentity {
            name: "Siti",
            birth: "1970",
            ..RawIdentity::default()
        };
        let row = Identity::parse(&namesake).unwrap();
        let count = |persons: usize| {
            let blocks = Blocks::of(&vec![row.clone(); persons]);
            found(&blocks, &row, Demand::Thorough).len()
        };
        assert_eq!(count(MAX_BLOCK_PERSONS), MAX_BLOCK_PERSONS);
        assert_eq!(count(MAX_BLOCK_PERSONS + 1), 0);
    }
}
