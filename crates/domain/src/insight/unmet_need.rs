//! Where need is not met: the table of clusters, regions and months, made of counts by regency.

use std::collections::{BTreeMap, BTreeSet};

use serasi_geography::RegionCode;

use super::extent::Extent;
use super::period::Month;
use super::suppression::{CaseCount, ProtectedCounts};
use crate::cluster::Cluster;
use crate::id::Regency;

/// The cases of one month and cluster; `None` = the cluster is not known yet.
pub type Cell = (Month, Option<Cluster>);

/// Where a row stands in the table, which is in this order.
pub type RowKey = (Month, Option<Cluster>, RegionCode);

/// What is asked about the cases of a cell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Question {
    /// How many there are.
    Reported,
    /// How many of them met NO_CANDIDATE.
    NoCandidate,
    /// How many of them met WAITING.
    Waiting,
    /// How many of those that met either have never been accepted.
    NeverPlaced,
    /// How many of those that met either had this rule as the nearest miss.
    NearMiss(String),
}

/// Cases of one regency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub cell: Cell,
    pub question: Question,
    pub regency: Regency,
    pub cases: i32,
}

/// One row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmetNeed {
    pub key: RowKey,
    pub reported: CaseCount,
    pub no_candidate: CaseCount,
    pub waiting: CaseCount,
    pub never_placed: CaseCount,
    /// By the name of the rule; rules that stood in nobody's way are left out.
    pub near_misses: Vec<(String, CaseCount)>,
}

impl UnmetNeed {
    /// The rows of `extent`, in order. `tallies` are those of the whole nation: what is hidden depends on all of them.
    #[must_use]
    pub fn table(tallies: impl IntoIterator<Item = Tally>, extent: Extent) -> Vec<Self> {
        let mut answers = BTreeMap::<Cell, BTreeMap<Question, Vec<(Regency, i32)>>>::new();
        for tally in tallies {
            let answers = answers.entry(tally.cell).or_default();
            let counts = answers.entry(tally.question).or_default();
            counts.push((tally.regency, tally.cases));
        }
        let rows_of = |(cell, answers)| rows_of(cell, answers, extent);
        answers.into_iter().flat_map(rows_of).collect()
    }
}

fn rows_of(
    (month, cluster): Cell,
    answers: BTreeMap<Question, Vec<(Regency, i32)>>,
    extent: Extent,
) -> Vec<UnmetNeed> {
    let reported = answers.get(&Question::Reported).into_iter().flatten();
    let regions: BTreeSet<RegionCode> = reported
        .filter(|(regency, _)| extent.region().contains(&regency.code()))
        .map(|(regency, _)| extent.rows().row_of(*regency))
        .collect();
    let answers: BTreeMap<Question, ProtectedCounts> = answers
        .into_iter()
        .map(|(question, counts)| (question, ProtectedCounts::new(counts)))
        .collect();
    let row = |region| {
        let count = |question: &Question| {
            let counts: Option<&ProtectedCounts> = answers.get(question);
            counts.map_or(CaseCount::Told(0), |counts| counts.of(region))
        };
        let near_miss = |question: &Question| match question {
            Question::NearMiss(rule) => Some((rule.clone(), count(question))),
            Question::Reported | Question::NoCandidate | Question::Waiting | Question::NeverPlaced => None,
        };
        UnmetNeed {
            key: (month, cluster, region),
            reported: count(&Question::Reported),
            no_candidate: count(&Question::NoCandidate),
            waiting: count(&Question::Waiting),
            never_placed: count(&Question::NeverPlaced),
            near_misses: answers
                .keys()
                .filter_map(near_miss)
                .filter(|(_, cases)| *cases != CaseCount::Told(0))
                .collect(),
        }
    };
    regions.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::extent::RowLevel;
    use super::*;

    fn tally(question: Question, regency: &str, cases: i32) -> Tally {
        Tally {
            cell: ("2026-10".parse().unwrap(), Some(Cluster::Anak)),
            question,
            regency: regency.parse::<RegionCode>().unwrap().try_into().unwrap(),
            cases,
        }
    }

    fn tallies() -> Vec<Tally> {
        let near_miss = || Question::NearMiss("has_places".to_owned());
        vec![
            tally(Question::Reported, "32.73", 40),
            tally(Question::Reported, "32.04", 20),
            tally(Question::Reported, "33.74", 9),
            tally(Question::Waiting, "32.73", 2),
            tally(Question::Waiting, "32.04", 6),
            tally(Question::Waiting, "33.74", 7),
            tally(near_miss(), "33.74", 7),
        ]
    }

    fn table(region: &str, rows: RowLevel) -> Vec<UnmetNeed> {
        UnmetNeed::table(tallies(), Extent::new(region.parse().unwrap(), rows).unwrap())
    }

    #[test]
    fn rows_are_those_of_the_extent_in_the_order_of_the_codes() {
        let regions = |region, rows| -> Vec<String> {
            let table = table(region, rows);
            table.iter().map(|row| row.key.2.to_string()).collect()
        };
        assert_eq!(regions("ID", RowLevel::Regency), ["32.04", "32.73", "33.74"]);
        assert_eq!(regions("ID", RowLevel::Province), ["32", "33"]);
        assert_eq!(regions("33", RowLevel::Regency), ["33.74"]);
        assert_eq!(regions("ID", RowLevel::Nation), ["ID"]);
        assert!(regions("51", RowLevel::Regency).is_empty());
    }

    #[test]
    fn a_number_is_hidden_alike_in_every_extent() {
        // 6 is hidden beside 2, although who asks for 32.04 alone sees no small number.
        for region in ["ID", "32", "32.04"] {
            let table = table(region, RowLevel::Regency);
            assert_eq!(table[0].reported, CaseCount::Told(20), "{region}");
            assert_eq!(table[0].waiting, CaseCount::Suppressed, "{region}");
        }
        assert_eq!(table("32", RowLevel::Province)[0].waiting, CaseCount::Told(8));
    }

    #[test]
    fn only_rules_that_stood_in_the_way_are_told() {
        let table = table("ID", RowLevel::Province);
        assert!(table[0].near_misses.is_empty());
        assert_eq!(
            table[1].near_misses,
            [("has_places".to_owned(), CaseCount::Told(7))]
        );
        assert_eq!(table[1].no_candidate, CaseCount::Told(0));
    }
}
