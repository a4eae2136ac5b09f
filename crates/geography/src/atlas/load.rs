//! Reads the embedded files. They are part of the program, so a fault in them is a bug: it panics
//! with file and line, and the tests read every file.

use std::io::Read;

use csv::{Reader, StringRecord};
use flate2::read::GzDecoder;
use serde::{Deserialize, de::DeserializeOwned};

use super::table::{NewRow, Table};
use crate::{Coordinates, Island, RegionCode, TimeZone};

const PROVINCES_CSV: &[u8] = include_bytes!("../../data/provinces.csv");
const REGENCIES_CSV: &[u8] = include_bytes!("../../data/regencies.csv");
const DISTRICTS_CSV: &[u8] = include_bytes!("../../data/districts.csv");
const ISLANDS_CSV: &[u8] = include_bytes!("../../data/islands.csv");
const VILLAGES_CSV_GZ: &[u8] = include_bytes!("../../data/villages.csv.gz");

#[derive(Deserialize)]
struct IslandRecord {
    island_id: Box<str>,
    name: Box<str>,
    road_network: Box<str>,
}

/// Columns that the region files share; a level has some of them.
#[derive(Deserialize)]
struct RegionRecord<'a> {
    code: &'a str,
    name: &'a str,
    lat: f64,
    lon: f64,
    #[serde(alias = "island_id")]
    main_island_id: Option<&'a str>,
    timezone: Option<&'a str>,
    population: Option<u32>,
}

pub(super) fn islands() -> Vec<Island> {
    let mut islands: Vec<Island> = records("islands.csv", ISLANDS_CSV)
        .map(
            |IslandRecord {
                 island_id,
                 name,
                 road_network,
             }| Island {
                id: island_id,
                name,
                road_network_id: road_network,
            },
        )
        .collect();
    islands.sort_by(|a, b| a.id.cmp(&b.id));
    islands
}

pub(super) fn provinces() -> Table {
    table("provinces.csv", PROVINCES_CSV, &[], None)
}

pub(super) fn regencies(islands: &[Island]) -> Table {
    table("regencies.csv", REGENCIES_CSV, islands, None)
}

pub(super) fn districts(islands: &[Island], regencies: &Table) -> Table {
    table("districts.csv", DISTRICTS_CSV, islands, Some(regencies))
}

pub(super) fn villages(islands: &[Island], regencies: &Table) -> Table {
    table(
        "villages.csv.gz",
        GzDecoder::new(VILLAGES_CSV_GZ),
        islands,
        Some(regencies),
    )
}

/// Every row of an embedded file; columns that the record does not name are skipped.
pub(crate) fn records<T: DeserializeOwned>(
    file: &'static str,
    bytes: &'static [u8],
) -> impl Iterator<Item = T> {
    Reader::from_reader(bytes)
        .into_deserialize()
        .map(move |row| row.unwrap_or_else(|error| panic!("embedded {file}: {error}")))
}

/// Reads one level; `regencies` gives the time zone where the file has none.
fn table(file: &str, bytes: impl Read, islands: &[Island], regencies: Option<&Table>) -> Table {
    let mut reader = Reader::from_reader(bytes);
    let headers = reader
        .headers()
        .unwrap_or_else(|error| panic!("embedded {file}: {error}"))
        .clone();
    let mut table = Table::with_capacity(0);
    let mut line = StringRecord::new();
    while reader
        .read_record(&mut line)
        .unwrap_or_else(|error| panic!("embedded {file}: {error}"))
    {
        let record: RegionRecord<'_> = line
            .deserialize(Some(&headers))
            .unwrap_or_else(|error| panic!("embedded {file}: {error}"));
        let code: RegionCode = record
            .code
            .parse()
            .unwrap_or_else(|error| panic!("embedded {file}, {}: {error}", record.code));
        let coordinates = Coordinates::new(record.lat, record.lon)
            .unwrap_or_else(|error| panic!("embedded {file}, {code}: {error}"));
        let island_index = record.main_island_id.filter(|_| !islands.is_empty()).map(|id| {
            island_index(islands, id).unwrap_or_else(|| panic!("embedded {file}, {code}: no island {id}"))
        });
        let time_zone = match record.timezone {
            Some(text) => time_zone(text),
            None => regencies
                .and_then(|table| table.find(code.regency()?))
                .map(|row| row.time_zone),
        }
        .unwrap_or_else(|| panic!("embedded {file}, {code}: no time zone"));
        let population_persons = record.population;
        table.push(&NewRow {
            code,
            name: record.name,
            coordinates,
            island_index,
            time_zone,
            population_persons,
        });
    }
    table
}

pub(super) fn island_index(islands: &[Island], id: &str) -> Option<u16> {
    let index = islands.binary_search_by(|island| (*island.id).cmp(id)).ok()?;
    u16::try_from(index).ok()
}

fn time_zone(text: &str) -> Option<TimeZone> {
    match text {
        "WIB" => Some(TimeZone::Wib),
        "WITA" => Some(TimeZone::Wita),
        "WIT" => Some(TimeZone::Wit),
        _ => None,
    }
}
