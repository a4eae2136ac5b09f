//! Region codes and coordinates in JSON: the code as its text, a point as two numbers in degrees.

use serde::{Deserialize, Serialize};

use crate::{Coordinates, InvalidCoordinates, InvalidRegionCode, RegionCode};

impl TryFrom<String> for RegionCode {
    type Error = InvalidRegionCode;

    fn try_from(code: String) -> Result<Self, Self::Error> {
        code.parse()
    }
}

impl From<RegionCode> for String {
    fn from(code: RegionCode) -> Self {
        code.to_string()
    }
}

/// A point as it stands in JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Point {
    latitude_deg: f64,
    longitude_deg: f64,
}

impl TryFrom<Point> for Coordinates {
    type Error = InvalidCoordinates;

    fn try_from(point: Point) -> Result<Self, Self::Error> {
        Self::new(point.latitude_deg, point.longitude_deg)
    }
}

impl From<Coordinates> for Point {
    fn from(point: Coordinates) -> Self {
        Self {
            latitude_deg: point.latitude_deg(),
            longitude_deg: point.longitude_deg(),
        }
    }
}
