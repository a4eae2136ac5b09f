//! Where a journey can start or end.

use crate::travel::Footing;
use crate::{Coordinates, RegionCode};

/// A point that can be travelled to: a regency's reference point, a district or a village.
///
/// Made by [`Atlas::place`](crate::Atlas::place); small and `Copy`, so that a candidate can carry it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Place {
    pub(crate) region: RegionCode,
    pub(crate) coordinates: Coordinates,
    pub(crate) footing: Footing,
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
