//! Finding the records a verb works on. What the caller may not see is not found.

use serasi_domain::case::{Case, Owner};
use serasi_domain::facility::Facility;
use serasi_domain::id::{CaseId, FacilityId, OfferId, PlacementId};
use serasi_domain::offer::Offer;
use serasi_domain::placement::Placement;
use serasi_store::offers::OfferView;
use serasi_store::{cases, facilities, offers, placements};

use crate::auth::Caller;
use crate::error::{HubError, Kind};
use crate::unit_of_work::Unit;

/// A facility sees the cases it answers for and those of the persons it has or expects, also after somebody else was called;
/// everybody who is not tied to a facility those in their scope.
pub(crate) fn may_see_case(caller: &Caller, case: &Case) -> bool {
    let owner = match case.owner {
        Owner::Facility(facility) => Some(facility),
        Owner::Coordinator(_) => None,
    };
    let stays = [case.state.stay(), case.state.expected_at()];
    let mut concerned = stays.into_iter().flatten().map(|stay| stay.facility).chain(owner);
    let is_concerned = caller
        .facility
        .is_some_and(|own| concerned.any(|facility| facility == own));
    is_concerned || !caller.is_facility_only() && caller.sees(case.facts.place)
}

/// An offer is seen by the facility that is asked and by those who see the case.
pub(crate) fn may_see_offer(caller: &Caller, offer: &Offer) -> bool {
    caller.facility == Some(offer.facility)
        || !caller.is_facility_only()
            && (caller.sees(offer.case.home().code()) || caller.sees(offer.facility.home().code()))
}

/// The case, locked; verbs on one case take turns. `version` 0 = whatever it has.
pub(super) async fn case_for_change(unit: &mut Unit<'_>, id: CaseId, version: i64) -> Result<Case, HubError> {
    let case = cases::get_for_change(&mut unit.conn, id).await?;
    let case = case.filter(|case| may_see_case(unit.caller, case));
    let case = case.ok_or_else(|| HubError::not_found(Kind::Case, id))?;
    if version != 0 && version != case.version {
        return Err(HubError::Moved);
    }
    Ok(case)
}

/// The offer and its case, the case locked first, for somebody who acts for the facility.
pub(super) async fn offer_for_answer(
    unit: &mut Unit<'_>,
    id: OfferId,
) -> Result<(Case, OfferView), HubError> {
    let not_found = || HubError::not_found(Kind::Offer, id);
    let seen = offers::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    if !unit.caller.acts_for(seen.offer.facility) {
        return Err(not_found());
    }
    let case = cases::get_for_change(&mut unit.conn, seen.offer.case)
        .await?
        .ok_or_else(not_found)?;
    // Read again: the offer may have been answered while this call waited for the case.
    let view = offers::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    Ok((case, view))
}

/// The offer and its case, the case locked first, for somebody who decides where the case goes.
pub(super) async fn offer_for_routing(
    unit: &mut Unit<'_>,
    id: OfferId,
) -> Result<(Case, OfferView), HubError> {
    let not_found = || HubError::not_found(Kind::Offer, id);
    let seen = offers::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    let case = cases::get_for_change(&mut unit.conn, seen.offer.case)
        .await?
        .filter(|case| may_see_case(unit.caller, case))
        .ok_or_else(not_found)?;
    // Read again: the offer may have been answered while this call waited for the case.
    let view = offers::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    Ok((case, view))
}

/// The placement and its case, the case locked first, for somebody who acts for the facility.
pub(super) async fn placement_for_change(
    unit: &mut Unit<'_>,
    id: PlacementId,
) -> Result<(Case, Placement), HubError> {
    let not_found = || HubError::not_found(Kind::Placement, id);
    let seen = placements::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    if !unit.caller.acts_for(seen.facility) {
        return Err(not_found());
    }
    let case = cases::get_for_change(&mut unit.conn, seen.case)
        .await?
        .ok_or_else(not_found)?;
    let placement = placements::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    Ok((case, placement))
}

/// The placement and its case, the case locked first, for somebody who acts for the facility or sees the case.
pub(super) async fn reservation_for_change(
    unit: &mut Unit<'_>,
    id: PlacementId,
) -> Result<(Case, Placement), HubError> {
    let not_found = || HubError::not_found(Kind::Placement, id);
    let seen = placements::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    let acts = unit.caller.acts_for(seen.facility);
    let case = cases::get_for_change(&mut unit.conn, seen.case)
        .await?
        .filter(|case| acts || may_see_case(unit.caller, case))
        .ok_or_else(not_found)?;
    let placement = placements::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    Ok((case, placement))
}

/// The facility, locked, for somebody who acts for it.
pub(super) async fn facility_for_change(
    unit: &mut Unit<'_>,
    id: FacilityId,
    version: i64,
) -> Result<Facility, HubError> {
    let facility = facilities::get_for_change(&mut unit.conn, id).await?;
    let facility = facility.filter(|_| unit.caller.acts_for(id));
    let facility = facility.ok_or_else(|| HubError::not_found(Kind::Facility, id))?;
    if version != 0 && version != facility.version {
        return Err(HubError::Moved);
    }
    Ok(facility)
}
