//! The numbers of the travel model that are no table. Each is a judgement from timetables and
//! common experience, not a measurement; `TRAVEL.md` says how they were chosen.

/// No journey takes less: somebody has to get ready, also next door. Also the time within a place.
pub(super) const SHORTEST_MIN: u16 = 10;

/// Districts of one island that are nearer than this have a road between them.
pub(super) const ROAD_NEIGHBOUR_KM: f64 = 30.0;
/// Up to here there is a road if no third district lies between; further ones only if all else is cut off.
pub(super) const ROAD_REACH_KM: f64 = 65.0;
/// Districts further than this from their regency's other patches' centres make a new patch.
pub(super) const PATCH_RADIUS_KM: f64 = 40.0;

/// From the quay's gate to the ship's departure and off again.
pub(super) const BOARDING_MIN: f64 = 30.0;
/// Share of the time between two sailings that a traveller who knows the timetable loses.
pub(super) const TIMETABLE_LOSS: f64 = 1.0 / 6.0;

/// Waiting for and boarding a small boat without a timetable.
pub(super) const BOAT_WAIT_MIN: f64 = 90.0;
pub(super) const BOAT_SPEED_KMH: f64 = 20.0;
/// How much longer than the straight line a boat goes.
pub(super) const BOAT_DETOUR: f64 = 1.1;
/// Small boats cross at most this far, where anything else goes.
pub(super) const BOAT_REACH_KM: f64 = 50.0;

/// At an airport, at each end of a journey by air, besides `CHANGE_MIN`.
pub(super) const AIRPORT_MIN: f64 = 25.0;
/// Per flight: check-in or change of planes. One flight costs two ends and this: two hours.
pub(super) const CHANGE_MIN: f64 = 70.0;
/// Per flight: taxiing, climb and approach.
pub(super) const CLIMB_MIN: f64 = 30.0;
/// An airstrip without listed flights is served from so many of the nearest airports.
pub(super) const STRIP_ROUTES: usize = 3;

/// What flies, with its cruising speed and the time lost to its timetable.
pub(super) struct Aircraft {
    pub(super) name: &'static str,
    pub(super) speed_kmh: f64,
    pub(super) timetable_min: f64,
}

pub(super) const JET: Aircraft = Aircraft {
    name: "jet",
    speed_kmh: 780.0,
    timetable_min: 30.0,
};
pub(super) const PROPELLER: Aircraft = Aircraft {
    name: "propeller",
    speed_kmh: 480.0,
    timetable_min: 60.0,
};
/// Small planes of the subsidised flights, a few times a week.
pub(super) const PIONEER: Aircraft = Aircraft {
    name: "pioneer",
    speed_kmh: 260.0,
    timetable_min: 180.0,
};

/// Ways to every neighbour that are kept per district.
pub(super) const MAX_EXITS: usize = 6;
/// An exit is left out if going through another one costs at most this much more.
pub(super) const EXIT_SLACK_MIN: u16 = 3;
