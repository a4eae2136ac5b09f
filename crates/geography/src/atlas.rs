//! The atlas: every region of the reference data, loaded once.
//!
//! Owns lookup by code, by name and by point. Its tables never change after loading; the villages,
//! ten times as many as all else, are unpacked when first asked for.

mod load;
mod search;
mod table;

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use crate::travel::Network;
use crate::{Coordinates, Island, Place, Region, RegionCode, RegionLevel, TimeZone};
pub(crate) use load::records;
pub(crate) use table::Row;
use table::Table;

static ATLAS: LazyLock<Atlas> = LazyLock::new(Atlas::load);

/// The atlas of the embedded reference data; the first call loads it.
#[must_use]
pub fn atlas() -> &'static Atlas {
    &ATLAS
}

/// All regions of the reference data, in the order of their codes.
pub struct Atlas {
    islands: Vec<Island>,
    provinces: Table,
    regencies: Table,
    districts: Table,
    villages: OnceLock<Table>,
    network: OnceLock<Network>,
}

impl Atlas {
    fn load() -> Self {
        let islands = load::islands();
        let provinces = load::provinces();
        let regencies = load::regencies(&islands);
        let districts = load::districts(&islands, &regencies);
        Self {
            islands,
            provinces,
            regencies,
            districts,
            villages: OnceLock::new(),
            network: OnceLock::new(),
        }
    }

    /// The region with this code, of any level; `None` if the reference data has none.
    #[must_use]
    pub fn region(&self, code: RegionCode) -> Option<Region<'_>> {
        let Some(table) = self.table(code.level()) else {
            return Some(nation());
        };
        table
            .position(code)
            .and_then(|index| self.region_at(table, index))
    }

    /// Regions by name, best first: exact names, then names that start so, then names that contain
    /// the query; within these larger regions first, then by code.
    ///
    /// Case, accents, spaces and punctuation do not count; `Kab.`, `Kota` and the like may be left
    /// out. An empty query finds nothing. Without a level the villages are searched too.
    #[must_use]
    pub fn search(
        &self,
        query: &str,
        level: Option<RegionLevel>,
        within: Option<RegionCode>,
        limit: usize,
    ) -> Vec<Region<'_>> {
        let codes = search::find(self, query, level, within, limit);
        codes.into_iter().filter_map(|code| self.region(code)).collect()
    }

    /// The regions directly inside `code`, by code; none for villages and unknown codes.
    pub fn children(&self, code: RegionCode) -> impl Iterator<Item = Region<'_>> {
        let table = match code.level() {
            RegionLevel::Nation => Some(&self.provinces),
            RegionLevel::Province => Some(&self.regencies),
            RegionLevel::Regency => Some(&self.districts),
            RegionLevel::District => Some(self.villages()),
            RegionLevel::Village => None,
        };
        table
            .into_iter()
            .flat_map(move |table| self.regions_of(table, table.range_within(code)))
    }

    /// All provinces, in file order, which is by code.
    pub fn provinces(&self) -> impl Iterator<Item = Region<'_>> {
        self.children(RegionCode::NATION)
    }

    /// All regencies, in file order, which is by code.
    pub fn regencies(&self) -> impl Iterator<Item = Region<'_>> {
        self.regions_of(&self.regencies, 0..self.regencies.len())
    }

    /// The districts of a regency, by code.
    pub fn districts_of(&self, regency: RegionCode) -> impl Iterator<Item = Region<'_>> {
        self.regions_of(&self.districts, self.districts.range_within(regency))
    }

    /// The district whose reference point is nearest, the lower code at the same distance.
    ///
    /// Points, not borders, decide: near a border it may be the neighbour.
    #[must_use]
    pub fn nearest_district(&self, point: Coordinates) -> RegionCode {
        self.districts.nearest(point).code
    }

    /// The point to travel to or from; `None` for the nation, provinces and unknown codes.
    #[must_use]
    pub fn place(&self, code: RegionCode) -> Option<Place> {
        let row = self.table(code.level())?.find(code)?;
        let footing = match code.district() {
            Some(district) => self
                .network()
                .footing_in_district(row, self.district_index(district)?),
            None => self
                .network()
                .footing_of_regency(self.regency_index(code.regency()?)?),
        };
        Some(Place {
            region: code,
            coordinates: row.coordinates,
            footing: footing?,
        })
    }

    /// Loads what is otherwise loaded when first asked for: the villages and the travel network.
    pub fn preload(&self) {
        self.villages();
        self.network();
    }

    pub(crate) fn islands(&self) -> &[Island] {
        &self.islands
    }

    pub(crate) fn island_index(&self, id: &str) -> Option<u16> {
        load::island_index(&self.islands, id)
    }

    pub(crate) fn regency_rows(&self) -> &[Row] {
        self.regencies.rows()
    }

    pub(crate) fn regency_index(&self, code: RegionCode) -> Option<u16> {
        u16::try_from(self.regencies.position(code)?).ok()
    }

    pub(crate) fn district_rows(&self) -> &[Row] {
        self.districts.rows()
    }

    pub(crate) fn district_index(&self, code: RegionCode) -> Option<usize> {
        self.districts.position(code)
    }

    pub(crate) fn network(&self) -> &Network {
        self.network.get_or_init(|| Network::build(self))
    }

    fn table(&self, level: RegionLevel) -> Option<&Table> {
        match level {
            RegionLevel::Nation => None,
            RegionLevel::Province => Some(&self.provinces),
            RegionLevel::Regency => Some(&self.regencies),
            RegionLevel::District => Some(&self.districts),
            RegionLevel::Village => Some(self.villages()),
        }
    }

    fn villages(&self) -> &Table {
        self.villages
            .get_or_init(|| load::villages(&self.islands, &self.regencies))
    }

    fn regions_of<'a>(
        &'a self,
        table: &'a Table,
        range: Range<usize>,
    ) -> impl Iterator<Item = Region<'a>> + use<'a> {
        range.filter_map(move |index| self.region_at(table, index))
    }

    fn region_at<'a>(&'a self, table: &'a Table, index: usize) -> Option<Region<'a>> {
        let row = table.rows().get(index)?;
        Some(Region {
            code: row.code,
            name: table.name(row),
            coordinates: Some(row.coordinates),
            island: row
                .island_index
                .and_then(|island| self.islands.get(usize::from(island))),
            time_zone: row.time_zone,
            population_persons: row.population_persons,
        })
    }
}

fn nation() -> Region<'static> {
    Region {
        code: RegionCode::NATION,
        name: "Indonesia",
        coordinates: None,
        island: None,
        time_zone: TimeZone::Wib,
        population_persons: None,
    }
}

#[cfg(test)]
mod tests;
