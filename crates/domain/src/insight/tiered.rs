//! The report that goes up the tiers: regency, province, nation (P16 Ps.37-44). How many cases were reported in a period,
//! and how they divide by channel, cluster, urgency, outcome and placement.
//!
//! What is told of a region is told so that neither a part nor a sum gives a small number away: its clusters and its sum
//! only where the report on unmet need tells every one of its months, each other division only where none of its parts
//! is small; and where one region of several is not told, another one is not told with it.

use std::collections::{BTreeMap, BTreeSet};

use serasi_geography::RegionCode;

use super::suppression::{CaseCount, ProtectedCounts, SMALLEST_TOLD};
use crate::code::coded;
use crate::id::Regency;

coded! {
    /// By what cases are divided.
    pub enum Division {
        Cluster = "cluster",
        Channel = "channel",
        Urgency = "urgency",
        /// How far the case is.
        Outcome = "outcome",
        /// How far its furthest placement is.
        Placement = "placement",
    }
}

/// A number of cases of one regency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierTally {
    pub regency: Regency,
    pub division: Division,
    /// One code of the division; empty = not known.
    pub code: String,
    /// Of clusters: the month, counted from the first one. Else 0.
    pub month: i32,
    pub cases: i32,
}

/// One region of one tier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TierRow {
    pub region: RegionCode,
    pub reported: CaseCount,
    pub divisions: Vec<Divided>,
}

/// The cases of a region, divided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Divided {
    pub division: Division,
    /// By code; `None` = not told, because one of them is small or would give another one away.
    pub parts: Option<Vec<(String, i32)>>,
}

/// By region, from the regency up.
type Counts = BTreeMap<RegionCode, BTreeMap<String, i32>>;

impl TierRow {
    /// The rows of all tiers inside `within`, the wider first, in the order of the codes. `tallies` are the whole
    /// nation's: what is told must not depend on who asks.
    #[must_use]
    pub fn table(tallies: &[TierTally], within: RegionCode) -> Vec<Self> {
        let clusters: Vec<&TierTally> = of(tallies, Division::Cluster).collect();
        let totals: Vec<(Regency, i32)> = clusters
            .iter()
            .map(|tally| (tally.regency, tally.cases))
            .collect();
        let untold = untold_elsewhere(&clusters);
        let reported = ProtectedCounts::hiding(totals.iter().copied(), |region, count| {
            count < SMALLEST_TOLD || untold.contains(&region)
        });
        let divided: Vec<(Division, Counts, ProtectedCounts)> = Division::ALL
            .iter()
            .map(|division| {
                let counts = counts(of(tallies, *division));
                let has_small = |region| {
                    let mut parts = counts.get(&region).into_iter().flat_map(BTreeMap::values);
                    parts.any(|count| *count < SMALLEST_TOLD)
                };
                // No division where the sum is not told: its parts would add up to it.
                let told = ProtectedCounts::hiding(totals.iter().copied(), |region, _| {
                    reported.of(region) == CaseCount::Suppressed || has_small(region)
                });
                (*division, counts, told)
            })
            .collect();
        let rows = reported.regions().filter(|region| within.contains(region));
        rows.map(|region| Self {
            region,
            reported: reported.of(region),
            divisions: divided
                .iter()
                .map(|(division, counts, told)| {
                    let is_told = told.of(region) != CaseCount::Suppressed;
                    let parts = counts.get(&region).filter(|_| is_told);
                    Divided {
                        division: *division,
                        parts: parts.map(|parts| parts.clone().into_iter().collect()),
                    }
                })
                .collect(),
        })
        .collect()
    }
}

fn of(tallies: &[TierTally], division: Division) -> impl Iterator<Item = &TierTally> {
    tallies.iter().filter(move |tally| tally.division == division)
}

/// Regions of which the report on unmet need does not tell a number: its cells are a cluster in a month.
fn untold_elsewhere(clusters: &[&TierTally]) -> BTreeSet<RegionCode> {
    let mut cells = BTreeMap::<(i32, &str), Vec<(Regency, i32)>>::new();
    for tally in clusters {
        let cell = cells.entry((tally.month, &tally.code)).or_default();
        cell.push((tally.regency, tally.cases));
    }
    let protected = cells.into_values().map(ProtectedCounts::new);
    protected
        .flat_map(|cell| {
            let regions = cell.regions();
            regions
                .filter(|region| cell.of(*region) == CaseCount::Suppressed)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn counts<'a>(tallies: impl Iterator<Item = &'a TierTally>) -> Counts {
    let mut counts = Counts::new();
    for tally in tallies {
        let regions = std::iter::successors(Some(tally.regency.code()), |code| code.parent());
        for region in regions {
            let parts = counts.entry(region).or_default();
            *parts.entry(tally.code.clone()).or_default() += tally.cases;
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(regency: &str, division: Division, code: &str, cases: i32) -> TierTally {
        TierTally {
            regency: regency.parse::<RegionCode>().unwrap().try_into().unwrap(),
            division,
            code: code.to_owned(),
            month: 0,
            cases,
        }
    }

    fn nation() -> Vec<TierTally> {
        let regency = |code, anak, lansia, complaint: i32| {
            vec![
                tally(code, Division::Cluster, "anak", anak),
                tally(code, Division::Cluster, "lansia", lansia),
                tally(code, Division::Channel, "complaint", complaint),
                tally(code, Division::Channel, "outreach", anak + lansia - complaint),
            ]
        };
        [
            regency("32.73", 40, 20, 30),
            regency("32.04", 30, 2, 16),
            regency("32.01", 9, 7, 8),
            regency("33.74", 50, 10, 57),
            regency("33.01", 60, 10, 30),
            regency("33.02", 70, 10, 30),
        ]
        .concat()
    }

    fn row<'t>(table: &'t [TierRow], region: &str) -> &'t TierRow {
        let region: RegionCode = region.parse().unwrap();
        table.iter().find(|row| row.region == region).unwrap()
    }

    fn division(row: &TierRow, wanted: Division) -> Option<&Vec<(String, i32)>> {
        let found = row.divisions.iter().find(|divided| divided.division == wanted);
        found.unwrap().parts.as_ref()
    }

    #[test]
    fn every_tier_adds_up_and_a_scope_sees_its_part_alike() {
        let all = TierRow::table(&nation(), RegionCode::NATION);
        let regions: Vec<String> = all.iter().map(|row| row.region.to_string()).collect();
        assert_eq!(all.len(), 9, "{regions:?}");
        assert_eq!(row(&all, "ID").reported, CaseCount::Told(318));
        assert_eq!(row(&all, "32").reported, CaseCount::Told(108));
        let clusters = division(row(&all, "32"), Division::Cluster).unwrap();
        assert_eq!(*clusters, [("anak".to_owned(), 79), ("lansia".to_owned(), 29)]);
        let part = TierRow::table(&nation(), "32".parse().unwrap());
        assert!(
            part.iter()
                .all(|seen| seen == row(&all, &seen.region.to_string()))
        );
        assert_eq!(part.len(), 4);
    }

    #[test]
    fn a_small_part_hides_its_division_and_a_neighbour_with_it() {
        let all = TierRow::table(&nation(), RegionCode::NATION);
        // Two elderly of 32.04: their number, and what it could be had from.
        assert_eq!(row(&all, "32.04").reported, CaseCount::Suppressed);
        assert_eq!(
            row(&all, "32.01").reported,
            CaseCount::Suppressed,
            "the smallest beside it"
        );
        assert_eq!(row(&all, "32.73").reported, CaseCount::Told(60));
        for region in ["32.04", "32.01"] {
            assert!(
                row(&all, region)
                    .divisions
                    .iter()
                    .all(|divided| divided.parts.is_none()),
                "{region}"
            );
        }
        // Three by outreach in 33.74: only that division.
        assert_eq!(row(&all, "33.74").reported, CaseCount::Told(60));
        assert!(division(row(&all, "33.74"), Division::Cluster).is_some());
        let untold = ["33.74", "33.01", "33.02"]
            .into_iter()
            .filter(|region| division(row(&all, region), Division::Channel).is_none());
        assert_eq!(untold.collect::<Vec<_>>(), ["33.74", "33.01"]);
    }

    #[test]
    fn what_is_told_never_leaves_one_untold_part_of_a_told_sum() {
        // Many nations, drawn from a seed that is printed.
        for seed in 1_u64..400 {
            let mut state = seed;
            let mut draw = |most: u64| {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                i32::try_from((state >> 33) % most).unwrap()
            };
            let mut tallies = vec![];
            for province in ["32", "33", "51"] {
                for regency in 1..=4 {
                    let code = format!("{province}.0{regency}");
                    for cluster in ["anak", "lansia"] {
                        for month in 0..2 {
                            let cases = draw(14);
                            tallies.push(TierTally {
                                month,
                                ..tally(&code, Division::Cluster, cluster, cases)
                            });
                        }
                    }
                }
            }
            tallies.retain(|tally| tally.cases > 0);
            let all = TierRow::table(&tallies, RegionCode::NATION);
            for sum in &all {
                let parts: Vec<&TierRow> = all
                    .iter()
                    .filter(|part| part.region.parent() == Some(sum.region))
                    .collect();
                let untold = parts
                    .iter()
                    .filter(|part| part.reported == CaseCount::Suppressed)
                    .count();
                if sum.reported != CaseCount::Suppressed {
                    assert_ne!(untold, 1, "seed {seed}, {}", sum.region);
                    let told = division(sum, Division::Cluster).unwrap();
                    assert!(
                        told.iter().all(|(_, cases)| *cases >= SMALLEST_TOLD),
                        "seed {seed}"
                    );
                } else if !parts.is_empty() {
                    assert_ne!(untold, 0, "seed {seed}, {}", sum.region);
                }
            }
        }
    }
}
