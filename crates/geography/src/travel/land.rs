//! Stretches of ground without a sea or a wilderness in them, and how fast their roads are.

use std::collections::HashMap;

use serde::Deserialize;

use crate::atlas::{Atlas, records};
use crate::{Coordinates, RegionCode, great_circle_km};

const ZONES_CSV: &[u8] = include_bytes!("../../data/road_zones.csv");
const SPEEDS_CSV: &[u8] = include_bytes!("../../data/road_speeds.csv");

/// Ground that can be crossed by road: islands joined by bridges, or a part of an island that no
/// road joins to the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct LandId(pub(super) u16);

/// Minutes by road per km of the straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pace(f64);

/// A point on a land.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Site {
    pub(super) coordinates: Coordinates,
    pub(super) land: LandId,
    pub(super) pace: Pace,
}

pub(super) struct Lands {
    /// By island: the largest island that can be reached by road.
    network_of_island: Vec<u16>,
    /// By region and island: the road zone there.
    zones: HashMap<(RegionCode, u16), LandId>,
    /// By land: the network that it is, or is a part of.
    networks: Vec<u16>,
    paces: HashMap<RegionCode, Pace>,
}

#[derive(Deserialize)]
struct ZoneRecord {
    code: String,
    island_id: String,
    zone: String,
}

#[derive(Deserialize)]
struct SpeedRecord {
    code: String,
    detour_factor: f64,
    speed_kmh: f64,
}

impl Site {
    /// Minutes by road, if both are on one land: the mean pace of both ends over the straight line.
    pub(super) fn road_min(&self, other: &Self) -> Option<f64> {
        let pace = f64::midpoint(self.pace.0, other.pace.0);
        (self.land == other.land).then(|| great_circle_km(self.coordinates, other.coordinates) * pace)
    }
}

impl Lands {
    pub(super) fn load(atlas: &Atlas) -> Self {
        let network_of_island = atlas
            .islands()
            .iter()
            .map(|island| {
                atlas
                    .island_index(&island.road_network_id)
                    .expect("road networks are islands")
            })
            .collect::<Vec<u16>>();
        let mut networks: Vec<u16> = (0..).take(network_of_island.len()).collect();
        let mut ids: HashMap<String, LandId> = HashMap::new();
        let mut zones = HashMap::new();
        for ZoneRecord {
            code,
            island_id,
            zone,
        } in records("road_zones.csv", ZONES_CSV)
        {
            let island = atlas
                .island_index(&island_id)
                .expect("road zones lie on known islands");
            let id = *ids.entry(zone).or_insert_with(|| {
                networks.push(island);
                LandId(u16::try_from(networks.len() - 1).expect("there are fewer than 1000 lands"))
            });
            zones.insert((region_code(&code), island), id);
        }
        let paces = records("road_speeds.csv", SPEEDS_CSV)
            .map(
                |SpeedRecord {
                     code,
                     detour_factor,
                     speed_kmh,
                 }| { (region_code(&code), Pace(60.0 * detour_factor / speed_kmh)) },
            )
            .collect();
        Self {
            network_of_island,
            zones,
            networks,
            paces,
        }
    }

    pub(super) fn site(&self, code: RegionCode, coordinates: Coordinates, island: u16) -> Site {
        Site {
            coordinates,
            land: self.land(code, island),
            pace: self.pace(code),
        }
    }

    /// Whether the two lands are parts of one road network's islands: no boat goes between them.
    pub(super) fn share_network(&self, a: LandId, b: LandId) -> bool {
        self.networks.get(usize::from(a.0)) == self.networks.get(usize::from(b.0))
    }

    /// Whether the land is a part of an island that no road joins to the rest.
    pub(super) fn is_zone(&self, land: LandId) -> bool {
        usize::from(land.0) >= self.network_of_island.len()
    }

    fn land(&self, code: RegionCode, island: u16) -> LandId {
        let zone = prefixes(code).find_map(|prefix| self.zones.get(&(prefix, island)));
        let network = || {
            self.network_of_island
                .get(usize::from(island))
                .copied()
                .map(LandId)
        };
        zone.copied()
            .or_else(network)
            .expect("island numbers come from the atlas")
    }

    fn pace(&self, code: RegionCode) -> Pace {
        let pace = prefixes(code).find_map(|prefix| self.paces.get(&prefix));
        *pace.expect("road_speeds.csv has every province")
    }
}

/// The district, regency and province of a region, as far as it has them.
fn prefixes(code: RegionCode) -> impl Iterator<Item = RegionCode> {
    [code.district(), code.regency(), code.province()]
        .into_iter()
        .flatten()
}

pub(super) fn region_code(text: &str) -> RegionCode {
    text.parse()
        .expect("embedded travel tables have valid region codes")
}
