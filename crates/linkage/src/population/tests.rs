//! What linking is worth, measured on people whose truth is known.

use std::collections::HashSet;

use super::{Population, Size, invent};
use crate::compare::Compared;
use crate::em::Tally;
use crate::terms::Terms;
use crate::{Identity, Judged, Link, Quality, Weights, link_all};

const SIZE: Size = Size {
    rows: 20_000,
    persons: 2_000,
};

fn identities(fields: &[super::Fields]) -> Vec<Identity> {
    fields
        .iter()
        .map(|fields| Identity::parse(&fields.raw()).unwrap())
        .collect()
}

fn judged(links: &[Option<Link>], population: &Population) -> Quality {
    let judge = |(link, truth): (&Option<Link>, &Option<usize>)| {
        let link = link.as_ref()?;
        Some(Judged {
            probability: link.probability,
            weight: link.weight,
            is_right: usize::try_from(link.row).ok() == *truth,
            is_link: link.class.is_link(),
        })
    };
    let judged = links.iter().zip(&population.truth).filter_map(judge).collect();
    Quality::of(judged, population.truth.iter().flatten().count())
}

#[test]
fn links_found_without_labels_are_right_and_nearly_all() {
    for seed in [1, 2] {
        let population = invent(SIZE, seed);
        let (persons, rows) = (identities(&population.persons), identities(&population.rows));
        let links = link_all(&Weights::starting(), &persons, &rows, seed).links;
        let quality = judged(&links, &population);
        let (f1, recall) = (quality.made.f1, quality.recall_at_99_percent_precision);
        println!("seed {seed}: F1 {f1:.4}, recall at 99 % precision {recall:.4}");
        assert!(f1 >= 0.965, "seed {seed}: F1 {f1}");
        assert!(recall >= 0.94, "seed {seed}: recall at 99 % precision {recall}");
    }
}

#[test]
fn shares_found_without_the_truth_are_those_of_the_truth() {
    let population = invent(SIZE, 5);
    let (persons, rows) = (identities(&population.persons), identities(&population.rows));
    let weights = link_all(&Weights::starting(), &persons, &rows, 5).weights;
    let mut same = Tally::default();
    for (person, row) in persons.iter().zip(&population.truth) {
        if let Some(row) = row {
            same.add(&Compared::of(person, &rows[*row], &Terms::default()), 1.0);
        }
    }
    let shares = same.shares(&Weights::starting(), 1.0, |level| level.m);
    for (level, share) in weights.levels.iter().zip(shares) {
        let (field, name, found) = (level.field, &level.level, level.m);
        assert!((found - share).abs() < 0.05, "{field:?} {name} {found} {share}");
    }
    let registered = quality_share(&population);
    let found = weights.registered_share;
    assert!((found - registered).abs() < 0.05, "{found} for {registered}");
}

fn quality_share(population: &Population) -> f64 {
    let registered = population.truth.iter().flatten().count();
    f64::from(u32::try_from(registered).unwrap()) / f64::from(u32::try_from(SIZE.persons).unwrap())
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
    let weights = || link_all(&Weights::starting(), &persons, &rows, 3).weights;
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
