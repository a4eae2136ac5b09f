//! Invented facilities, because no complete public list of UPTD and LKS was found: names, places and
//! capacities are drawn, the same on every machine.
//!
//! Numbers per region follow the population. The weights are choices of this project, not statistics;
//! `data/README.md` says more.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serasi_geography::{Region, RegionCode, atlas};
use serasi_proto::v1::{Cluster, ServiceBase};

use crate::draw::{choose, pick, rnd};

const WORDS: [&str; 20] = [
    "Harapan",
    "Kasih",
    "Bakti",
    "Mulia",
    "Sejahtera",
    "Mandiri",
    "Amanah",
    "Hidayah",
    "Cahaya",
    "Permata",
    "Bunda",
    "Nusantara",
    "Pelita",
    "Insani",
    "Ikhlas",
    "Rahmat",
    "Tunas",
    "Karya",
    "Budi",
    "Sentosa",
];

const LKS_PERSONS_EACH: u32 = 60_000;
const LKS_PER_REGENCY: std::ops::RangeInclusive<u32> = 2..=40;
/// A cluster's weight and what the name of such an institution starts with.
const LKS_CLUSTERS: [((Cluster, &str), u32); 5] = [
    ((Cluster::Anak, "LKSA"), 55),
    ((Cluster::Lansia, "LKSLU"), 15),
    ((Cluster::Disabilitas, "LKS-PD"), 15),
    ((Cluster::TunaSosialKpo, "LKS-TS"), 9),
    ((Cluster::Napza, "IPWL"), 6),
];
const LKS_BASES: [(ServiceBase, u32); 3] = [
    (ServiceBase::Residential, 60),
    (ServiceBase::Family, 25),
    (ServiceBase::Community, 15),
];
const LKS_ACCREDITATIONS: [(Accreditation, u32); 4] = [
    (Accreditation::A, 20),
    (Accreditation::B, 40),
    (Accreditation::C, 25),
    (Accreditation::None, 15),
];

const UPTD_PERSONS_EACH: u32 = 2_500_000;
const UPTD_PER_PROVINCE_MAX: u32 = 20;
const UPTD_CLUSTERS: [((Cluster, &str), u32); 5] = [
    ((Cluster::Anak, "UPTD PSAA"), 35),
    ((Cluster::Lansia, "UPTD PSTW"), 30),
    ((Cluster::Disabilitas, "UPTD PSPD"), 20),
    ((Cluster::TunaSosialKpo, "UPTD PSBK"), 12),
    ((Cluster::Napza, "UPTD PSPP"), 3),
];

/// An invented Lembaga Kesejahteraan Sosial.
pub(crate) struct Lks {
    /// What its draws start with.
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cluster: Cluster,
    pub(crate) district: Region<'static>,
    pub(crate) base: ServiceBase,
    pub(crate) places: u32,
    pub(crate) accreditation: Accreditation,
}

/// Grade given by the accreditation board (BALKS).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Accreditation {
    A,
    B,
    C,
    None,
}

/// An invented unit of a province.
pub(crate) struct Uptd {
    /// What its draws start with.
    pub(crate) key: String,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) cluster: Cluster,
    pub(crate) regency: Region<'static>,
    pub(crate) places: u32,
}

/// The LKS of all regencies, by regency.
pub(crate) fn lks() -> impl Iterator<Item = Lks> {
    atlas().regencies().flat_map(|regency| {
        let districts: Vec<_> = atlas().districts_of(regency.code).collect();
        let count = persons(&regency) / LKS_PERSONS_EACH;
        let count = count.clamp(*LKS_PER_REGENCY.start(), *LKS_PER_REGENCY.end());
        (1..=count).map(move |number| one_lks(&regency, &districts, number))
    })
}

/// The UPTD that fill up each province, given how many units of it are known.
pub(crate) fn uptd(known: &BTreeMap<RegionCode, u32>) -> impl Iterator<Item = Uptd> {
    atlas().provinces().flat_map(|province| {
        let wanted = (1 + persons(&province) / UPTD_PERSONS_EACH).min(UPTD_PER_PROVINCE_MAX);
        let known = known.get(&province.code).copied().unwrap_or_default();
        let seats = larger_half(province.code);
        (1..=wanted.saturating_sub(known)).map(move |number| one_uptd(province.code, &seats, number))
    })
}

fn one_lks(regency: &Region<'_>, districts: &[Region<'static>], number: u32) -> Lks {
    let key = format!("lks/{}/{number}/", regency.code);
    let (cluster, prefix) = pick(&format!("{key}cluster"), &LKS_CLUSTERS);
    Lks {
        id: format!("LKS-{}-{number:03}", regency.code.to_string().replace('.', "")),
        name: name(prefix, &key, regency),
        cluster,
        district: choose(&format!("{key}district"), districts),
        base: pick(&format!("{key}basis"), &LKS_BASES),
        places: 15 + 5 * rnd(&format!("{key}capacity"), 14),
        accreditation: pick(&format!("{key}accreditation"), &LKS_ACCREDITATIONS),
        key,
    }
}

fn one_uptd(province: RegionCode, seats: &[Region<'static>], number: u32) -> Uptd {
    let key = format!("uptd/{province}/{number}/");
    let (cluster, prefix) = pick(&format!("{key}cluster"), &UPTD_CLUSTERS);
    let regency = choose(&format!("{key}regency"), seats);
    Uptd {
        id: format!("UPTD-{province}-{number:02}"),
        name: name(prefix, &key, &regency),
        cluster,
        regency,
        places: 40 + 10 * rnd(&format!("{key}capacity"), 13),
        key,
    }
}

fn name(prefix: &str, key: &str, regency: &Region<'_>) -> String {
    let first = choose(&format!("{key}word1"), &WORDS);
    let second = choose(&format!("{key}word2"), &WORDS);
    format!("{prefix} {first} {second} {}", regency.short_name())
}

/// The half of a province's regencies, rounded up, in which most people live, the largest first.
fn larger_half(province: RegionCode) -> Vec<Region<'static>> {
    let mut regencies: Vec<_> = atlas().children(province).collect();
    regencies.sort_by_key(|regency| (Reverse(persons(regency)), regency.code));
    regencies.truncate(regencies.len().div_ceil(2));
    regencies
}

fn persons(region: &Region<'_>) -> u32 {
    region
        .population_persons
        .expect("the population of provinces and regencies is known")
}

#[cfg(test)]
mod tests;
