//! A nearer class of travel is better: under 1 h, 2 h, 4 h, 8 h, 16 h, beyond. Minutes inside a class do not outweigh the rest.

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::TravelClass,
    cost,
};

/// Upper ends of the classes, in minutes.
const CLASS_ENDS_MINUTES: [u32; 5] = [60, 120, 240, 480, 960];

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    let minutes = candidate.travel_minutes(request);
    let class = CLASS_ENDS_MINUTES.iter().filter(|end| minutes >= **end).count();
    i64::try_from(class).unwrap_or(i64::MAX)
}
