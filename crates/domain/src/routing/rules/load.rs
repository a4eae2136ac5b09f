//! A smaller share of places taken is better, in tenths; unknown counts as full.

use super::Preference;
use crate::routing::{Candidate, PlaceFit, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::Load,
    cost,
};

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    match candidate.fit(request) {
        PlaceFit::Free { free, total, .. } if total > 0 => {
            i64::from((total - free).clamp(0, total)) * 10 / i64::from(total)
        }
        PlaceFit::Free { .. }
        | PlaceFit::Unknown { .. }
        | PlaceFit::Full { .. }
        | PlaceFit::TooSmall { .. }
        | PlaceFit::NoSuchPool => 10,
    }
}
