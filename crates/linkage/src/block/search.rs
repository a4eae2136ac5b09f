//! The look for the persons that some rows may be, all at once: nearly each read waits for memory, and those of many rows
//! wait together. No step branches on what another read of the same step brings.

use super::{Blocks, Demand, Key, MAX_CANDIDATES, Tag, bucket_of, keys_of, place, tag_of};
use crate::Identity;
use crate::compare::Side;

/// What a look for candidates needs, kept to spare the memory's allocation.
#[derive(Default)]
pub(crate) struct Search {
    keys: Vec<Key>,
    asked: Vec<Asked>,
    places: Vec<Place>,
    persons: Vec<u32>,
    candidates: Vec<Candidate>,
}

/// A person that may be a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// Counted from 0 among the rows of this look.
    pub(crate) row: u32,
    pub(crate) person: u32,
}

/// A key of a row.
#[derive(Clone, Copy)]
struct Asked {
    key: Key,
    row: u32,
}

/// Where the entries of a bucket stand that may be of a key.
#[derive(Clone, Copy)]
struct Place {
    start: u32,
    end: u32,
    row: u32,
    tag: Tag,
    key: Key,
}

impl Blocks {
    /// The persons that may be these rows: by row, each once, in order.
    pub(crate) fn candidates<'a, 'r>(
        &self,
        rows: impl Iterator<Item = &'r Identity>,
        search: &'a mut Search,
        demand: Demand,
    ) -> &'a [Candidate] {
        let Search {
            keys,
            asked,
            places,
            persons,
            candidates,
        } = search;
        asked.clear();
        for (row, identity) in (0..).zip(rows) {
            keys.clear();
            keys_of(&Side::of(identity), keys);
            asked.extend(keys.iter().map(|key| Asked { key: *key, row }));
        }
        keep(asked, |asked| self.filter.may_have(asked.key.hash));
        places.clear();
        places.extend(asked.iter().map(|asked| self.place_of(*asked)));
        keep(places, |place| self.may_hold(place));
        candidates.clear();
        for places in places.chunk_by(|left, right| left.row == right.row) {
            persons.clear();
            for place in places {
                self.add_block(*place, demand, persons);
            }
            persons.sort_unstable();
            add_repeated(persons, places.first().map_or(0, |place| place.row), candidates);
        }
        candidates
    }

    fn place_of(&self, asked: Asked) -> Place {
        let bucket = bucket_of(asked.key.hash, self.starts.len().saturating_sub(1));
        let start = |at: usize| self.starts.get(at).copied().unwrap_or_default();
        Place {
            start: start(bucket),
            end: start(bucket + 1),
            row: asked.row,
            tag: tag_of(asked.key.hash),
            key: asked.key,
        }
    }

    /// A bucket is in the order of tags: one that begins behind the tag has none of it.
    fn may_hold(&self, at: &Place) -> bool {
        let first = self.entries.get(place(at.start)).copied().unwrap_or_default();
        (at.start < at.end) & (first.tag() <= at.tag)
    }

    /// Whoever has the key: twice where it alone is enough.
    fn add_block(&self, at: Place, demand: Demand, persons: &mut Vec<u32>) {
        let bucket = self
            .entries
            .get(place(at.start)..place(at.end))
            .unwrap_or_default();
        let begin = persons.len();
        let block = bucket.iter().filter(|entry| entry.tag() == at.tag);
        persons.extend(block.map(|entry| entry.person()));
        let end = persons.len();
        if demand.is_met_by(at.key, end - begin) {
            persons.extend_from_within(begin..end);
        }
    }
}

/// Only those of which it is true, in their order. Branches on nothing that was read: a wrong guess would hold up all
/// reads that follow.
fn keep<T: Copy>(all: &mut Vec<T>, is_kept: impl Fn(&T) -> bool) {
    let mut kept = 0;
    for at in 0..all.len() {
        let Some(one) = all.get(at).copied() else { break };
        if let Some(place) = all.get_mut(kept) {
            *place = one;
        }
        kept += usize::from(is_kept(&one));
    }
    all.truncate(kept);
}

/// Of a sorted list, each that stands there more than once, once.
fn add_repeated(persons: &[u32], row: u32, candidates: &mut Vec<Candidate>) {
    let repeated = persons
        .chunk_by(|left, right| left == right)
        .filter(|same| same.len() > 1);
    let of_row = repeated.filter_map(|same| {
        Some(Candidate {
            row,
            person: *same.first()?,
        })
    });
    candidates.extend(of_row.take(MAX_CANDIDATES));
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashMap, HashSet};

    use super::*;
    use crate::block::{hash_of, max_block};
    use crate::population::{Size, invent};

    #[test]
    fn a_look_for_many_rows_finds_whom_a_plain_one_finds_for_each() {
        let size = Size {
            rows: 4_000,
            persons: 2_000,
        };
        let population = invent(size, 23);
        let parse = |raw| Identity::parse(&raw).unwrap();
        let persons: Vec<Identity> = population
            .persons
            .iter()
            .map(|person| parse(person.raw()))
            .collect();
        let rows: Vec<Identity> = population.rows.iter().map(|row| parse(row.raw())).collect();
        let blocks = Blocks::of(&persons);
        let buckets = blocks.starts.len() - 1;
        let keys = |identity: &Identity| {
            let mut keys = Vec::new();
            keys_of(&Side::of(identity), &mut keys);
            let last_bits = |key: Key| hash_of(bucket_of(key.hash, buckets), tag_of(key.hash));
            keys.into_iter().map(move |key| (last_bits(key), key))
        };
        let mut persons_of: HashMap<u64, HashSet<u32>> = HashMap::new();
        for (at, person) in (0..).zip(&persons) {
            for (bits, _) in keys(person) {
                persons_of.entry(bits).or_default().insert(at);
            }
        }
        persons_of.retain(|_, persons| persons.len() <= max_block(2_000));
        for demand in [Demand::Thorough, Demand::Quick] {
            let mut plain = Vec::new();
            for (at, row) in (0..).zip(&rows) {
                let mut times: BTreeMap<u32, usize> = BTreeMap::new();
                for (bits, key) in keys(row) {
                    let found = persons_of.get(&bits).into_iter().flatten();
                    let says = 1 + usize::from(demand.is_met_by(key, found.clone().count()));
                    found.for_each(|person| *times.entry(*person).or_default() += says);
                }
                let enough = times.into_iter().filter(|(_, times)| *times > 1);
                plain.extend(enough.map(|(person, _)| Candidate { row: at, person }));
            }
            assert!(plain.len() > 1_000, "{}", plain.len());
            assert!(blocks.candidates(rows.iter(), &mut Search::default(), demand) == plain);
        }
    }
}
