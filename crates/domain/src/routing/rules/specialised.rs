//! A house known for this cluster is better than one that only may serve it.

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::Specialised,
    cost,
};

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    let profile = &candidate.entry.facility.profile;
    // A house licensed for one cluster is specialised in it, whether the directory says so or not.
    let known_for = if profile.specialisations.is_empty() && profile.clusters.len() == 1 {
        profile.clusters
    } else {
        profile.specialisations
    };
    i64::from(!known_for.contains(request.cluster))
}
