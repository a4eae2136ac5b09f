//! The best row for each person, how sure that is, and why.
//!
//! A person is one row or none, and a row is one person: candidates compete on both sides. A link that is ambiguous is
//! shown to a human and never made by itself.

use std::collections::HashMap;

use crate::compare::Compared;
use crate::em::{Drawn, estimate};
use crate::pairs::{Comparer, Pair, Pairs};
use crate::scale::{Part, Scale};
use crate::{Comparison, Identity, NameLevel, NikLevel, Survey, Weights};

/// From here on a link is made.
const PROBABLE: f64 = 0.75;
/// From here on somebody should look.
const AMBIGUOUS: f64 = 0.1;
/// Somebody twice in the file of persons may be the same row twice: a rival takes away no more than this.
const LEAST_LEFT: f64 = 0.02;
/// Estimation looks at the pairs of so many persons; more would not change the weights.
const MAX_ESTIMATED: usize = 10_000;

/// What follows from a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// The same NIK, and nothing else speaks against it.
    Exact,
    Probable,
    /// Never linked by itself: a human decides.
    Ambiguous,
    None,
}

impl Class {
    pub const ALL: [Self; 4] = [Self::Exact, Self::Probable, Self::Ambiguous, Self::None];

    /// What files call it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Probable => "probable",
            Self::Ambiguous => "ambiguous",
            Self::None => "none",
        }
    }

    /// Whether a link is made without a human.
    #[must_use]
    pub const fn is_link(self) -> bool {
        match self {
            Self::Exact | Self::Probable => true,
            Self::Ambiguous | Self::None => false,
        }
    }
}

/// The best row for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// The position it was compared under.
    pub row: u64,
    /// The odds that the person is this row rather than another one or none, in bits: the sum of the parts.
    pub weight: f64,
    /// The same as a share.
    pub probability: f64,
    pub class: Class,
    /// What each field adds to the weight, missing fields left out, and what is taken off.
    pub why: Vec<Part>,
}

/// What came of two files.
pub struct Links {
    /// Estimated from these files.
    pub weights: Weights,
    /// For each person, in order, the best row; `None` where no row comes near.
    pub links: Vec<Option<Link>>,
}

/// A pair, and its odds before rivals in bits.
#[derive(Clone, Copy)]
pub(crate) struct Claim {
    pub(crate) person: u32,
    pub(crate) row: u64,
    pub(crate) compared: Compared,
    pub(crate) bits: f64,
}

/// Estimates the weights from all pairs and links each person, in order.
#[must_use]
pub fn link(comparer: &Comparer<'_>, mut pairs: Pairs, version: &str) -> Links {
    pairs.keep_best();
    let persons = comparer.persons().len();
    let mut weights = estimate_from(comparer, &pairs);
    version.clone_into(&mut weights.version);
    let scale = Scale::of(&weights, pairs.rows);
    let claims: Vec<Claim> = pairs.kept.iter().map(|pair| Claim::of(pair, &scale)).collect();
    let by_row = chances_by_row(&claims);
    let mut links: Vec<Option<Link>> = vec![None; persons];
    for of_person in claims.chunk_by(|left, right| left.person == right.person) {
        let best = best(of_person, &by_row, &scale);
        let place = of_person
            .first()
            .and_then(|claim| usize::try_from(claim.person).ok())
            .and_then(|person| links.get_mut(person));
        if let Some(place) = place {
            *place = best;
        }
    }
    Links { weights, links }
}

/// Links two files in memory.
#[must_use]
pub fn link_all(starting: &Weights, persons: &[Identity], rows: &[Identity], seed: u64) -> Links {
    let mut survey = Survey::default();
    for (position, row) in (0..).zip(rows) {
        survey.add(row.clone(), position, 1);
    }
    let comparer = Comparer::new(persons, survey, starting, seed);
    let mut pairs = Pairs::default();
    for (position, row) in (0..).zip(rows) {
        comparer.compare(row, position, &mut pairs);
    }
    link(&comparer, pairs, &starting.version)
}

fn estimate_from(comparer: &Comparer<'_>, pairs: &Pairs) -> Weights {
    let persons = comparer.persons().len();
    let each = persons.div_ceil(MAX_ESTIMATED).max(1);
    let is_drawn =
        |pair: &&Pair| usize::try_from(pair.person).is_ok_and(|person| person.is_multiple_of(each));
    let persons = u32::try_from(persons.div_ceil(each)).map_or(f64::from(u32::MAX), f64::from);
    #[expect(clippy::cast_precision_loss, reason = "rows of a registry are far below 2^52")]
    let rows = pairs.rows as f64;
    let drawn = Drawn {
        pairs: pairs.kept.iter().filter(is_drawn).copied().collect(),
        persons,
        rows: pairs.rows,
        nik_pairs: persons * rows * comparer.nik_share(),
    };
    estimate(comparer.weights(), &drawn)
}

/// How likely each row is somebody's: the sum over all who may be it.
pub(crate) fn chances_by_row(claims: &[Claim]) -> HashMap<u64, f64> {
    let mut by_row: HashMap<u64, f64> = HashMap::new();
    for of_person in claims.chunk_by(|left, right| left.person == right.person) {
        let all: f64 = 1.0 + of_person.iter().map(|claim| claim.bits.exp2()).sum::<f64>();
        for claim in of_person {
            *by_row.entry(claim.row).or_default() += claim.bits.exp2() / all;
        }
    }
    by_row
}

fn best(of_person: &[Claim], by_row: &HashMap<u64, f64>, scale: &Scale) -> Option<Link> {
    let bits = bits_beside_rivals(of_person, by_row);
    let ranked = of_person.iter().zip(&bits).enumerate();
    // The earlier row wins a tie: the same files give the same links.
    let (at, _) = ranked.max_by(|(_, (left, left_bits)), (_, (right, right_bits))| {
        left_bits.total_cmp(right_bits).then(right.row.cmp(&left.row))
    })?;
    link_at(at, of_person, &bits, scale)
}

/// All rows that a person may be, the likeliest first.
pub(crate) fn ranked(of_person: &[Claim], by_row: &HashMap<u64, f64>, scale: &Scale) -> Vec<Link> {
    let bits = bits_beside_rivals(of_person, by_row);
    let mut links: Vec<Link> = (0..of_person.len())
        .filter_map(|at| link_at(at, of_person, &bits, scale))
        .collect();
    links.sort_by(|left, right| {
        right
            .weight
            .total_cmp(&left.weight)
            .then(left.row.cmp(&right.row))
    });
    links
}

/// What is left of each claim where others may be the row, too.
fn bits_beside_rivals(of_person: &[Claim], by_row: &HashMap<u64, f64>) -> Vec<f64> {
    let all: f64 = 1.0 + of_person.iter().map(|claim| claim.bits.exp2()).sum::<f64>();
    let left_bits = |claim: &Claim| {
        let own = claim.bits.exp2() / all;
        let rivals = by_row.get(&claim.row).map_or(0.0, |chances| chances - own);
        claim.bits + (1.0 - rivals).clamp(LEAST_LEFT, 1.0).log2()
    };
    of_person.iter().map(left_bits).collect()
}

fn link_at(at: usize, of_person: &[Claim], bits: &[f64], scale: &Scale) -> Option<Link> {
    let (claim, own_bits) = (of_person.get(at)?, bits.get(at)?);
    let others = bits.iter().enumerate().filter(|(other, _)| *other != at);
    let others: f64 = 1.0 + others.map(|(_, bits)| bits.exp2()).sum::<f64>();
    let weight = own_bits - others.log2();
    let probability = 1.0 / (1.0 + (-weight).exp2());
    let mut why = scale.parts(&claim.compared);
    for (what, bits) in [("prior", scale.prior_bits()), ("rivals", weight - claim.bits)] {
        why.push(Part {
            what,
            level: "",
            bits,
        });
    }
    Some(Link {
        row: claim.row,
        weight,
        probability,
        class: class(probability, claim.compared.levels),
        why,
    })
}

impl Claim {
    fn of(pair: &Pair, scale: &Scale) -> Self {
        Self {
            person: pair.person,
            row: pair.row,
            compared: pair.compared,
            bits: scale.prior_bits() + scale.weight(&pair.compared),
        }
    }
}

fn class(probability: f64, levels: Comparison) -> Class {
    let same_nik = levels.nik == Some(NikLevel::Exact);
    if probability >= PROBABLE && same_nik && levels.name != Some(NameLevel::Different) {
        Class::Exact
    } else if probability >= PROBABLE {
        Class::Probable
    } else if probability >= AMBIGUOUS || same_nik {
        Class::Ambiguous
    } else {
        Class::None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::{Size, invent};
    use crate::{Field, RawIdentity};

    const PERSON: RawIdentity<'_> = RawIdentity {
        nik: "3273014107900001",
        name: "Hj. Siti Nurjannah",
        birth: "1990-07-01",
        sex: "P",
        place: "32.73.01.1001",
        mother_name: "Aminah",
    };

    fn links(person: &RawIdentity<'_>, rows: &[RawIdentity<'_>]) -> Option<Link> {
        links_of(&[*person], rows).remove(0)
    }

    /// Among a thousand strangers, so that chance is known.
    fn links_of(persons: &[RawIdentity<'_>], rows: &[RawIdentity<'_>]) -> Vec<Option<Link>> {
        let parse = |raw: &RawIdentity<'_>| Identity::parse(raw).unwrap();
        let strangers = invent(
            Size {
                rows: 1_000,
                persons: 1,
            },
            1,
        )
        .rows;
        let rows: Vec<Identity> = rows
            .iter()
            .map(parse)
            .chain(strangers.iter().map(|row| parse(&row.raw())))
            .collect();
        let persons: Vec<Identity> = persons.iter().map(parse).collect();
        link_all(&Weights::starting(), &persons, &rows, 1).links
    }

    #[test]
    fn the_same_nik_and_name_are_exact_and_say_why() {
        let found = links(&PERSON, &[PERSON]).unwrap();
        assert_eq!((found.row, found.class), (0, Class::Exact));
        assert_eq!(
            found.why.len(),
            Field::ALL.len() + ["household", "prior", "rivals"].len()
        );
        let sum: f64 = found.why.iter().map(|part| part.bits).sum();
        assert!((sum - found.weight).abs() < 1e-9);
    }

    #[test]
    fn without_a_nik_the_rest_makes_it_probable() {
        let person = RawIdentity {
            nik: "",
            name: "Nurjanah Siti",
            ..PERSON
        };
        assert_eq!(links(&person, &[PERSON]).unwrap().class, Class::Probable);
    }

    #[test]
    fn two_rows_that_fit_alike_are_ambiguous() {
        let person = RawIdentity { nik: "", ..PERSON };
        let found = links(&person, &[PERSON, PERSON]).unwrap();
        assert_eq!((found.row, found.class), (0, Class::Ambiguous));
        assert!((found.probability - 0.5).abs() < 0.05);
    }

    #[test]
    fn the_nik_of_somebody_else_is_for_a_human() {
        let other = RawIdentity {
            name: "Bambang Susilo",
            birth: "1961-02-20",
            sex: "L",
            place: "11.01.01",
            mother_name: "Rukiyah",
            ..PERSON
        };
        assert_eq!(links(&other, &[PERSON]).unwrap().class, Class::Ambiguous);
    }

    #[test]
    fn a_stranger_is_not_linked() {
        let stranger = RawIdentity {
            nik: "",
            name: "Siti Rahayu",
            birth: "1990-03-02",
            sex: "L",
            place: "11.01.01",
            mother_name: "",
        };
        let found = links(&stranger, &[PERSON]);
        assert!(found.is_none_or(|link| link.class == Class::None));
        let unknown = RawIdentity {
            name: "Zzyx",
            ..RawIdentity::default()
        };
        assert_eq!(links(&unknown, &[PERSON]), None);
    }

    #[test]
    fn a_sister_is_not_linked_in_her_sisters_place() {
        let maria = RawIdentity {
            name: "Maria Lumbantobing",
            mother_name: "Ruth Hutagalung",
            ..PERSON
        };
        let rina = RawIdentity {
            nik: "",
            name: "Rina Lumbantobing",
            birth: "1991",
            ..maria
        };
        let found = links(&rina, &[maria]);
        assert!(found.is_none_or(|link| !link.class.is_link()));
    }

    #[test]
    fn a_row_goes_to_who_fits_best() {
        let brother = RawIdentity {
            nik: "",
            name: "Siti Nurlaila",
            birth: "1990",
            ..PERSON
        };
        let alone = links(&brother, &[PERSON]).unwrap();
        let beside = links_of(&[brother, PERSON], &[PERSON]).remove(0).unwrap();
        assert!(
            beside.weight < alone.weight - 3.0,
            "{} {}",
            beside.weight,
            alone.weight
        );
    }

    #[test]
    fn files_with_nobody_are_no_error() {
        assert_eq!(links_of(&[], &[PERSON]), []);
        assert_eq!(link_all(&Weights::starting(), &[], &[], 1).links, []);
    }
}
