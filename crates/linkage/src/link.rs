//! The best row for each person, how sure that is, and why.
//!
//! Rows stream past an index of the persons; of each person only the best row and the sum of the odds are kept, so
//! memory does not grow with the registry. A link that is ambiguous is shown to a human and never made by itself.

use crate::block::Blocks;
use crate::compare::Compared;
use crate::em::{Files, prior_odds};
use crate::terms::Terms;
use crate::{Comparison, FieldWeight, NameLevel, NikLevel, Weights};

/// From here on a link is made.
const PROBABLE: f64 = 0.9;
/// From here on somebody should look.
const AMBIGUOUS: f64 = 0.1;

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

/// The best row for a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Link {
    /// Position among the rows.
    pub row: usize,
    /// In bits; above 0 speaks for the same person.
    pub weight: f64,
    /// That the person is this row, rather than another one or none.
    pub probability: f64,
    pub class: Class,
    /// What each field adds to the weight; missing fields are left out.
    pub why: Vec<FieldWeight>,
}

/// What is known of a person while rows go by.
#[derive(Clone, Copy, Default)]
struct Standing {
    best: Option<(usize, f64)>,
    /// Of all rows seen, before the prior.
    odds: f64,
}

/// For each person, in order, the best row; `None` where no row shares a key of any pass.
#[must_use]
pub fn link(weights: &Weights, files: &Files<'_>) -> Vec<Option<Link>> {
    let terms = Terms::count(files.rows);
    let standings = stand(weights, &terms, files);
    let prior = prior_odds(weights, files.rows.len());
    let persons = files.persons.iter().zip(standings);
    persons
        .map(|(person, standing)| {
            let (row, weight) = standing.best?;
            let compared = Compared::of(person, files.rows.get(row)?, &terms);
            let probability = prior * weight.exp2() / (1.0 + prior * standing.odds);
            Some(Link {
                row,
                weight,
                probability,
                class: class(probability, compared.levels),
                why: weights.by_field(&compared).collect(),
            })
        })
        .collect()
}

fn stand(weights: &Weights, terms: &Terms, files: &Files<'_>) -> Vec<Standing> {
    let blocks = Blocks::of(files.persons);
    let mut standings = vec![Standing::default(); files.persons.len()];
    let mut found = Vec::new();
    for (position, row) in files.rows.iter().enumerate() {
        blocks.candidates(row, &mut found);
        for person in found.iter().filter_map(|person| usize::try_from(*person).ok()) {
            let (Some(identity), Some(standing)) = (files.persons.get(person), standings.get_mut(person))
            else {
                continue;
            };
            let weight = weights.total(&Compared::of(identity, row, terms));
            standing.odds += weight.exp2();
            // The earlier row wins a tie: the same files give the same links.
            if standing.best.is_none_or(|(_, best)| weight > best) {
                standing.best = Some((position, weight));
            }
        }
    }
    standings
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
    use crate::{Field, Identity, RawIdentity};

    const PERSON: RawIdentity<'_> = RawIdentity {
        nik: "3273014107900001",
        name: "Hj. Siti Nurjannah",
        birth: "1990-07-01",
        sex: "P",
        place: "32.73.01.1001",
        mother_name: "Aminah",
    };

    fn links(person: &RawIdentity<'_>, rows: &[RawIdentity<'_>]) -> Option<Link> {
        let rows: Vec<Identity> = rows.iter().map(|row| Identity::parse(row).unwrap()).collect();
        let persons = [Identity::parse(person).unwrap()];
        link(
            &Weights::starting(),
            &Files {
                persons: &persons,
                rows: &rows,
            },
        )
        .remove(0)
    }

    #[test]
    fn the_same_nik_and_name_are_exact_and_say_why() {
        let found = links(&PERSON, &[PERSON]).unwrap();
        assert_eq!((found.row, found.class), (0, Class::Exact));
        assert_eq!(found.why.len(), Field::ALL.len());
        let sum: f64 = found.why.iter().map(|field| field.bits).sum();
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
        assert!((found.probability - 0.5).abs() < 0.01);
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
        assert_eq!(links(&stranger, &[PERSON]).unwrap().class, Class::None);
        let unknown = RawIdentity {
            name: "Bambang",
            ..RawIdentity::default()
        };
        assert_eq!(links(&unknown, &[PERSON]), None);
    }
}
