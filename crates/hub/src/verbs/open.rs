//! Finding the records a verb works on. What the table does not let the caller reach is not found.

use std::collections::{BTreeMap, BTreeSet};

use serasi_domain::case::Case;
use serasi_domain::facility::Facility;
use serasi_domain::id::{CaseId, FacilityId, OfferId, PlacementId};
use serasi_domain::placement::Placement;
use serasi_store::offers::{self, OfferView};
use serasi_store::{PgConnection, cases, facilities, intakes, placements};

use crate::auth::{Belongs, Object, Permit};
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Member, Unit};

/// A command of a group with the offer it names and that offer's case.
pub(super) type WithOffer<'a, M> = (Member<'a, M>, Case, OfferView);

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

/// The same for a group: whoever may do this to the offer they name, where its case can be had at once, and each offer and
/// case for one of them.
pub(super) async fn offers_at_hand<'a, M>(
    conn: &mut PgConnection,
    members: Vec<Member<'a, M>>,
    offer: impl Fn(&M) -> OfferId,
) -> Result<Vec<WithOffer<'a, M>>, HubError> {
    let ids = members.iter().map(|member| offer(member.mutation));
    let ids: Vec<_> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let seen = by_id(offers::get_many(conn, &ids).await?);
    let may = |member: &Member<'a, M>| {
        let view = seen.get(&offer(member.mutation));
        view.is_some_and(|view| member.call.caller.may(&view.offer))
    };
    let members: Vec<_> = members.into_iter().filter(may).collect();
    let wanted = members
        .iter()
        .filter_map(|member| Some(seen.get(&offer(member.mutation))?.offer.case));
    let wanted: Vec<_> = wanted.collect::<BTreeSet<_>>().into_iter().collect();
    let locked = cases::get_at_hand_for_change(conn, &wanted).await?;
    let mut locked: BTreeMap<_, _> = locked.into_iter().map(|case| (case.id, case)).collect();
    // Read again: an offer may have been answered until its case was locked.
    let mut seen = by_id(offers::get_many(conn, &ids).await?);
    let found = members.into_iter().filter_map(|member| {
        let view = seen.remove(&offer(member.mutation))?;
        Some((member, locked.remove(&view.offer.case)?, view))
    });
    Ok(found.collect())
}

fn by_id(views: Vec<OfferView>) -> BTreeMap<OfferId, OfferView> {
    views.into_iter().map(|view| (view.offer.id, view)).collect()
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
