//! Indonesia's regions, islands and the travel time between them.
//!
//! Owns the reference data (embedded from `data/`), region codes, names and points, and the
//! travel model described in `TRAVEL.md`. Pure: no I/O after start-up, no clock, no randomness,
//! no async. It must never learn about cases, people or facilities.

mod atlas;
mod coordinates;
mod place;
mod region;
mod region_code;
mod serde_codes;
mod travel;

/// Raised whenever the embedded data or the constants of the travel model change: what was worked out with others cannot
/// be worked out again. A test holds their bytes against it.
pub const REFERENCE_VERSION: u16 = 1;

pub use atlas::{Atlas, atlas};
pub use coordinates::{Coordinates, InvalidCoordinates, great_circle_km};
pub use place::Place;
pub use region::{Island, Region, TimeZone};
pub use region_code::{InvalidRegionCode, RegionCode, RegionLevel};
pub use travel::{Reach, Travel, TravelMinutes, TravelMode};
