//! Facts that nobody publishes: how many places are taken, whom a house admits, how it is built.
//!
//! Every figure here is an assumption of this project and is named in `data/README.md`.

use serasi_proto::v1::{AccessNeed, AdmissionRule, CapacityReport, Cluster, PoolKey, ServiceBase};

use crate::draw::{chance, rnd};

/// UPTD and LKS that have reported no places: their capacity is unknown.
const SILENT_PERCENT: u32 = 3;
/// Pools without a free place.
const FULL_PERCENT: u32 = 12;
/// Share of the places taken in the other pools, from this many percent ...
const OCCUPIED_PERCENT_MIN: u32 = 35;
/// ... to just below this many more.
const OCCUPIED_PERCENT_SPREAD: u32 = 60;
/// Beds that can be put up in an emergency, as a share of the beds.
const OVERFLOW_PERCENT: u32 = 10;

const WHEELCHAIR_PERCENT: u32 = 40;
const FULL_CARE_PERCENT: u32 = 60;
const SIGN_LANGUAGE_PERCENT: u32 = 35;
const BRAILLE_PERCENT: u32 = 25;

/// The places of one base, told apart neither by cluster nor by sex; `key` is what the draw starts with.
pub(super) fn places(key: &str, base: ServiceBase, total: u32) -> CapacityReport {
    CapacityReport {
        key: Some(PoolKey {
            base: base.into(),
            ..PoolKey::default()
        }),
        total: count(total),
        occupied: count(occupied(key, total)),
        overflow: 0,
    }
}

/// Beds, of which more can be put up in an emergency.
pub(super) fn beds(key: &str, total: u32) -> CapacityReport {
    CapacityReport {
        overflow: count(total * OVERFLOW_PERCENT / 100),
        ..places(key, ServiceBase::Residential, total)
    }
}

/// Whether a house has not said how many places it has.
pub(super) fn is_silent(key: &str) -> bool {
    chance(&format!("{key}silent"), SILENT_PERCENT)
}

/// Whom a house of these clusters admits: a house for one age does not take the others.
pub(super) fn admission(key: &str, clusters: &[Cluster]) -> AdmissionRule {
    let (min_age_years, max_age_years) = match clusters {
        // A child is under 18 (UU 35/2014), an older person 60 or more (UU 13/1998).
        [Cluster::Anak] => (Some(0), Some(17)),
        [Cluster::Lansia] => (Some(60), None),
        _ => (None, None),
    };
    let access = access(key, clusters).into_iter().map(i32::from).collect();
    AdmissionRule {
        min_age_years,
        max_age_years,
        access,
        ..AdmissionRule::default()
    }
}

fn occupied(key: &str, total: u32) -> u32 {
    if chance(&format!("{key}full"), FULL_PERCENT) {
        return total;
    }
    total * (OCCUPIED_PERCENT_MIN + rnd(&format!("{key}occupied"), OCCUPIED_PERCENT_SPREAD)) / 100
}

fn access(key: &str, clusters: &[Cluster]) -> Vec<AccessNeed> {
    let disability = clusters.contains(&Cluster::Disabilitas);
    let frail = disability || clusters.contains(&Cluster::Lansia);
    let met = [
        (
            AccessNeed::Wheelchair,
            disability || chance(&format!("{key}wheelchair"), WHEELCHAIR_PERCENT),
        ),
        (
            AccessNeed::SignLanguage,
            disability && chance(&format!("{key}sign_language"), SIGN_LANGUAGE_PERCENT),
        ),
        (
            AccessNeed::Braille,
            disability && chance(&format!("{key}braille"), BRAILLE_PERCENT),
        ),
        (
            AccessNeed::FullCare,
            frail && chance(&format!("{key}full_care"), FULL_CARE_PERCENT),
        ),
    ];
    met.into_iter()
        .filter(|(_, is_met)| *is_met)
        .map(|(need, _)| need)
        .collect()
}

fn count(places: u32) -> i32 {
    i32::try_from(places).expect("no facility has billions of places")
}
