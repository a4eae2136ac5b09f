//! How many people are owed a registration, how far it has come, and for how long (P16 Ps.35).

use std::collections::{BTreeMap, BTreeSet};

use serasi_geography::RegionCode;

use super::extent::Extent;
use super::suppression::{CaseCount, ProtectedCounts};
use crate::code::coded;
use crate::id::Regency;

coded! {
    /// How far what is still owed has come: the states of an obligation but the last.
    pub enum OwedState {
        Due = "due",
        Reported = "reported",
        Proposed = "proposed",
        Deliberated = "deliberated",
        Verified = "verified",
        Refused = "refused",
    }
}

coded! {
    /// For how long, in whole days.
    pub enum OwedAge {
        Day = "0",
        Week = "1-6",
        Month = "7-29",
        Quarter = "30-89",
        Older = "90+",
    }
}

impl OwedAge {
    /// The first day of the band.
    #[must_use]
    pub const fn from_days(self) -> i32 {
        match self {
            Self::Day => 0,
            Self::Week => 1,
            Self::Month => 7,
            Self::Quarter => 30,
            Self::Older => 90,
        }
    }
}

/// Persons of one regency, counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedTally {
    pub cell: (OwedState, OwedAge),
    pub regency: Regency,
    pub persons: i32,
}

/// One row of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwedRow {
    pub region: RegionCode,
    pub cell: (OwedState, OwedAge),
    pub persons: CaseCount,
}

/// The rows of `extent`, by region, state and age. `tallies` are those of the whole nation: which numbers are hidden must
/// not depend on who asks.
#[must_use]
pub fn table(tallies: impl IntoIterator<Item = OwedTally>, extent: Extent) -> Vec<OwedRow> {
    let mut cells: BTreeMap<_, Vec<(Regency, i32)>> = BTreeMap::new();
    for tally in tallies {
        cells
            .entry(tally.cell)
            .or_default()
            .push((tally.regency, tally.persons));
    }
    let mut rows = vec![];
    for (cell, counts) in cells {
        let within = counts.iter().map(|(regency, _)| *regency);
        let within = within.filter(|regency| extent.region().contains(&regency.code()));
        let regions: BTreeSet<RegionCode> = within.map(|regency| extent.rows().row_of(regency)).collect();
        let counts = ProtectedCounts::new(counts);
        rows.extend(regions.into_iter().map(|region| OwedRow {
            region,
            cell,
            persons: counts.of(region),
        }));
    }
    rows.sort_unstable_by_key(|row| (row.region, row.cell));
    rows
}

#[cfg(test)]
mod tests {
    use super::super::extent::RowLevel;
    use super::*;

    #[test]
    fn small_numbers_are_hidden_by_what_the_nation_has_and_not_by_who_asks() {
        let tally = |regency: &str, persons| OwedTally {
            cell: (OwedState::Due, OwedAge::Week),
            regency: Regency::try_from(regency.parse::<RegionCode>().unwrap()).unwrap(),
            persons,
        };
        let tallies = [tally("32.73", 3), tally("32.04", 9), tally("33.74", 20)];
        let shown = |region: &str, level| {
            let extent = Extent::new(region.parse().unwrap(), level).unwrap();
            let rows = table(tallies, extent).into_iter();
            rows.map(|row| (row.region.to_string(), row.persons))
                .collect::<Vec<_>>()
        };
        let hidden = CaseCount::Suppressed;
        assert_eq!(
            shown("32", RowLevel::Regency),
            [("32.04".to_owned(), hidden), ("32.73".to_owned(), hidden)],
            "the larger one would tell the smaller"
        );
        assert_eq!(shown("32.73", RowLevel::Regency), [("32.73".to_owned(), hidden)]);
        assert_eq!(
            shown("ID", RowLevel::Nation),
            [("ID".to_owned(), CaseCount::Told(32))]
        );
    }
}
