//! Small numbers stay secret from a reader who adds, subtracts and knows that a hidden number is not nought.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{ProptestConfig, Strategy};
use proptest::{prop_assert, prop_assert_eq, proptest};

use super::*;

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn protect(counts: &[(&str, i32)]) -> ProtectedCounts {
    let counts = counts.iter().map(|(text, count)| {
        let regency = Regency::try_from(code(text)).unwrap();
        (regency, *count)
    });
    ProtectedCounts::new(counts)
}

/// What is hidden, in the order of the codes.
fn hidden(protected: &ProtectedCounts) -> Vec<String> {
    protected
        .regions()
        .filter(|region| protected.of(*region) == CaseCount::Suppressed)
        .map(|region| region.to_string())
        .collect()
}

#[test]
fn large_numbers_and_nought_are_told() {
    let protected = protect(&[("32.73", 5), ("32.04", 0), ("33.74", 12)]);
    assert!(hidden(&protected).is_empty());
    for (region, count) in [("32.73", 5), ("32.04", 0), ("32", 5), ("ID", 17), ("51.71", 0)] {
        assert_eq!(protected.of(code(region)), CaseCount::Told(count), "{region}");
    }
}

#[test]
fn a_small_number_takes_the_next_smallest_beside_it_along() {
    let protected = protect(&[("32.73", 3), ("32.04", 30), ("32.77", 8), ("33.74", 9)]);
    assert_eq!(hidden(&protected), ["32.73", "32.77"]);
    assert_eq!(protected.of(code("32")), CaseCount::Told(41));
}

#[test]
fn two_small_numbers_hide_each_other() {
    let protected = protect(&[("32.73", 3), ("32.04", 2), ("32.77", 8), ("33.74", 9)]);
    assert_eq!(hidden(&protected), ["32.04", "32.73"]);
}

#[test]
fn a_province_that_is_hidden_to_protect_another_is_not_told_by_its_regencies() {
    let protected = protect(&[("32.73", 3), ("33.74", 10), ("33.72", 7), ("51.71", 20)]);
    assert_eq!(hidden(&protected), ["32", "32.73", "33", "33.72"]);
    assert_eq!(protected.of(RegionCode::NATION), CaseCount::Told(40));
}

#[test]
fn numbers_that_must_all_be_one_hide_their_sum() {
    let ones = ["32.01", "32.02", "32.03", "32.04", "32.05", "32.06"].map(|regency| (regency, 1));
    let protected = protect(&ones);
    assert_eq!(
        hidden(&protected).len(),
        8,
        "six regencies, the province and the nation"
    );
}

#[test]
fn a_few_people_in_the_whole_nation_are_told_nowhere() {
    assert_eq!(hidden(&protect(&[("32.73", 2)])), ["ID", "32", "32.73"]);
}

/// A nation as a reader sees it: numbers that are told, and regions known to have one that is not.
struct Reader {
    parts: BTreeMap<RegionCode, i32>,
    told: BTreeSet<RegionCode>,
}

impl Reader {
    fn of(protected: &ProtectedCounts) -> Self {
        let is_told = |region: &RegionCode| protected.of(*region) != CaseCount::Suppressed;
        let regencies = protected.regions().filter(|region| region.regency().is_some());
        Self {
            parts: regencies
                .map(|region| (region, protected.count(region)))
                .collect(),
            told: protected.regions().filter(is_told).collect(),
        }
    }

    /// Whether the numbers could as well be those of `other`: every sum that is told is the same, and none is nought.
    fn could_be(&self, other: &BTreeMap<RegionCode, i32>) -> bool {
        other.values().all(|count| *count > 0)
            && self
                .told
                .iter()
                .all(|region| sum(other, *region) == sum(&self.parts, *region))
    }

    /// Whether `region` could have another number than it has, all that is told being as it is: one case more or less
    /// somewhere, or one case elsewhere.
    fn is_secret(&self, region: RegionCode) -> bool {
        let changed = |changes: &[(RegionCode, i32)]| {
            let mut other = self.parts.clone();
            for (regency, by) in changes {
                *other.entry(*regency).or_default() += by;
            }
            other
        };
        let differs =
            |other: &BTreeMap<_, _>| sum(other, region) != sum(&self.parts, region) && self.could_be(other);
        let regencies = || self.parts.keys().copied();
        regencies().any(|one| differs(&changed(&[(one, 1)])))
            || regencies().any(|one| regencies().any(|two| differs(&changed(&[(one, -1), (two, 1)]))))
    }

    fn given_away(&self, regions: impl Iterator<Item = RegionCode>) -> Vec<RegionCode> {
        regions
            .filter(|region| !self.told.contains(region) && !self.is_secret(*region))
            .collect()
    }
}

fn sum(parts: &BTreeMap<RegionCode, i32>, region: RegionCode) -> i32 {
    let within = parts.iter().filter(|(regency, _)| region.contains(regency));
    within.map(|(_, count)| count).sum()
}

#[test]
fn without_the_second_hidden_number_the_first_would_be_known() {
    let mut protected = protect(&[("32.73", 3), ("32.04", 30), ("32.77", 8)]);
    assert!(Reader::of(&protected).given_away(protected.regions()).is_empty());
    protected.hidden.remove(&code("32.77"));
    assert_eq!(
        Reader::of(&protected).given_away(protected.regions()),
        [code("32.73")]
    );
}

/// Up to four provinces with up to five regencies; small numbers, ones and noughts are common.
fn any_nation() -> impl Strategy<Value = Vec<(Regency, i32)>> {
    let count = proptest::prop_oneof![0..2_i32, 0..7_i32, 0..30_i32];
    let province = proptest::collection::vec(count, 0..=5);
    proptest::collection::vec(province, 1..=4).prop_map(|provinces| {
        let numbered = provinces.into_iter().zip(11_u8..);
        let regencies = numbered.flat_map(|(regencies, province)| {
            let numbered = regencies.into_iter().zip(1_u8..);
            numbered.map(move |(count, regency)| {
                let regency = code(&format!("{province:02}.{regency:02}"));
                (Regency::try_from(regency).unwrap(), count)
            })
        });
        regencies.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_hidden_cannot_be_derived_from_what_is_told(nation in any_nation()) {
        let protected = ProtectedCounts::new(nation.clone());
        let given_away = Reader::of(&protected).given_away(protected.regions());
        prop_assert!(given_away.is_empty(), "{given_away:?} of {protected:?}");
    }

    #[test]
    fn what_is_told_is_true_and_never_small(nation in any_nation()) {
        let protected = ProtectedCounts::new(nation.clone());
        let parts: BTreeMap<_, _> = nation.iter().map(|(regency, count)| (regency.code(), *count)).collect();
        for region in parts.keys().copied().chain([code("11"), code("12"), RegionCode::NATION]) {
            if let CaseCount::Told(count) = protected.of(region) {
                prop_assert_eq!(count, sum(&parts, region));
                prop_assert!(count == 0 || count >= SMALLEST_TOLD, "{} has {}", region, count);
            }
        }
    }
}
