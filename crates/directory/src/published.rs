//! What is published about facilities: the ministry's Sentra, the balai they grew from, where they work,
//! and a sample of provincial units. Sources and doubts stand in each row of `data/`.
//!
//! The files are part of the program, so a fault in them is a bug: it panics with file and line, and the
//! tests read every file.

use csv::Reader;
use serasi_geography::RegionCode;
use serasi_proto::v1::Cluster;
use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error};

use crate::codes::CLUSTERS;

const SENTRA_CSV: &[u8] = include_bytes!("../data/kemensos_sentra.csv");
const BALAI_CSV: &[u8] = include_bytes!("../data/kemensos_balai_2018.csv");
const WORKING_AREAS_CSV: &[u8] = include_bytes!("../data/kemensos_working_areas.csv");
const UPTD_CSV: &[u8] = include_bytes!("../data/uptd_sample.csv");

/// A Sentra or Sentra Terpadu, as they are since 2022.
#[derive(Deserialize)]
pub(crate) struct Sentra {
    #[serde(rename = "facility_id")]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(rename = "type")]
    pub(crate) kind: SentraKind,
    #[serde(deserialize_with = "region")]
    pub(crate) regency_code: RegionCode,
    /// Where the town is all that is known, empty.
    #[serde(deserialize_with = "region_if_known")]
    pub(crate) district_code: Option<RegionCode>,
    #[serde(rename = "lat")]
    pub(crate) latitude_deg: f64,
    #[serde(rename = "lon")]
    pub(crate) longitude_deg: f64,
    pub(crate) address: String,
    #[serde(rename = "clusters_now", deserialize_with = "clusters")]
    pub(crate) clusters: Vec<Cluster>,
    /// Beds; zero where there is no dormitory.
    #[serde(rename = "capacity_assumed")]
    pub(crate) beds: u32,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) enum SentraKind {
    #[serde(rename = "sentra terpadu")]
    SentraTerpadu,
    #[serde(rename = "sentra")]
    Sentra,
}

/// A balai besar, balai or loka of 2018-2022, which served one cluster.
#[derive(Deserialize)]
pub(crate) struct Balai {
    #[serde(rename = "balai_id")]
    pub(crate) id: String,
    #[serde(deserialize_with = "cluster")]
    pub(crate) cluster: Cluster,
    /// Whom it was for, in English.
    pub(crate) focus: String,
    /// The Sentra it became or became part of.
    pub(crate) successor_id: String,
}

/// A region served by a Sentra, or by a balai before it.
#[derive(Deserialize)]
pub(crate) struct WorkingArea {
    pub(crate) facility_id: String,
    /// `all`, a cluster, or `prosthetics`.
    pub(crate) scope: String,
    #[serde(deserialize_with = "region")]
    pub(crate) area_code: RegionCode,
}

/// A unit of a province.
#[derive(Deserialize)]
pub(crate) struct Uptd {
    #[serde(rename = "uptd_id")]
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(deserialize_with = "region")]
    pub(crate) province_code: RegionCode,
    #[serde(deserialize_with = "region")]
    pub(crate) regency_code: RegionCode,
    #[serde(deserialize_with = "clusters")]
    pub(crate) clusters: Vec<Cluster>,
    #[serde(rename = "lat")]
    pub(crate) latitude_deg: f64,
    #[serde(rename = "lon")]
    pub(crate) longitude_deg: f64,
    #[serde(rename = "capacity_published")]
    pub(crate) beds: Option<u32>,
}

pub(crate) fn sentra() -> Vec<Sentra> {
    records("kemensos_sentra.csv", SENTRA_CSV)
}

pub(crate) fn balai() -> Vec<Balai> {
    records("kemensos_balai_2018.csv", BALAI_CSV)
}

pub(crate) fn working_areas() -> Vec<WorkingArea> {
    records("kemensos_working_areas.csv", WORKING_AREAS_CSV)
}

pub(crate) fn uptd_sample() -> Vec<Uptd> {
    records("uptd_sample.csv", UPTD_CSV)
}

/// Every row of an embedded file; columns without a field are skipped.
fn records<T: DeserializeOwned>(file: &str, bytes: &'static [u8]) -> Vec<T> {
    Reader::from_reader(bytes)
        .into_deserialize()
        .map(|row| row.unwrap_or_else(|error| panic!("embedded {file}: {error}")))
        .collect()
}

fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<RegionCode, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(D::Error::custom)
}

fn region_if_known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<RegionCode>, D::Error> {
    match String::deserialize(deserializer)?.as_str() {
        "" => Ok(None),
        text => text.parse().map(Some).map_err(D::Error::custom),
    }
}

fn cluster<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cluster, D::Error> {
    find_cluster(&String::deserialize(deserializer)?)
}

fn clusters<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Cluster>, D::Error> {
    String::deserialize(deserializer)?
        .split(';')
        .map(find_cluster)
        .collect()
}

fn find_cluster<E: Error>(text: &str) -> Result<Cluster, E> {
    CLUSTERS
        .find(text)
        .ok_or_else(|| E::custom(format!("no cluster {text}")))
}
