//! Finding the records a verb works on. What the table does not let the caller reach is not found.

use serasi_domain::case::Case;
use serasi_domain::facility::Facility;
use serasi_domain::id::{CaseId, FacilityId, OfferId, PlacementId};
use serasi_domain::placement::Placement;
use serasi_store::offers::OfferView;
use serasi_store::{PgConnection, cases, facilities, intakes, offers, placements};

use crate::auth::{Belongs, Object, Permit};
use crate::error::{HubError, Kind};
use crate::unit_of_work::Unit;

/// The case that was looked up, if the caller may do this to it.
pub(super) async fn reachable(
    conn: &mut PgConnection,
    permit: &Permit,
    id: CaseId,
    found: Option<Case>,
) -> Result<Case, HubError> {
    let is_own_report = found.is_some()
        && permit.asks_who_reported()
        && intakes::is_reported_by(conn, id, &permit.principal).await?;
    let belongs = |case: &Case| Belongs {
        is_own_report,
        ..case.belongs()
    };
    let reached = permit.find(Kind::Case, id, found.as_ref().map(belongs));
    reached?;
    found.ok_or_else(|| HubError::not_found(Kind::Case, id))
}

/// The case, locked; verbs on one case take turns. `version` 0 = whatever it has.
pub(super) async fn case_for_change(unit: &mut Unit<'_>, id: CaseId, version: i64) -> Result<Case, HubError> {
    let found = cases::get_for_change(&mut unit.conn, id).await?;
    let case = reachable(&mut unit.conn, unit.caller, id, found).await?;
    if version != 0 && version != case.version {
        return Err(HubError::Moved);
    }
    Ok(case)
}

/// The offer and its case, the case locked first.
pub(super) async fn offer_for_change(
    unit: &mut Unit<'_>,
    id: OfferId,
) -> Result<(Case, OfferView), HubError> {
    let not_found = || HubError::not_found(Kind::Offer, id);
    let seen = offers::get(&mut unit.conn, id).await?;
    let seen = unit.caller.find(Kind::Offer, id, seen.map(|view| view.offer))?;
    let case = cases::get_for_change(&mut unit.conn, seen.case)
        .await?
        .ok_or_else(not_found)?;
    // Read again: the offer may have been answered while this call waited for the case.
    let view = offers::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    Ok((case, view))
}

/// The placement and its case, the case locked first.
pub(super) async fn placement_for_change(
    unit: &mut Unit<'_>,
    id: PlacementId,
) -> Result<(Case, Placement), HubError> {
    let not_found = || HubError::not_found(Kind::Placement, id);
    let seen = placements::get(&mut unit.conn, id).await?;
    let seen = unit.caller.find(Kind::Placement, id, seen)?;
    let case = cases::get_for_change(&mut unit.conn, seen.case)
        .await?
        .ok_or_else(not_found)?;
    let placement = placements::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    Ok((case, placement))
}

/// A placement nobody has come to yet and its case, the case locked first, for the house, for those who see the case, and for
/// the house that the persons are to leave.
pub(super) async fn reservation_for_change(
    unit: &mut Unit<'_>,
    id: PlacementId,
) -> Result<(Case, Placement), HubError> {
    let not_found = || HubError::not_found(Kind::Placement, id);
    let seen = placements::get(&mut unit.conn, id).await?;
    let case = match &seen {
        Some(placement) => cases::get_for_change(&mut unit.conn, placement.case).await?,
        None => None,
    };
    let both = seen.zip(case.as_ref()).map(|(placement, case)| Belongs {
        houses: case.belongs().houses,
        ..placement.belongs()
    });
    unit.caller.find(Kind::Placement, id, both)?;
    let placement = placements::get(&mut unit.conn, id).await?;
    case.zip(placement).ok_or_else(not_found)
}

/// The facility, locked.
pub(super) async fn facility_for_change(
    unit: &mut Unit<'_>,
    id: FacilityId,
    version: i64,
) -> Result<Facility, HubError> {
    let found = facilities::get_for_change(&mut unit.conn, id).await?;
    unit.caller
        .find(Kind::Facility, id, found.as_ref().map(|facility| facility.id))?;
    let facility = found.ok_or_else(|| HubError::not_found(Kind::Facility, id))?;
    if version != 0 && version != facility.version {
        return Err(HubError::Moved);
    }
    Ok(facility)
}
