//! Where a journey can start or end.

use crate::{Coordinates, RegionCode};

/// A point that can be travelled to: a regency's reference point, a district or a village.
///
/// Made by [`Atlas::place`](crate::Atlas::place); small and `Copy`, so that a candidate can carry it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub(crate) region: RegionCode,
    pub(crate) coordinates: Coordinates,
    /// Row of the regency in the atlas.
    pub(crate) regency_index: u16,
    /// Row of the island in the atlas.
    pub(crate) island_index: u16,
}

impl Place {
    /// The region this point stands for.
    #[must_use]
    pub const fn region(self) -> RegionCode {
        self.region
    }

    #[must_use]
    pub const fn coordinates(self) -> Coordinates {
        self.coordinates
    }
}
