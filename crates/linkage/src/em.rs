//! Weights from unlabelled files: u from pairs drawn at random, m and kin by expectation-maximisation over the pairs
//! that blocking found.
//!
//! The prior is that of all pairs, not of the blocked ones: a person is one of the rows or none, so rows compete
//! for a person, and a namesake does not pass for a match. Same seed and files, same weights.

use rand::Rng;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::compare::Compared;
use crate::pairs::Pair;
use crate::scale::{Evidence, Scale};
use crate::survey::Survey;
use crate::weights::{LEVELS, LevelWeight, slot};
use crate::{BirthLevel, Field, Identity, NikLevel, Weights};

const RANDOM_PAIRS: u32 = 200_000;
const MAX_ROUNDS: usize = 40;
/// Rounds end when no share moves by more.
const SETTLED: f64 = 1e-4;
/// What a level counts before the first pair is seen, in pairs spread as the starting weights say.
const STARTING_PAIRS: f64 = 20.0;
/// A random pair with so much weight is the same person or family drawn by luck; it must not count as chance.
const LUCKY_BITS: f64 = 18.0;
const SMALLEST_REGISTERED: f64 = 0.01;
const SMALLEST_SHARE: f64 = 1e-9;
/// What a household is like is known better than what files make of it: so many pairs.
const STARTING_KIN: f64 = 300.0;
const OTHERS_EACH: std::ops::RangeInclusive<f64> = 0.1..=16.0;

pub(crate) fn estimate_u(weights: &mut Weights, persons: &[Identity], survey: &mut Survey, seed: u64) {
    survey.thin();
    let Survey { terms, sample, .. } = survey;
    if persons.is_empty() || sample.is_empty() {
        return;
    }
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let starting = weights.clone();
    let scale = Scale::of(&starting, 1);
    let mut counts = Tally::default();
    let mut bits = [0.0; LEVELS];
    for _ in 0..RANDOM_PAIRS {
        let person = persons.get(rng.random_range(0..persons.len()));
        let row = sample.get(rng.random_range(0..sample.len()));
        let (Some(person), Some((_, row))) = (person, row) else {
            continue;
        };
        let compared = Compared::of(person, row, terms);
        if scale.evidence(&compared).same > LUCKY_BITS {
            continue;
        }
        counts.add(&compared, 1.0);
        for (field, shared_bits) in [
            (Field::Name, compared.name_bits),
            (Field::MotherName, compared.mother_name_bits),
        ] {
            let position = compared.levels.position(field);
            if let Some(sum) = position.and_then(|position| bits.get_mut(slot(field, position))) {
                *sum += f64::from(shared_bits);
            }
        }
    }
    let shares = counts.shares(&starting, STARTING_PAIRS, |level| level.u);
    let met = bits.iter().zip(&counts.levels);
    for ((level, share), (bits, met)) in weights.levels.iter_mut().zip(shares).zip(met) {
        level.u = share;
        // Seldom met: what the starting weights say is the better guess.
        if *met >= STARTING_PAIRS && level.chance_bits.is_some() {
            level.chance_bits = Some(bits / met);
        }
    }
}

/// What estimation learns from.
pub(crate) struct Drawn {
    /// Person by person.
    pub(crate) pairs: Vec<Pair>,
    /// How many they were found for, and among how many rows.
    pub(crate) persons: f64,
    pub(crate) rows: u64,
    /// Of all pairs of these persons and rows, found or not, so many have two NIK.
    pub(crate) nik_pairs: f64,
}

/// The weights these pairs speak for.
pub(crate) fn estimate(starting: &Weights, drawn: &Drawn) -> Weights {
    let mut weights = starting.clone();
    for _ in 0..MAX_ROUNDS {
        let before = weights.clone();
        maximise(&mut weights, starting, &expect(&before, drawn), drawn);
        let moved = before.levels.iter().zip(&weights.levels);
        if moved.into_iter().all(|(old, new)| {
            (old.m - new.m).abs() < SETTLED
                && (old.kin - new.kin).abs() < SETTLED
                && (old.near - new.near).abs() < SETTLED
        }) {
            break;
        }
    }
    weights
}

/// NIK that agree as far as these do meet too seldom by chance to be drawn at random, but blocking finds them all.
fn meet_by_chance(weights: &mut Weights, starting: &Weights, expected: &Expected, nik_pairs: f64) {
    let births = |levels: &[BirthLevel]| -> f64 {
        let slots = levels.iter().map(|level| slot(Field::Birth, level.position()));
        slots
            .filter_map(|at| weights.levels.get(at))
            .map(|level| level.u)
            .sum()
    };
    // Beside a birth date it is asked how often those born on one day, or in one year, meet so.
    let one_day = births(&[BirthLevel::Exact]);
    let one_year = births(&[
        BirthLevel::Swapped,
        BirthLevel::OnePartDiffers,
        BirthLevel::Placeholder,
        BirthLevel::YearOnly,
        BirthLevel::SameYear,
    ]);
    for (level, of_all) in [
        (NikLevel::Exact, 1.0),
        (NikLevel::Transposed, 1.0),
        (NikLevel::OneEdit, 1.0),
        (NikLevel::SlipBesideBirth, one_day),
        (NikLevel::SlipBesideYear, one_year),
    ] {
        let at = slot(Field::Nik, level.position());
        let (Some(weight), Some(first), Some(met)) = (
            weights.levels.get_mut(at),
            starting.levels.get(at),
            expected.strangers.levels.get(at),
        ) else {
            continue;
        };
        let strangers = nik_pairs * of_all;
        weight.u = ((met + first.u) / (strangers + 1.0)).clamp(SMALLEST_SHARE, 0.1);
    }
}

/// How often each level is expected among the same person and within a household.
#[derive(Default)]
struct Expected {
    same: Tally,
    kin: Tally,
    near: Tally,
    strangers: Tally,
    all_same: f64,
    all_kin: f64,
    all_near: f64,
}

/// How likely each pair is the same person, given that a person is one row or none; and, if not, of one household.
fn expect(weights: &Weights, drawn: &Drawn) -> Expected {
    let scale = Scale::of(weights, drawn.rows);
    let mut expected = Expected::default();
    let mut of_pairs: Vec<(f64, Evidence)> = Vec::new();
    for of_person in drawn.pairs.chunk_by(|left, right| left.person == right.person) {
        of_pairs.clear();
        of_pairs.extend(of_person.iter().map(|pair| {
            let odds = (scale.prior_bits() + scale.weight(&pair.compared)).exp2();
            (odds, scale.evidence(&pair.compared))
        }));
        let all: f64 = 1.0 + of_pairs.iter().map(|(odds, _)| odds).sum::<f64>();
        for (pair, (odds, evidence)) in of_person.iter().zip(&of_pairs) {
            let same = odds / all;
            let (kin, near) = scale.other_shares(*evidence);
            let (kin, near) = ((1.0 - same) * kin, (1.0 - same) * near);
            expected.same.add(&pair.compared, same);
            expected.kin.add(&pair.compared, kin);
            expected.near.add(&pair.compared, near);
            expected.strangers.add(&pair.compared, 1.0 - same - kin - near);
            expected.all_same += same;
            expected.all_kin += kin;
            expected.all_near += near;
        }
    }
    expected
}

fn maximise(weights: &mut Weights, starting: &Weights, expected: &Expected, drawn: &Drawn) {
    let same = expected.same.shares(starting, STARTING_PAIRS, |level| level.m);
    let kin = expected.kin.shares(starting, STARTING_KIN, |level| level.kin);
    let near = expected.near.shares(starting, STARTING_PAIRS, |level| level.near);
    for (((level, m), kin), near) in weights.levels.iter_mut().zip(same).zip(kin).zip(near) {
        (level.m, level.kin, level.near) = (m, kin, near);
    }
    meet_by_chance(weights, starting, expected, drawn.nik_pairs);
    let persons = drawn.persons + STARTING_PAIRS;
    let registered = expected.all_same + STARTING_PAIRS * starting.registered_share;
    weights.registered_share = (registered / persons).clamp(SMALLEST_REGISTERED, 1.0 - SMALLEST_REGISTERED);
    let each = |all: f64, first: f64| {
        ((all + STARTING_PAIRS * first) / persons).clamp(*OTHERS_EACH.start(), *OTHERS_EACH.end())
    };
    weights.kin_each = each(expected.all_kin, starting.kin_each);
    weights.near_each = each(expected.all_near, starting.near_each);
}

/// How often each level was met.
pub(crate) struct Tally {
    levels: [f64; LEVELS],
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            levels: [0.0; LEVELS],
        }
    }
}

impl Tally {
    pub(crate) fn add(&mut self, compared: &Compared, chance: f64) {
        for field in Field::ALL {
            let Some(position) = compared.levels.position(field) else {
                continue;
            };
            if let Some(count) = self.levels.get_mut(slot(field, position)) {
                *count += chance;
            }
        }
    }

    /// Of each level among those of its field, with `first` pairs as the starting weights have them.
    pub(crate) fn shares(
        &self,
        starting: &Weights,
        first: f64,
        share_of: impl Fn(&LevelWeight) -> f64,
    ) -> Vec<f64> {
        let counted = || starting.levels.iter().zip(&self.levels);
        let of_field = |field: Field| -> f64 {
            counted()
                .filter(|(level, _)| level.field == field)
                .map(|(_, count)| count)
                .sum()
        };
        counted()
            .map(|(level, count)| {
                let share = (count + first * share_of(level)) / (of_field(level.field) + first);
                share.clamp(SMALLEST_SHARE, 1.0 - SMALLEST_SHARE)
            })
            .collect()
    }
}
