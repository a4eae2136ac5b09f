//! Kind of implementer: balai before UPTD before LKS (P16 Ps.5, Ps.31).

use super::Preference;
use crate::facility::FacilityKind;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::Implementer,
    cost,
};

fn cost(_: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    match candidate.entry.facility.profile.kind {
        FacilityKind::BalaiBesar | FacilityKind::Balai | FacilityKind::Loka => 0,
        FacilityKind::UptdProvince | FacilityKind::UptdRegency => 1,
        FacilityKind::Lks => 2,
    }
}
