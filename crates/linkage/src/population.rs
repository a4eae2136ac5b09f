//! Test populations: a registry, persons who may stand in it, and the truth between them.
//!
//! Everybody is invented, from lists of names and real regions: households, namesakes, siblings, NIK issued
//! elsewhere, and the errors that forms and memories make. The same seed gives the same people.

mod errors;
mod people;

use rand::Rng;
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

use crate::RawIdentity;
use errors::{as_person_says, as_registry_has};
use people::People;

/// How large a population is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub rows: usize,
    pub persons: usize,
}

/// Of the persons so many stand in the registry.
const REGISTERED_SHARE: f64 = 0.7;
/// Of the people so many, in per cent of the registry, do not stand in it: some live with those who do.
const UNREGISTERED_PER_CENT: usize = 25;

/// The fields of a row as text, as a file would have them.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Fields {
    pub nik: String,
    pub name: String,
    pub birth: String,
    pub sex: String,
    pub place: String,
    pub mother_name: String,
}

/// Two files and what is true of them.
pub struct Population {
    pub rows: Vec<Fields>,
    pub persons: Vec<Fields>,
    /// For each person the position of their row; `None`: not registered.
    pub truth: Vec<Option<usize>>,
}

impl Fields {
    #[must_use]
    pub fn raw(&self) -> RawIdentity<'_> {
        RawIdentity {
            nik: &self.nik,
            name: &self.name,
            birth: &self.birth,
            sex: &self.sex,
            place: &self.place,
            mother_name: &self.mother_name,
        }
    }
}

/// Invents a population. With fewer people than persons asked for, there are fewer persons.
#[must_use]
pub fn invent(size: Size, seed: u64) -> Population {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let people = People::invent(size.rows + size.rows * UNREGISTERED_PER_CENT / 100, &mut rng);
    let mut order: Vec<usize> = (0..people.all().len()).collect();
    order.shuffle(&mut rng);
    let (registered, outside) = order.split_at(size.rows.min(order.len()));
    let rows = registered
        .iter()
        .filter_map(|person| people.all().get(*person))
        .map(|person| as_registry_has(person, &people, &mut rng))
        .collect();
    let mut known = (0..registered.len()).zip(registered);
    let mut unknown = outside.iter();
    let mut persons = Vec::with_capacity(size.persons);
    let mut truth = Vec::with_capacity(size.persons);
    for _ in 0..size.persons {
        let (row, person) = if rng.random_bool(REGISTERED_SHARE) {
            let Some((row, person)) = known.next() else { break };
            (Some(row), person)
        } else {
            let Some(person) = unknown.next() else { break };
            (None, person)
        };
        let Some(person) = people.all().get(*person) else {
            break;
        };
        persons.push(as_person_says(person, &people, &mut rng));
        truth.push(row);
    }
    Population { rows, persons, truth }
}

#[cfg(test)]
mod tests;
