//! Nearer in scope is better: own regency, own province, working area, nation (P16 Ps.28(2)).

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request, ScopeTier};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::ScopeTier,
    cost,
};

fn cost(request: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    match candidate.tier(request) {
        ScopeTier::Regency => 0,
        ScopeTier::Province => 1,
        ScopeTier::WorkingArea => 2,
        ScopeTier::Nation => 3,
    }
}
