//! The reference directory: what is published about facilities, filled up with invented ones, and for
//! all of them the facts that routing needs and nobody publishes.
//!
//! Owns the assumptions; `data/README.md` lists them for people. Real directories come by import and
//! replace it row by row, under the same source keys.

mod assumed;
mod lks;
mod sentra;
mod uptd;

use std::collections::BTreeMap;

use serasi_geography::RegionCode;
use serasi_proto::v1::ImportFacilitiesRequest;

use crate::published;

/// 31 Sentra, 160 UPTD and 4,405 LKS with their pools, each time the same.
///
/// They stand in no file, so `row` is zero: errors are told by position.
#[must_use]
pub fn reference_facilities() -> Vec<ImportFacilitiesRequest> {
    sentra::all().chain(uptd::all()).chain(lks::all()).collect()
}

/// How many units of each province the published sample has.
pub(crate) fn known_uptd_by_province() -> BTreeMap<RegionCode, u32> {
    let mut known = BTreeMap::new();
    for uptd in published::uptd_sample() {
        *known.entry(uptd.province_code).or_default() += 1;
    }
    known
}

#[cfg(test)]
mod tests;
