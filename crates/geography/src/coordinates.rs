//! Points on the map and the straight distance between them.

use std::fmt;

/// Latitudes of Indonesia with some sea around it, in degrees.
const LATITUDES_DEG: std::ops::RangeInclusive<f64> = -11.5..=6.5;
/// Longitudes of Indonesia with some sea around it, in degrees.
const LONGITUDES_DEG: std::ops::RangeInclusive<f64> = 94.5..=141.5;
/// Mean radius of the earth (IUGG), in km.
const EARTH_RADIUS_KM: f64 = 6371.009;

/// A WGS84 point inside Indonesia's box, south negative.
///
/// `Display` writes 4 decimals, the precision of the reference data, so that a point of the data
/// is written exactly as it was read.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "crate::serde_codes::Point", into = "crate::serde_codes::Point")]
pub struct Coordinates {
    latitude_deg: f64,
    longitude_deg: f64,
}

/// Why two numbers are no point in Indonesia.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InvalidCoordinates {
    #[error("latitude is not a number")]
    LatitudeNotFinite,
    #[error("longitude is not a number")]
    LongitudeNotFinite,
    #[error("latitude {0} is outside -11.5..=6.5 degrees")]
    LatitudeOutside(f64),
    #[error("longitude {0} is outside 94.5..=141.5 degrees")]
    LongitudeOutside(f64),
}

impl Coordinates {
    /// A point from latitude and longitude in degrees.
    pub fn new(latitude_deg: f64, longitude_deg: f64) -> Result<Self, InvalidCoordinates> {
        if !latitude_deg.is_finite() {
            return Err(InvalidCoordinates::LatitudeNotFinite);
        }
        if !longitude_deg.is_finite() {
            return Err(InvalidCoordinates::LongitudeNotFinite);
        }
        if !LATITUDES_DEG.contains(&latitude_deg) {
            return Err(InvalidCoordinates::LatitudeOutside(latitude_deg));
        }
        if !LONGITUDES_DEG.contains(&longitude_deg) {
            return Err(InvalidCoordinates::LongitudeOutside(longitude_deg));
        }
        Ok(Self {
            latitude_deg,
            longitude_deg,
        })
    }

    #[must_use]
    pub const fn latitude_deg(self) -> f64 {
        self.latitude_deg
    }

    #[must_use]
    pub const fn longitude_deg(self) -> f64 {
        self.longitude_deg
    }
}

impl fmt::Display for Coordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4},{:.4}", self.latitude_deg, self.longitude_deg)
    }
}

/// Length of the shortest line over the globe, in km (haversine formula, spherical earth: at most
/// 0.5 % off).
#[must_use]
pub fn great_circle_km(a: Coordinates, b: Coordinates) -> f64 {
    let (latitude_a, latitude_b) = (a.latitude_deg.to_radians(), b.latitude_deg.to_radians());
    let half_latitude = (latitude_b - latitude_a) / 2.0;
    let half_longitude = (b.longitude_deg - a.longitude_deg).to_radians() / 2.0;
    let chord =
        half_latitude.sin().powi(2) + latitude_a.cos() * latitude_b.cos() * half_longitude.sin().powi(2);
    2.0 * EARTH_RADIUS_KM * chord.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::{Coordinates, InvalidCoordinates, great_circle_km};

    #[test]
    fn points_outside_indonesia_say_which_number_is_wrong() {
        assert_eq!(
            Coordinates::new(f64::NAN, 100.0),
            Err(InvalidCoordinates::LatitudeNotFinite)
        );
        assert_eq!(
            Coordinates::new(0.0, f64::INFINITY),
            Err(InvalidCoordinates::LongitudeNotFinite)
        );
        assert_eq!(
            Coordinates::new(7.0, 100.0),
            Err(InvalidCoordinates::LatitudeOutside(7.0))
        );
        assert_eq!(
            Coordinates::new(0.0, 94.0),
            Err(InvalidCoordinates::LongitudeOutside(94.0))
        );
        assert!(Coordinates::new(-11.5, 141.5).is_ok());
    }

    #[test]
    fn sabang_to_merauke_is_the_length_of_the_nation() {
        let sabang = Coordinates::new(5.8851, 95.3248).unwrap();
        let merauke = Coordinates::new(-8.4997, 140.4013).unwrap();
        let km = great_circle_km(sabang, merauke);
        assert!((5200.0..5300.0).contains(&km), "{km}");
        assert!(great_circle_km(sabang, sabang) < 1e-9);
    }

    #[test]
    fn text_has_the_four_decimals_of_the_reference_data() {
        assert_eq!(
            Coordinates::new(-6.9, 107.61).unwrap().to_string(),
            "-6.9000,107.6100"
        );
    }
}
