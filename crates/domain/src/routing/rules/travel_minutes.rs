//! Fewer minutes from door to door are better.

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::TravelMinutes,
    cost,
};

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    i64::from(candidate.travel_minutes(request))
}
