//! Covering all needed forms is better; counts the forms that are missing (P16 Ps.10).

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::CoversForms,
    cost,
};

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    let gives = candidate.entry.facility.profile.forms;
    if gives.is_empty() {
        return 0;
    }
    let missing = (request.facts.need.forms - gives).len();
    i64::try_from(missing).unwrap_or(i64::MAX)
}
