//! Offers.

use enumset::EnumSet;
use serasi_domain::case::CaseFacts;
use serasi_domain::need_to_know::{MaskReason, Sight};
use serasi_domain::offer::OfferState;
use serasi_domain::person::PartyMember;
use serasi_proto::v1;
use serasi_store::offers::OfferView;

use super::capacity::pool_key;
use super::codes::{FromWire, numbers, optional};
use super::time::to_timestamp;

/// As the contract has it: an offer for a case of these `facts`, of which `sight` says how much is left.
pub(crate) fn offer_to_wire(view: &OfferView, facts: &CaseFacts, sight: Sight) -> v1::Offer {
    let offer = &view.offer;
    let is_over = sight.mask() == Some(MaskReason::OfferEnded);
    let forms = if is_over {
        EnumSet::empty()
    } else {
        facts.need.forms
    };
    let category = facts.ppks_category.filter(|_| !is_over);
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
        party: party(&offer.party, sight),
        admission_documents: view.documents.clone(),
        withdraw_reason: optional(withdraw_reason),
        urgency: facts.urgency.to_wire(),
        cluster: optional(facts.cluster),
        ppks_category: category.map(|code| code.as_str().to_owned()).unwrap_or_default(),
        target: facts.target.to_wire(),
        forms: numbers(forms),
        mask_reason: optional(sight.mask()),
    }
}

fn party(party: &[PartyMember], sight: Sight) -> Vec<v1::PartyMember> {
    let shown = sight.party(party);
    let members = shown.iter().zip(sight.bands(party));
    members
        .map(|(member, band)| v1::PartyMember {
            sex: optional(member.sex),
            age_years: member.age.map(|age| i32::from(age.0)),
            access_needs: numbers(member.access_needs.iter().copied()),
            age_band: optional(band),
        })
        .collect()
}
