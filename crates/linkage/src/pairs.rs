//! The pairs worth remembering: for each person the few rows that come near.
//!
//! Rows stream past an index of the persons; memory grows with the persons, not with the registry.

use std::collections::HashSet;

use crate::block::{Blocks, Candidate, Demand, Search};
use crate::compare::{Compared, Side};
use crate::em::estimate_u;
use crate::scale::{Least, Scale};
use crate::survey::Survey;
use crate::terms::Terms;
use crate::weights::Weights;
use crate::{Identity, NikLevel};

/// So far below even odds a pair is nobody's match under any estimate.
const HOPELESS_BITS: f64 = -12.0;
/// Above this, pairs teach what neighbours and strangers are like, however many rows there are.
const TEACHING_BITS: f64 = 8.0;
/// From here on a pair shows what households are like.
const KIN_BITS: f64 = 12.0;
/// Rows kept for a person; a tenth namesake changes nothing.
const MAX_ROWS_EACH: usize = 16;
/// When so many pairs a person, on average, have come together, the worst are let go.
const MAX_PAIRS_EACH: usize = 2 * MAX_ROWS_EACH;
const MIN_PAIRS: usize = 1 << 20;

/// Persons, ready to have the rows of a registry stream past.
pub struct Comparer<'a> {
    persons: &'a [Identity],
    blocks: Blocks,
    terms: Terms,
    weights: Weights,
    scale: Scale,
    least: Least,
    /// Of pairs of a person and a row so many have two NIK.
    nik_share: f64,
}

/// A row and a person that may be the same.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) person: u32,
    pub(crate) row: u64,
    pub(crate) compared: Compared,
    /// By the weights before estimation.
    first_weight: f32,
}

/// All pairs that are remembered.
#[derive(Default)]
pub struct Pairs {
    pub(crate) kept: Vec<Pair>,
    /// Rows that were compared.
    pub(crate) rows: u64,
    search: Search,
}

impl<'a> Comparer<'a> {
    /// `starting` is where estimation begins; `seed` draws the chance pairs.
    #[must_use]
    pub fn new(persons: &'a [Identity], mut survey: Survey, starting: &Weights, seed: u64) -> Self {
        let mut weights = starting.clone();
        estimate_u(&mut weights, persons, &mut survey, seed);
        let rows = survey.sample.iter().map(|(_, row)| row);
        #[expect(clippy::cast_precision_loss, reason = "rows of a registry are far below 2^52")]
        let least = Least {
            same: ((survey.rows.max(1) as f64).log2() + HOPELESS_BITS).min(TEACHING_BITS),
            kin: KIN_BITS,
        };
        Self {
            nik_share: nik_share(persons.iter()) * nik_share(rows),
            persons,
            blocks: Blocks::of(persons),
            terms: survey.terms,
            scale: Scale::of(&weights, 1),
            weights,
            least,
        }
    }

    pub(crate) const fn nik_share(&self) -> f64 {
        self.nik_share
    }

    pub(crate) const fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Those who are looked for.
    #[must_use]
    pub const fn persons(&self) -> &'a [Identity] {
        self.persons
    }

    /// Compares a row with everybody it may be. True: it is remembered for somebody.
    pub fn compare(&self, row: &Identity, position: u64, into: &mut Pairs) -> bool {
        into.rows += 1;
        let before = into.kept.len();
        let Pairs { kept, search, .. } = into;
        let row_alone = std::iter::once(row);
        for Candidate { person, .. } in self.blocks.candidates(row_alone, search, Demand::Thorough) {
            let Some(identity) = usize::try_from(*person).ok().and_then(|at| self.persons.get(at)) else {
                continue;
            };
            let sides = (&Side::of(identity), &Side::of(row));
            let Some(compared) = self.scale.compare(sides, &self.terms, self.least) else {
                continue;
            };
            let evidence = self.scale.evidence(&compared);
            let weight = evidence.same;
            let same_nik = compared.levels.nik == Some(NikLevel::Exact);
            if weight >= self.least.same || evidence.kin >= self.least.kin || same_nik {
                kept.push(Pair {
                    person: *person,
                    row: position,
                    compared,
                    #[expect(clippy::cast_possible_truncation, reason = "it only ranks")]
                    first_weight: weight as f32,
                });
            }
        }
        into.kept.len() > before
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
fn nik_share<'a>(identities: impl ExactSizeIterator<Item = &'a Identity>) -> f64 {
    let all = identities.len().max(1) as f64;
    identities.filter(|identity| identity.nik.is_some()).count() as f64 / all
}

impl Pairs {
    /// Takes in what another thread has found. True: there were too many, and rows have been forgotten.
    pub fn merge(&mut self, other: Self, persons: &[Identity]) -> bool {
        self.kept.extend(other.kept);
        self.rows += other.rows;
        let are_too_many = self.kept.len() > MIN_PAIRS.max(persons.len().saturating_mul(MAX_PAIRS_EACH));
        if are_too_many {
            self.keep_best();
        }
        are_too_many
    }

    /// As if these rows had never been compared.
    pub fn forget_rows(&mut self, rows: &HashSet<u64>) {
        self.kept.retain(|pair| !rows.contains(&pair.row));
        self.rows -= rows.len() as u64;
    }

    /// The rows that are remembered, in no order.
    pub fn rows(&self) -> impl Iterator<Item = u64> {
        self.kept.iter().map(|pair| pair.row)
    }

    /// By person, then by row, whatever order the threads came in.
    pub(crate) fn keep_best(&mut self) {
        let worst_last = |left: &Pair, right: &Pair| {
            let by_weight = right.first_weight.total_cmp(&left.first_weight);
            left.person
                .cmp(&right.person)
                .then(by_weight)
                .then(left.row.cmp(&right.row))
        };
        self.kept.sort_unstable_by(worst_last);
        let (mut person, mut kept) = (None, 0);
        self.kept.retain(|pair| {
            kept = if person == Some(pair.person) { kept + 1 } else { 1 };
            person = Some(pair.person);
            kept <= MAX_ROWS_EACH
        });
    }
}
