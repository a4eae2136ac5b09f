//! What linking is worth, measured on people whose truth is known.

use std::collections::HashSet;

use super::{Population, Size, invent};
use crate::{Class, Files, Identity, Link, Weights, estimate, link};

const SIZE: Size = Size {
    rows: 20_000,
    persons: 2_000,
};

struct Quality {
    /// Of links that are made without a human.
    precision: f64,
    recall: f64,
    f1: f64,
    /// The best recall of all thresholds that keep 99 % precision.
    recall_at_99: f64,
}

fn identities(fields: &[super::Fields]) -> Vec<Identity> {
    fields
        .iter()
        .map(|fields| Identity::parse(&fields.raw()).unwrap())
        .collect()
}

fn ratio(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap()) / f64::from(u32::try_from(whole.max(1)).unwrap())
}

fn measure(links: &[Option<Link>], population: &Population) -> Quality {
    let registered = population.truth.iter().flatten().count();
    let mut judged: Vec<(f64, bool, Class)> = links
        .iter()
        .zip(&population.truth)
        .filter_map(|(link, truth)| link.as_ref().map(|link| (link, truth)))
        .map(|(link, truth)| (link.probability, Some(link.row) == *truth, link.class))
        .collect();
    let made: Vec<bool> = judged
        .iter()
        .filter(|link| link.2 <= Class::Probable)
        .map(|link| link.1)
        .collect();
    let right = made.iter().filter(|right| **right).count();
    let (precision, recall) = (ratio(right, made.len()), ratio(right, registered));
    judged.sort_by(|left, right| right.0.total_cmp(&left.0));
    let (mut right, mut recall_at_99) = (0, 0.0);
    for (position, link) in judged.iter().enumerate() {
        right += usize::from(link.1);
        if ratio(right, position + 1) >= 0.99 {
            recall_at_99 = ratio(right, registered);
        }
    }
    Quality {
        precision,
        recall,
        f1: 2.0 * precision * recall / (precision + recall),
        recall_at_99,
    }
}

#[test]
fn links_found_without_labels_are_right_and_nearly_all() {
    for seed in [1, 2] {
        let population = invent(SIZE, seed);
        let (persons, rows) = (identities(&population.persons), identities(&population.rows));
        let files = Files {
            persons: &persons,
            rows: &rows,
        };
        let weights = estimate(&Weights::starting(), "measured", &files, seed);
        let quality = measure(&link(&weights, &files), &population);
        let Quality {
            precision,
            recall,
            f1,
            recall_at_99,
        } = quality;
        println!(
            "seed {seed}: precision {precision:.4} recall {recall:.4} F1 {f1:.4} at 99 % {recall_at_99:.4}"
        );
        assert!(f1 >= 0.965, "seed {seed}: F1 {f1}");
        assert!(
            recall_at_99 >= 0.94,
            "seed {seed}: recall at 99 % precision {recall_at_99}"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_people_and_weights() {
    let size = Size {
        rows: 500,
        persons: 100,
    };
    let (one, same, other) = (invent(size, 7), invent(size, 7), invent(size, 8));
    assert!(one.rows == same.rows && one.persons == same.persons && one.truth == same.truth);
    assert!(one.rows != other.rows);
    let (persons, rows) = (identities(&one.persons), identities(&one.rows));
    let files = Files {
        persons: &persons,
        rows: &rows,
    };
    let weights = || estimate(&Weights::starting(), "twice", &files, 3);
    assert_eq!(weights(), weights());
}

#[test]
fn a_population_has_namesakes_gaps_and_people_outside_the_registry() {
    let population = invent(SIZE, 3);
    let names: HashSet<&str> = population.rows.iter().map(|row| row.name.as_str()).collect();
    assert!(names.len() < population.rows.len());
    assert_eq!(
        (population.rows.len(), population.persons.len()),
        (SIZE.rows, SIZE.persons)
    );
    let without_nik = population
        .persons
        .iter()
        .filter(|person| person.nik.is_empty())
        .count();
    assert!((900..1_100).contains(&without_nik), "{without_nik}");
    let registered = population.truth.iter().flatten().count();
    assert!((1_300..1_500).contains(&registered), "{registered}");
}
