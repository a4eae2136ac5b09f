//! What a stretch of a journey costs: minutes, and what carries the traveller.

use std::ops::Add;

use super::TravelMode;

/// Minutes and means of a stretch. Ordered by minutes, then by fewer means, so that the best of
/// several is the same from both ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cost {
    pub(super) minutes: u16,
    pub(super) means: Means,
}

/// A set of ship and plane; the empty set is the road.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Means(u8);

impl Cost {
    pub(super) const NONE: Self = Self {
        minutes: 0,
        means: Means::ROAD,
    };
    /// Stands for "no way known"; longer than any real journey.
    pub(super) const UNREACHED: Self = Self {
        minutes: u16::MAX,
        means: Means::ROAD,
    };

    /// Whole minutes, rounded up.
    pub(super) fn new(minutes: f64, means: Means) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the range of u16 before"
        )]
        let minutes = minutes.ceil().clamp(0.0, f64::from(u16::MAX)) as u16;
        Self { minutes, means }
    }
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let minutes = self.minutes.saturating_add(other.minutes);
        Self {
            minutes,
            means: self.means.with(other.means),
        }
    }
}

impl Means {
    pub(super) const ROAD: Self = Self(0);
    pub(super) const SEA: Self = Self(1);
    pub(super) const AIR: Self = Self(2);

    fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(super) fn mode(self) -> TravelMode {
        match (self.0 & Self::SEA.0 != 0, self.0 & Self::AIR.0 != 0) {
            (false, false) => TravelMode::Road,
            (true, false) => TravelMode::Sea,
            (false, true) => TravelMode::Air,
            (true, true) => TravelMode::SeaAndAir,
        }
    }
}
