//! Placements.

use serasi_domain::placement::{Placement, PlacementState};
use serasi_proto::v1;

use super::capacity::pool_key;
use super::codes::optional;
use super::time::to_timestamp;

/// As the contract has it.
pub(crate) fn placement_to_wire(placement: &Placement) -> v1::Placement {
    let (state, admitted_at, discharged_at, destination) = match placement.state {
        PlacementState::Reserved => (v1::PlacementState::Reserved, None, None, None),
        PlacementState::Admitted { at } => (v1::PlacementState::Admitted, Some(at), None, None),
        PlacementState::Discharged { admitted_at, at, to } => (
            v1::PlacementState::Discharged,
            Some(admitted_at),
            Some(at),
            Some(to),
        ),
    };
    v1::Placement {
        placement_id: placement.id.to_string(),
        version: placement.version,
        state: state as i32,
        case_id: placement.case.to_string(),
        offer_id: placement.offer.to_string(),
        facility_id: placement.facility.to_string(),
        places: placement.places.as_i32(),
        pool: Some(pool_key(placement.pool)),
        reserve_time: Some(to_timestamp(placement.reserved_at)),
        admission_deadline_time: Some(to_timestamp(placement.admit_before)),
        admit_time: admitted_at.map(to_timestamp),
        discharge_time: discharged_at.map(to_timestamp),
        destination: optional(destination),
    }
}
