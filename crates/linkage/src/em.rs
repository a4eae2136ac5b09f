//! Weights from unlabelled files: u from pairs drawn at random, m by expectation-maximisation over blocked pairs.
//!
//! The prior is that of all pairs, not of the blocked ones: a person is one of the rows or none, so rows compete
//! for a person, and a namesake does not pass for a match. Same seed and files, same weights.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::block::Blocks;
use crate::compare::Compared;
use crate::terms::Terms;
use crate::weights::{all_levels, slot};
use crate::{Field, Identity, Weights};

const RANDOM_PAIRS: u32 = 500_000;
const MAX_ROUNDS: usize = 30;
/// Rounds end when no share moves by more.
const SETTLED: f64 = 1e-4;
/// What a level counts before the first pair is seen, in pairs spread as the starting weights say.
const STARTING_PAIRS: f64 = 20.0;
/// A random pair with so much weight is the same person drawn by luck; it must not count as chance.
const LUCKY_BITS: f64 = 18.0;
/// Pairs below this weight are nobody's match under any estimate.
const HOPELESS_BITS: f64 = -2.0;
const SMALLEST_REGISTERED: f64 = 0.01;
const SMALLEST_SHARE: f64 = 1e-9;

/// The weights these files speak for, under the name `version`; `starting` is where estimation begins.
#[must_use]
pub fn estimate(starting: &Weights, version: &str, files: &Files<'_>, seed: u64) -> Weights {
    let mut weights = Weights {
        version: version.to_owned(),
        ..starting.clone()
    };
    if files.persons.is_empty() || files.rows.is_empty() {
        return weights;
    }
    let terms = Terms::count(files.rows);
    estimate_u(&mut weights, &terms, files, seed);
    let pairs = blocked_pairs(&weights, &terms, files);
    for _ in 0..MAX_ROUNDS {
        let before = weights.clone();
        let chances = expect(&before, files, &pairs);
        maximise(&mut weights, starting, &chances, &pairs, files.persons.len());
        let moved = before.levels.iter().zip(&weights.levels);
        if moved
            .into_iter()
            .all(|(old, new)| (old.m - new.m).abs() < SETTLED)
        {
            break;
        }
    }
    weights
}

/// Two files that are to be linked.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    pub persons: &'a [Identity],
    pub rows: &'a [Identity],
}

/// A pair that blocking found, persons in order.
struct Pair {
    person: u32,
    compared: Compared,
}

fn estimate_u(weights: &mut Weights, terms: &Terms, files: &Files<'_>, seed: u64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let starting = weights.clone();
    let mut counts = Tally::default();
    let mut bits = vec![0.0; weights.levels.len()];
    for _ in 0..RANDOM_PAIRS {
        let person = files.persons.get(rng.random_range(0..files.persons.len()));
        let row = files.rows.get(rng.random_range(0..files.rows.len()));
        let (Some(person), Some(row)) = (person, row) else {
            continue;
        };
        let compared = Compared::of(person, row, terms);
        if starting.total(&compared) > LUCKY_BITS {
            continue;
        }
        counts.add(&compared, 1.0);
        for (field, shared_bits) in [
            (Field::Name, compared.name_bits),
            (Field::MotherName, compared.mother_name_bits),
        ] {
            let position = compared.levels.position(field);
            if let Some(sum) = position.and_then(|position| bits.get_mut(slot(field, position))) {
                *sum += shared_bits;
            }
        }
    }
    let shares = counts.shares(&starting, |level| level.u);
    for ((level, share), (bits, met)) in weights
        .levels
        .iter_mut()
        .zip(shares)
        .zip(bits.iter().zip(&counts.levels))
    {
        level.u = share;
        // Seldom met: what the starting weights say is the better guess.
        if *met >= STARTING_PAIRS && level.chance_bits.is_some() {
            level.chance_bits = Some(bits / met);
        }
    }
}

fn blocked_pairs(weights: &Weights, terms: &Terms, files: &Files<'_>) -> Vec<Pair> {
    let blocks = Blocks::of(files.persons);
    let mut found = Vec::new();
    let mut pairs = Vec::new();
    for row in files.rows {
        blocks.candidates(row, &mut found);
        for person in &found {
            let Some(identity) = usize::try_from(*person).ok().and_then(|at| files.persons.get(at)) else {
                continue;
            };
            let compared = Compared::of(identity, row, terms);
            if weights.total(&compared) >= HOPELESS_BITS {
                pairs.push(Pair {
                    person: *person,
                    compared,
                });
            }
        }
    }
    pairs.sort_by_key(|pair| pair.person);
    pairs
}

/// For each pair how likely it is the same person, given that a person is one row or none.
fn expect(weights: &Weights, files: &Files<'_>, pairs: &[Pair]) -> Vec<f64> {
    let prior = prior_odds(weights, files.rows.len());
    let mut chances = Vec::with_capacity(pairs.len());
    for of_person in pairs.chunk_by(|left, right| left.person == right.person) {
        let odds: Vec<f64> = of_person
            .iter()
            .map(|pair| prior * weights.total(&pair.compared).exp2())
            .collect();
        let all: f64 = 1.0 + odds.iter().sum::<f64>();
        chances.extend(odds.into_iter().map(|odds| odds / all));
    }
    chances
}

/// The odds that a person is a given row rather than none, before the two are compared.
pub(crate) fn prior_odds(weights: &Weights, rows: usize) -> f64 {
    let rows = u32::try_from(rows.max(1)).map_or(f64::from(u32::MAX), f64::from);
    weights.registered_share / (1.0 - weights.registered_share) / rows
}

fn maximise(weights: &mut Weights, starting: &Weights, chances: &[f64], pairs: &[Pair], persons: usize) {
    let mut counts = Tally::default();
    for (pair, chance) in pairs.iter().zip(chances) {
        counts.add(&pair.compared, *chance);
    }
    for (level, share) in weights
        .levels
        .iter_mut()
        .zip(counts.shares(starting, |level| level.m))
    {
        level.m = share;
    }
    let registered = chances.iter().sum::<f64>() + STARTING_PAIRS * starting.registered_share;
    let persons = f64::from(u32::try_from(persons).unwrap_or(u32::MAX)) + STARTING_PAIRS;
    weights.registered_share = (registered / persons).clamp(SMALLEST_REGISTERED, 1.0 - SMALLEST_REGISTERED);
}

/// How often each level was met.
struct Tally {
    levels: Vec<f64>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            levels: vec![0.0; all_levels().count()],
        }
    }
}

impl Tally {
    fn add(&mut self, compared: &Compared, chance: f64) {
        for field in Field::ALL {
            let Some(position) = compared.levels.position(field) else {
                continue;
            };
            if let Some(count) = self.levels.get_mut(slot(field, position)) {
                *count += chance;
            }
        }
    }

    /// Of each level among those of its field, with a few pairs as the starting weights have them.
    fn shares(&self, starting: &Weights, share_of: impl Fn(&crate::LevelWeight) -> f64) -> Vec<f64> {
        let counted = || starting.levels.iter().zip(&self.levels);
        let of_field = |field: Field| -> f64 {
            counted()
                .filter(|(level, _)| level.field == field)
                .map(|(_, count)| count)
                .sum()
        };
        counted()
            .map(|(level, count)| {
                let share =
                    (count + STARTING_PAIRS * share_of(level)) / (of_field(level.field) + STARTING_PAIRS);
                share.clamp(SMALLEST_SHARE, 1.0 - SMALLEST_SHARE)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RawIdentity;
    use crate::population::{Size, invent};

    #[test]
    fn shares_found_without_the_truth_are_those_of_the_truth() {
        let population = invent(
            Size {
                rows: 10_000,
                persons: 1_000,
            },
            5,
        );
        let parse = |raw: RawIdentity<'_>| Identity::parse(&raw).unwrap();
        let persons: Vec<Identity> = population
            .persons
            .iter()
            .map(|person| parse(person.raw()))
            .collect();
        let rows: Vec<Identity> = population.rows.iter().map(|row| parse(row.raw())).collect();
        let files = Files {
            persons: &persons,
            rows: &rows,
        };
        let mut true_levels = Tally::default();
        let terms = Terms::count(&rows);
        for (person, row) in persons.iter().zip(&population.truth) {
            if let Some(row) = row {
                true_levels.add(&Compared::of(person, &rows[*row], &terms), 1.0);
            }
        }
        let starting = Weights::starting();
        let weights = estimate(&starting, "found", &files, 5);
        let true_shares = true_levels.shares(&starting, |level| level.m);
        for (level, share) in weights.levels.iter().zip(true_shares) {
            assert!(
                (level.m - share).abs() < 0.03,
                "{:?} {} {} {share}",
                level.field,
                level.level,
                level.m
            );
        }
        let registered =
            f64::from(u32::try_from(population.truth.iter().flatten().count()).unwrap()) / 1_000.0;
        let found = weights.registered_share;
        assert!((found - registered).abs() < 0.03, "{found} for {registered}");
    }

    #[test]
    fn nobody_to_learn_from_leaves_the_starting_weights() {
        let starting = Weights::starting();
        let files = Files {
            persons: &[],
            rows: &[],
        };
        let weights = estimate(&starting, "empty", &files, 1);
        assert_eq!(
            (weights.levels, weights.version.as_str()),
            (starting.levels, "empty")
        );
    }
}
