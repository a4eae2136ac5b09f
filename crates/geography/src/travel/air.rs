//! Ways through the air: listed flights, and airstrips where nothing is listed.

use std::collections::HashMap;

use serde::Deserialize;

use super::constants::{AIRPORT_MIN, Aircraft, CHANGE_MIN, CLIMB_MIN, JET, PIONEER, PROPELLER, STRIP_ROUTES};
use super::cost::Means;
use super::graph::{Graph, Node, NodeId};
use super::land::{Lands, region_code};
use super::patch::Patches;
use crate::atlas::{Atlas, records};
use crate::{Coordinates, great_circle_km};

const AIRPORTS_CSV: &[u8] = include_bytes!("../../data/airports.csv");
const FLIGHTS_CSV: &[u8] = include_bytes!("../../data/flights.csv");
const AIRCRAFT: [&Aircraft; 3] = [&JET, &PROPELLER, &PIONEER];

#[derive(Deserialize)]
struct AirportRecord {
    iata: String,
    lat: f64,
    lon: f64,
    district_code: String,
}

/// Routes of one airport by one kind of aircraft.
#[derive(Deserialize)]
struct FlightRecord {
    airport: String,
    aircraft: String,
    /// Separated by semicolons.
    destinations: String,
}

pub(super) fn connect_flights(graph: &mut Graph, atlas: &Atlas, patches: &Patches) {
    let airports: HashMap<String, AirportRecord> = records("airports.csv", AIRPORTS_CSV)
        .map(|airport: AirportRecord| (airport.iata.clone(), airport))
        .collect();
    let mut nodes: HashMap<String, NodeId> = HashMap::new();
    for flight in records::<FlightRecord>("flights.csv", FLIGHTS_CSV) {
        let aircraft = AIRCRAFT
            .into_iter()
            .find(|aircraft| aircraft.name == flight.aircraft);
        let aircraft = aircraft.expect("flights.csv names jet, propeller or pioneer");
        let mut node_of = |iata: &str| {
            *nodes.entry(iata.to_owned()).or_insert_with(|| {
                let airport = airports.get(iata).expect("flights.csv names listed airports");
                graph.push(airport_node(airport, atlas, patches))
            })
        };
        let from = node_of(&flight.airport);
        let to: Vec<NodeId> = flight.destinations.split(';').map(node_of).collect();
        for to in to {
            connect_flight(graph, from, to, aircraft);
        }
    }
}

/// Where a part of an island has neither ferry nor flight, each regency there has an airstrip at
/// its reference point; so it is in Papua.
pub(super) fn connect_strips(graph: &mut Graph, lands: &Lands) {
    let airports: Vec<NodeId> = (0..)
        .map(NodeId)
        .zip(&graph.nodes)
        .filter(|(_, node)| node.access_min > 0.0)
        .map(|(id, _)| id)
        .collect();
    let is_cut_off = |id: &NodeId| {
        let land = graph.node(*id).site.land;
        lands.is_zone(land) && !graph.is_served(land)
    };
    for strip in graph.regencies().filter(is_cut_off).collect::<Vec<_>>() {
        let mut nearest = airports.clone();
        nearest.sort_by(|a, b| flight_km(graph, strip, *a).total_cmp(&flight_km(graph, strip, *b)));
        for airport in nearest.into_iter().take(STRIP_ROUTES) {
            connect_flight(graph, strip, airport, &PIONEER);
        }
    }
}

/// The airport, on the land of its district's point.
fn airport_node(airport: &AirportRecord, atlas: &Atlas, patches: &Patches) -> Node {
    let index = atlas.district_index(region_code(&airport.district_code));
    let district = patches.district(index.expect("airports lie in known districts"));
    let mut site = district.site;
    site.coordinates = Coordinates::new(airport.lat, airport.lon).expect("airports lie in Indonesia");
    Node {
        site,
        patch: district.patch,
        access_min: AIRPORT_MIN,
    }
}

fn connect_flight(graph: &mut Graph, a: NodeId, b: NodeId, aircraft: &Aircraft) {
    // A strip at a reference point has no road access that would count its end of the flight.
    let ends_min: f64 = [a, b]
        .map(|id| AIRPORT_MIN - graph.node(id).access_min)
        .iter()
        .sum();
    let block_min = CLIMB_MIN + flight_km(graph, a, b) / aircraft.speed_kmh * 60.0;
    graph.connect(
        a,
        b,
        ends_min + CHANGE_MIN + aircraft.timetable_min + block_min,
        Means::AIR,
    );
}

fn flight_km(graph: &Graph, a: NodeId, b: NodeId) -> f64 {
    great_circle_km(graph.node(a).site.coordinates, graph.node(b).site.coordinates)
}
