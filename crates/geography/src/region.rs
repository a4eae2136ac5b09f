//! What is known of a region: its name, place, island and time zone.

use crate::{Coordinates, RegionCode, RegionLevel};

/// A region of any level, from the reference data.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region<'a> {
    pub code: RegionCode,
    /// Official name; regencies carry their kind: `Kabupaten Bandung`, `Kota Bandung`.
    pub name: &'a str,
    /// The reference point, on land where people live; `None` for the nation.
    pub coordinates: Option<Coordinates>,
    /// The island with most of the region's villages; `None` for nation and provinces.
    pub island: Option<&'a Island>,
    /// The nation has Jakarta's.
    pub time_zone: TimeZone,
    /// Registered inhabitants, second half of 2024; `None` for districts and villages.
    pub population_persons: Option<u32>,
}

/// An island on which at least one village lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Island {
    /// Key in the reference data, as `jawa`, `nusa-penida`.
    pub id: Box<str>,
    pub name: Box<str>,
    /// Id of the largest island that can be reached by road; its own when there is none.
    pub road_network_id: Box<str>,
}

/// Indonesia's three time zones; none has summer time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimeZone {
    /// Waktu Indonesia Barat, UTC+7.
    Wib,
    /// Waktu Indonesia Tengah, UTC+8.
    Wita,
    /// Waktu Indonesia Timur, UTC+9.
    Wit,
}

/// What a regency's name may start with; the longer ones first.
const KINDS: [&str; 4] = [
    "Kabupaten Administrasi ",
    "Kota Administrasi ",
    "Kabupaten ",
    "Kota ",
];

impl<'a> Region<'a> {
    #[must_use]
    pub const fn level(&self) -> RegionLevel {
        self.code.level()
    }

    /// The name without a regency's kind: `Bandung` for `Kota Bandung`.
    #[must_use]
    pub fn short_name(&self) -> &'a str {
        if self.level() != RegionLevel::Regency {
            return self.name;
        }
        KINDS
            .iter()
            .find_map(|kind| self.name.strip_prefix(kind))
            .unwrap_or(self.name)
    }
}

impl TimeZone {
    #[must_use]
    pub const fn utc_offset_hours(self) -> i8 {
        match self {
            Self::Wib => 7,
            Self::Wita => 8,
            Self::Wit => 9,
        }
    }
}
