//! Offers.

use serasi_domain::offer::OfferState;
use serasi_domain::person::PartyMember;
use serasi_proto::v1;
use serasi_store::offers::OfferView;

use super::capacity::pool_key;
use super::codes::{FromWire, numbers, optional};
use super::time::to_timestamp;

/// As the contract has it.
pub(crate) fn offer_to_wire(view: &OfferView) -> v1::Offer {
    let offer = &view.offer;
    let (state, decline_reason, withdraw_reason) = match offer.state {
        OfferState::Offered => (v1::OfferState::Offered, None, None),
        OfferState::Seen { .. } => (v1::OfferState::Seen, None, None),
        OfferState::Accepted { .. } => (v1::OfferState::Accepted, None, None),
        OfferState::Declined { reason, .. } => (v1::OfferState::Declined, Some(reason), None),
        OfferState::Expired { .. } => (v1::OfferState::Expired, None, None),
        OfferState::Withdrawn { reason, .. } => (v1::OfferState::Withdrawn, None, Some(reason)),
    };
    v1::Offer {
        offer_id: offer.id.to_string(),
        version: offer.version,
        state: state as i32,
        case_id: offer.case.to_string(),
        facility_id: offer.facility.to_string(),
        facility_name: view.facility_name.clone(),
        places: offer.places.as_i32(),
        pool: Some(pool_key(offer.pool)),
        holds_places: offer.holds_places,
        offer_time: Some(to_timestamp(offer.offered_at)),
        expire_time: Some(to_timestamp(offer.expires_at)),
        seen_time: offer.seen_at.map(to_timestamp),
        answer_time: view.answered_at.map(to_timestamp),
        decline_reason: optional(decline_reason),
        travel_minutes: i32::try_from(offer.travel_minutes).unwrap_or(i32::MAX),
        tier: offer.tier.to_wire(),
        decision_id: offer.decision.to_string(),
        attempt: offer.attempt,
        party: offer.party.iter().map(member).collect(),
        admission_documents: view.documents.clone(),
        withdraw_reason: optional(withdraw_reason),
    }
}

fn member(member: &PartyMember) -> v1::PartyMember {
    v1::PartyMember {
        sex: optional(member.sex),
        age_years: member.age.map(|age| i32::from(age.0)),
        access_needs: numbers(member.access_needs.iter().copied()),
    }
}
