//! Placements.

use serasi_domain::placement::{Placement, PlacementState};
use serasi_proto::v1;

use super::capacity::pool_key;
use super::codes::FromWire;
use super::time::to_timestamp;

/// As the contract has it.
pub(crate) fn placement_to_wire(placement: &Placement) -> v1::Placement {
    let written = v1::Placement {
        placement_id: placement.id.to_string(),
        version: placement.version,
        case_id: placement.case.to_string(),
        offer_id: placement.offer.to_string(),
        facility_id: placement.facility.to_string(),
        places: placement.places.as_i32(),
        pool: Some(pool_key(placement.pool)),
        reserve_time: Some(to_timestamp(placement.reserved_at)),
        admission_deadline_time: Some(to_timestamp(placement.admit_before)),
        ..v1::Placement::default()
    };
    with_state(written, &placement.state)
}

fn with_state(mut written: v1::Placement, state: &PlacementState) -> v1::Placement {
    let wire = match *state {
        PlacementState::Reserved => v1::PlacementState::Reserved,
        PlacementState::Admitted { at } => {
            written.admit_time = Some(to_timestamp(at));
            v1::PlacementState::Admitted
        }
        PlacementState::Discharged { admitted_at, at, to } => {
            written.admit_time = Some(to_timestamp(admitted_at));
            written.discharge_time = Some(to_timestamp(at));
            written.destination = to.to_wire();
            v1::PlacementState::Discharged
        }
        PlacementState::NoShow { at, reason } => {
            written.end_time = Some(to_timestamp(at));
            written.no_show_reason = reason.to_wire();
            v1::PlacementState::NoShow
        }
        PlacementState::Cancelled { at, reason } => {
            written.end_time = Some(to_timestamp(at));
            written.cancel_reason = reason.to_wire();
            v1::PlacementState::Cancelled
        }
    };
    written.state = wire as i32;
    written
}
