//! A reserved place is given up before anybody came: it is released, and the case goes back to its queue or to the next.

use serasi_domain::case::{Case, CaseState, CaseVerb};
use serasi_domain::placement::{Placement, PlacementState};
use serasi_domain::routing::Exclusion;
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::capacity::{self, Move};
use serasi_store::{exclusions, placements};
use serde_json::json;

use super::cancel_transfer::must_let_go;
use super::care::Care;
use super::refer::{deadline, refer_again, write_case};
use super::refuse::told;
use crate::error::HubError;
use crate::unit_of_work::Unit;

/// Why and how a place is given up.
pub(super) struct Loss<'a> {
    pub(super) verb: CaseVerb,
    /// `no_show:<reason>` or `cancelled:<reason>`.
    pub(super) reason: String,
    /// `placement.no_show` or `placement.cancelled`.
    pub(super) event: &'static str,
    /// `None` = the facility may be asked again.
    pub(super) exclusion: Option<Exclusion>,
    pub(super) note: Option<&'a Text<500>>,
    /// Nobody else is asked in this transaction.
    pub(super) waits_for_coordinator: bool,
}

/// Gives up the place of `placement`, which is in its final state; `case` is locked.
pub(super) async fn lose_place(
    unit: &mut Unit<'_>,
    case: Case,
    placement: &mut Placement,
    loss: &Loss<'_>,
) -> Result<v1::RouteResult, HubError> {
    case.must_allow(loss.verb)?;
    must_let_go(unit, &case).await?;
    release(unit, placement, loss).await?;
    let old_state = case.state.clone();
    if matches!(old_state, CaseState::InService { .. }) {
        let case = back_to_sender(unit, case, loss.verb).await?;
        let case = write_case(unit, case, &old_state).await?;
        let payload = json!({ "placement_id": placement.id, "reason": told(&loss.reason) });
        unit.tell(
            case.id.home(),
            case.id,
            case.version,
            "case.transfer_ended",
            payload,
        )
        .await?;
        return Ok(v1::RouteResult::NotRouted);
    }
    let policy = unit.policy_of(&case).await?;
    let coordinate = policy.of(case.facts.urgency).coordinate;
    let act_before = deadline(unit, &policy, coordinate, case.facts.place);
    let case = case.lose_place(loss.verb, act_before)?;
    if loss.waits_for_coordinator {
        let case = write_case(unit, case, &old_state).await?;
        let payload = json!({ "placement_id": placement.id, "reason": told(&loss.reason) });
        unit.tell(case.id.home(), case.id, case.version, "case.triaged", payload)
            .await?;
        return Ok(v1::RouteResult::NotRouted);
    }
    let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
    let referral = refer_again(unit, case, &old_state, &excluded).await?;
    Ok(referral.result())
}

/// The sender of a transfer has the case back, with the clock of its stages.
pub(super) async fn back_to_sender(
    unit: &mut Unit<'_>,
    case: Case,
    verb: CaseVerb,
) -> Result<Case, HubError> {
    if let Some(stay) = case.state.stay() {
        exclusions::stay_after_all(&mut unit.conn, case.id, stay.facility).await?;
    }
    let work = Care::of_locked(unit, case).await?;
    let step = work.step(unit);
    Ok(work.case.lose_place(verb, step)?)
}

/// Writes the end of the placement, releases its places and, if need be, passes its facility over.
pub(super) async fn release(
    unit: &mut Unit<'_>,
    placement: &mut Placement,
    loss: &Loss<'_>,
) -> Result<(), HubError> {
    if !placements::update(&mut unit.conn, placement, &PlacementState::Reserved).await? {
        return Err(HubError::Moved);
    }
    placement.version += 1;
    if !capacity::move_hold(&mut unit.conn, placement.facility, placement.offer, Move::Release).await? {
        return Err(HubError::Bug("a reserved placement has no hold"));
    }
    if let Some(exclusion) = loss.exclusion {
        exclusions::exclude(
            &mut unit.conn,
            &[(placement.case, exclusion, &loss.reason)],
            unit.now,
        )
        .await?;
    }
    if let Some(note) = loss.note {
        let sealer = unit.hub.store.sealer();
        placements::set_end_note(&mut unit.conn, sealer, placement, note.as_str()).await?;
    }
    let payload = json!({
        "case_id": placement.case, "facility_id": placement.facility, "reason": told(&loss.reason),
    });
    let (home, id, version) = (placement.id.home(), placement.id, placement.version);
    unit.tell(home, id, version, loss.event, payload).await
}
