//! Ways over water: listed ferries, and small boats where none is listed.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::constants::{
    BOARDING_MIN, BOAT_DETOUR, BOAT_REACH_KM, BOAT_SPEED_KMH, BOAT_WAIT_MIN, TIMETABLE_LOSS,
};
use super::cost::Means;
use super::graph::Graph;
use super::land::{LandId, Lands, Site, region_code};
use super::patch::{Patches, north_km, rough_km};
use crate::atlas::{Atlas, records};
use crate::great_circle_km;

const FERRIES_CSV: &[u8] = include_bytes!("../../data/ferry_links.csv");
const WEEK_MIN: f64 = 7.0 * 24.0 * 60.0;

#[derive(Deserialize)]
struct FerryRecord {
    district_a: String,
    district_b: String,
    hours: f64,
    sailings_per_week: f64,
}

/// The nearest points of a land and a larger one.
struct Crossing {
    km: f64,
    from: usize,
    to: usize,
}

pub(super) fn connect_ferries(graph: &mut Graph, atlas: &Atlas, patches: &Patches) {
    for ferry in records::<FerryRecord>("ferry_links.csv", FERRIES_CSV) {
        let mut port = |code: &str| {
            let index = atlas
                .district_index(region_code(code))
                .expect("ports lie in known districts");
            graph.at_district(index, patches)
        };
        let (a, b) = (port(&ferry.district_a), port(&ferry.district_b));
        let timetable_min = WEEK_MIN / ferry.sailings_per_week * TIMETABLE_LOSS;
        graph.connect(
            a,
            b,
            BOARDING_MIN + timetable_min + 60.0 * ferry.hours,
            Means::SEA,
        );
    }
}

/// Joins each land to the nearest larger one, if that is within a boat's reach or nothing else goes.
pub(super) fn connect_boats(graph: &mut Graph, lands: &Lands, patches: &Patches) {
    let mut by_land: BTreeMap<LandId, Vec<(usize, &Site)>> = BTreeMap::new();
    for (index, district) in patches.districts.iter().enumerate() {
        by_land
            .entry(district.site.land)
            .or_default()
            .push((index, &district.site));
    }
    // All crossings are chosen before any is made: a boat from a smaller land serves nobody.
    let crossings: Vec<Crossing> = by_land
        .keys()
        .filter_map(|land| {
            let reach_km = if graph.is_served(*land) {
                BOAT_REACH_KM
            } else {
                f64::INFINITY
            };
            crossing_to_larger(*land, &by_land, lands, reach_km)
        })
        .collect();
    for Crossing { from, to, .. } in crossings {
        let minutes = boat_min(&patches.district(from).site, &patches.district(to).site);
        let (a, b) = (graph.at_district(from, patches), graph.at_district(to, patches));
        graph.connect(a, b, minutes, Means::SEA);
    }
}

/// Minutes of a small boat between two points, waiting included.
pub(super) fn boat_min(a: &Site, b: &Site) -> f64 {
    let km = great_circle_km(a.coordinates, b.coordinates) * BOAT_DETOUR;
    BOAT_WAIT_MIN + km / BOAT_SPEED_KMH * 60.0
}

/// The shortest crossing within reach. Larger is the land with more districts, the lower number of
/// two equals; never another part of the same island.
fn crossing_to_larger(
    land: LandId,
    by_land: &BTreeMap<LandId, Vec<(usize, &Site)>>,
    lands: &Lands,
    reach_km: f64,
) -> Option<Crossing> {
    let size = |land: LandId| (by_land.get(&land).map_or(0, Vec::len), Reverse(land));
    let is_larger = |other: LandId| size(other) > size(land) && !lands.share_network(other, land);
    let own = by_land.get(&land)?;
    let mut best = Crossing {
        km: reach_km,
        from: 0,
        to: 0,
    };
    let mut found = false;
    for (to, other) in by_land
        .iter()
        .filter(|(other, _)| is_larger(**other))
        .flat_map(|(_, points)| points)
    {
        for (from, site) in own {
            // Most of the millions of pairs are too far apart from north to south alone.
            if north_km(site, other) >= best.km {
                continue;
            }
            let km = rough_km(site, other);
            if km < best.km {
                best = Crossing {
                    km,
                    from: *from,
                    to: *to,
                };
                found = true;
            }
        }
    }
    found.then_some(best)
}
