//! What watchers are told.

use std::str::FromStr;

use serasi_domain::capacity::Pool;
use serasi_domain::cluster::Cluster;
use serasi_domain::id::FacilityId;
use serasi_domain::need::{ServiceBase, Urgency};
use serasi_domain::offer::Offer;
use serasi_domain::person::Sex;
use serasi_proto::v1;
use serasi_store::events::{CaseState, Entry, OfferState, Told, What};

use super::capacity::{pool_key, pool_to_wire};
use super::codes::FromWire;
use super::time::to_timestamp;

/// Kind of the events that the change log of the pools is.
pub(crate) const CAPACITY_CHANGED: &str = "capacity.changed";

/// What happened.
pub(crate) fn event_to_wire(entry: &Entry) -> v1::Event {
    let (event_id, kind) = match &entry.what {
        What::Told(told) => (told.id.to_string(), told.kind.clone()),
        What::Pool(facility, pool) => (pool_event_id(*facility, pool), CAPACITY_CHANGED.to_owned()),
    };
    v1::Event {
        event_id,
        kind,
        event_time: Some(to_timestamp(entry.at)),
    }
}

/// A pool has each version once.
pub(crate) fn pool_event_id(facility: FacilityId, pool: &Pool) -> String {
    let cluster = pool.key.cluster.map_or("any", Cluster::code);
    let sex = pool.key.sex.map_or("any", Sex::code);
    format!(
        "{facility}/{}/{cluster}/{sex}/{}",
        pool.key.base.code(),
        pool.version
    )
}

/// As the contract has it.
pub(crate) fn watched_offer(told: &Told, offer: &OfferState) -> v1::WatchedOffer {
    let pool = v1::PoolKey {
        base: number::<ServiceBase>(&offer.base),
        cluster: number::<Cluster>(&offer.cluster),
        sex: number::<Sex>(&offer.sex),
    };
    v1::WatchedOffer {
        offer_id: told.subject_id.clone(),
        version: told.subject_version,
        state: offer_state(&offer.state),
        case_id: offer.case_id.to_string(),
        facility_id: offer.facility_id.to_string(),
        places: offer.places,
        pool: Some(pool),
        holds_places: offer.holds_places,
        attempt: offer.attempt,
        expire_time: Some(to_timestamp(offer.expires_at)),
    }
}

/// An offer as it stands, without an event.
pub(crate) fn standing_offer(offer: &Offer) -> v1::WatchedOffer {
    v1::WatchedOffer {
        offer_id: offer.id.to_string(),
        version: offer.version,
        state: offer_state(offer.state.code()),
        case_id: offer.case.to_string(),
        facility_id: offer.facility.to_string(),
        places: offer.places.as_i32(),
        pool: Some(pool_key(offer.pool)),
        holds_places: offer.holds_places,
        attempt: offer.attempt,
        expire_time: Some(to_timestamp(offer.expires_at)),
    }
}

/// The contract's names are the database's codes in capitals.
fn offer_state(code: &str) -> i32 {
    let name = format!("OFFER_STATE_{}", code.to_ascii_uppercase());
    v1::OfferState::from_str_name(&name).unwrap_or_default() as i32
}

/// As the contract has it. Of the place no more than the regency, which the id tells as well: who may know it asks GetCase.
pub(crate) fn watched_case(told: &Told, case: &CaseState) -> v1::WatchedCase {
    let state = format!("CASE_STATE_{}", case.state.to_ascii_uppercase());
    let owner = v1::Owner {
        kind: if case.owner_kind == "facility" {
            v1::OwnerKind::Facility
        } else {
            v1::OwnerKind::Coordinator
        } as i32,
        reference: case.owner_reference.clone(),
    };
    v1::WatchedCase {
        case_id: told.subject_id.clone(),
        version: told.subject_version,
        state: v1::CaseState::from_str_name(&state).unwrap_or_default() as i32,
        urgency: number::<Urgency>(&case.urgency),
        cluster: case.cluster.as_deref().map_or(0, number::<Cluster>),
        region_code: told.home.to_string(),
        owner: Some(owner),
        next_deadline: case.next_deadline.map(to_timestamp),
    }
}

/// As the contract has it.
pub(crate) fn watched_pool(facility: FacilityId, pool: &Pool) -> v1::WatchedPool {
    v1::WatchedPool {
        facility_id: facility.to_string(),
        version: pool.version,
        pool: Some(pool_to_wire(pool)),
    }
}

/// The number of a code as the database has it; 0 for `any`.
fn number<T: FromWire + FromStr>(code: &str) -> i32 {
    code.parse::<T>().map_or(0, FromWire::to_wire)
}
