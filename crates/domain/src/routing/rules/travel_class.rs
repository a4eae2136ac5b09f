//! A nearer class of travel is better: under 1 h, 2 h, 4 h, 8 h, 16 h, beyond. Minutes inside a class do not outweigh the rest.

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::TravelClass,
    cost,
};

/// Upper ends of the classes, in minutes.
const CLASS_ENDS_MINUTES: [u32; 5] = [60, 120, 240, 480, 960];

/// How far away something lies; the nearer is less.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TravelClass(usize);

impl TravelClass {
    /// Beyond the last end: everywhere.
    pub const FARTHEST: Self = Self(CLASS_ENDS_MINUTES.len());

    /// All classes, the nearest first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=CLASS_ENDS_MINUTES.len()).map(Self)
    }

    #[must_use]
    pub fn of(minutes: u32) -> Self {
        Self(CLASS_ENDS_MINUTES.iter().filter(|end| minutes >= **end).count())
    }

    /// Everything in the class is nearer than this; `None` = the farthest.
    #[must_use]
    pub fn end_minutes(self) -> Option<u32> {
        CLASS_ENDS_MINUTES.get(self.0).copied()
    }
}

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    let TravelClass(class) = TravelClass::of(candidate.travel_minutes(request));
    i64::try_from(class).unwrap_or(i64::MAX)
}
