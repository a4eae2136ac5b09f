//! What service achieves, by the five kinds of indicators (P16 Ps.24(3)): the table of months, clusters, regions and kinds,
//! made of counts by regency.

use std::collections::BTreeMap;

use serasi_geography::RegionCode;

use super::extent::Extent;
use super::period::Month;
use super::suppression::{CaseCount, ProtectedCounts};
use crate::case::record::IndicatorKind;
use crate::cluster::Cluster;
use crate::id::Regency;

/// Cases measured in one month, of one cluster, by one kind.
pub type Cell = (Month, Option<Cluster>, IndicatorKind);

/// Where a row stands in the table, which is in this order.
pub type RowKey = (Month, Option<Cluster>, RegionCode, IndicatorKind);

/// Cases of one regency, each with its latest measurement of the month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    pub cell: Cell,
    pub regency: Regency,
    pub cases: i32,
    /// Of all these cases together.
    pub percent_sum: i64,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Achievement {
    pub key: RowKey,
    pub cases: CaseCount,
    /// Rounded; `None` = too few cases to tell.
    pub mean_percent: Option<i32>,
}

impl Achievement {
    /// The rows of `extent`, in order. `tallies` are those of the whole nation: what is hidden depends on all of them.
    #[must_use]
    pub fn table(tallies: impl IntoIterator<Item = Tally>, extent: Extent) -> Vec<Self> {
        let mut cells = BTreeMap::<Cell, Vec<Tally>>::new();
        for tally in tallies {
            cells.entry(tally.cell).or_default().push(tally);
        }
        let mut rows: Vec<Self> = cells
            .into_iter()
            .flat_map(|(cell, tallies)| rows_of(cell, &tallies, extent))
            .collect();
        rows.sort_unstable_by_key(|row| row.key);
        rows
    }
}

fn rows_of((month, cluster, kind): Cell, tallies: &[Tally], extent: Extent) -> Vec<Achievement> {
    let protected = ProtectedCounts::new(tallies.iter().map(|tally| (tally.regency, tally.cases)));
    let mut sums = BTreeMap::<RegionCode, (i32, i64)>::new();
    for tally in tallies
        .iter()
        .filter(|tally| extent.region().contains(&tally.regency.code()))
    {
        let (cases, percent) = sums.entry(extent.rows().row_of(tally.regency)).or_default();
        *cases += tally.cases;
        *percent += tally.percent_sum;
    }
    let row = |(region, (cases, percent)): (RegionCode, (i32, i64))| {
        // Half is rounded up.
        let mean = (2 * percent + i64::from(cases)).checked_div(2 * i64::from(cases));
        let mean = mean.and_then(|mean| i32::try_from(mean).ok());
        Achievement {
            key: (month, cluster, region, kind),
            cases: protected.of(region),
            mean_percent: mean.filter(|_| protected.tells_more_of(region)),
        }
    };
    sums.into_iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::extent::RowLevel;
    use super::*;

    fn tally(regency: &str, kind: IndicatorKind, percents: &[i64]) -> Tally {
        Tally {
            cell: ("2026-10".parse().unwrap(), Some(Cluster::Anak), kind),
            regency: regency.parse::<RegionCode>().unwrap().try_into().unwrap(),
            cases: i32::try_from(percents.len()).unwrap(),
            percent_sum: percents.iter().sum(),
        }
    }

    fn table(region: &str, rows: RowLevel, tallies: &[Tally]) -> Vec<(String, CaseCount, Option<i32>)> {
        let extent = Extent::new(region.parse().unwrap(), rows).unwrap();
        let table = Achievement::table(tallies.to_vec(), extent);
        table
            .into_iter()
            .map(|row| (row.key.2.to_string(), row.cases, row.mean_percent))
            .collect()
    }

    #[test]
    fn means_are_of_all_cases_of_a_region_and_rounded() {
        let tallies = [
            tally("32.73", IndicatorKind::Output, &[50; 6]),
            tally("32.04", IndicatorKind::Output, &[75; 5]),
        ];
        assert_eq!(
            table("32", RowLevel::Province, &tallies),
            [("32".to_owned(), CaseCount::Told(11), Some(61))]
        );
    }

    #[test]
    fn of_few_cases_neither_number_nor_mean_is_told_and_sums_do_not_give_it_away() {
        let tallies = [
            tally("32.73", IndicatorKind::Impact, &[80; 9]),
            tally("32.04", IndicatorKind::Impact, &[10, 20]),
            tally("32.05", IndicatorKind::Impact, &[90; 2]),
        ];
        let hidden = |region: &str| (region.to_owned(), CaseCount::Suppressed, None);
        assert_eq!(
            table("32", RowLevel::Regency, &tallies),
            [
                hidden("32.04"),
                hidden("32.05"),
                ("32.73".to_owned(), CaseCount::Told(9), Some(80)),
            ]
        );
        // 13 cases less 9 leaves 4: their mean would follow from that of the province.
        assert_eq!(
            table("32", RowLevel::Province, &tallies),
            [("32".to_owned(), CaseCount::Told(13), None)]
        );
    }

    #[test]
    fn each_kind_of_indicator_has_its_row() {
        let tallies: Vec<_> = IndicatorKind::ALL
            .iter()
            .map(|kind| tally("32.73", *kind, &[40; 5]))
            .collect();
        assert_eq!(table("ID", RowLevel::Nation, &tallies).len(), 5);
    }
}
