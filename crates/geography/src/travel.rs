//! How long it takes to get from one place to another across the archipelago.
//!
//! Owns the travel model; `TRAVEL.md` is its one page of documentation, `constants.rs` and the
//! tables in `data/` are its numbers. It knows typical days only: no clock, weather or closures.

mod air;
mod constants;
mod cost;
mod exits;
mod graph;
mod land;
mod matrix;
mod network;
mod patch;
mod sea;

use std::fmt;

use crate::atlas::Atlas;
use crate::{Place, great_circle_km};
pub(crate) use network::{Footing, Network};

/// A journey, door to door.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Travel {
    pub minutes: TravelMinutes,
    pub mode: TravelMode,
    /// Length of the straight line, in km; the journey is longer.
    pub distance_km: f64,
}

/// Minutes from door to door, waiting included; never 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TravelMinutes(u16);

/// What carries the traveller besides the road, which every journey uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TravelMode {
    Road,
    Sea,
    Air,
    SeaAndAir,
}

impl Atlas {
    /// The fastest usual way from place to place, the same in both directions.
    ///
    /// Never less than 10 minutes, which is also the answer for a place and itself. Between
    /// regencies a detour over a third one is never shorter.
    #[must_use]
    pub fn travel(&self, from: Place, to: Place) -> Travel {
        let cost = self.network().cost(&from.footing, &to.footing);
        Travel {
            minutes: TravelMinutes(cost.minutes),
            mode: cost.means.mode(),
            distance_km: great_circle_km(from.coordinates(), to.coordinates()),
        }
    }
}

/// Journeys from one place to many: what they share is worked out once.
pub struct Reach<'a> {
    network: &'a Network,
    from: Place,
    ways: Vec<u16>,
}

impl Atlas {
    /// Journeys that start at `from`.
    #[must_use]
    pub fn reach(&self, from: Place) -> Reach<'_> {
        let network = self.network();
        Reach {
            network,
            from,
            ways: network.ways_from(&from.footing),
        }
    }
}

impl Reach<'_> {
    /// Minutes as [`Atlas::travel`] has them, several times faster.
    #[must_use]
    pub fn minutes(&self, to: Place) -> TravelMinutes {
        let minutes = self
            .network
            .minutes_by(&self.ways, &self.from.footing, &to.footing);
        TravelMinutes(minutes)
    }
}

impl fmt::Debug for Reach<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reach")
            .field("from", &self.from.region())
            .finish_non_exhaustive()
    }
}

impl TravelMinutes {
    #[must_use]
    pub fn get(self) -> u32 {
        self.0.into()
    }
}

impl fmt::Display for TravelMinutes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} min", self.0)
    }
}

#[cfg(test)]
mod tests;
