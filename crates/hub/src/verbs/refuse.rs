//! An offer came to nothing - declined or expired: release, remember, escalate, and ask the next candidate, all in the
//! transaction of the refusal.

use serasi_domain::case::{Case, CaseState};
use serasi_domain::offer::Offer;
use serasi_domain::routing::Exclusion;
use serasi_store::capacity::{self, Move};
use serasi_store::{exclusions, offers};
use serde_json::json;
use time::OffsetDateTime;

use super::refer::{Referral, refer_again};
use crate::error::{HubError, RuleBroken};
use crate::unit_of_work::Unit;

/// Why the facility is passed over from now on.
pub(super) struct Refusal {
    /// `declined:<reason>` or `expired`.
    pub(super) reason: String,
    /// `offer.declined` or `offer.expired`.
    pub(super) event: &'static str,
    /// `None` = not asked again for this case.
    pub(super) excluded_until: Option<OffsetDateTime>,
}

/// Takes the refused `offer` (already in its final state) out and refers `case`, which is locked, to the next.
pub(super) async fn refuse(
    unit: &mut Unit<'_>,
    case: Case,
    offer: &Offer,
    refusal: &Refusal,
) -> Result<Referral, HubError> {
    if !offers::update_live(&mut unit.conn, offer).await? {
        return Err(HubError::Moved);
    }
    if offer.holds_places
        && !capacity::move_hold(&mut unit.conn, offer.facility, offer.id, Move::Release).await?
    {
        return Err(HubError::Bug("an offer that holds places has no hold"));
    }
    let exclusion = Exclusion {
        facility: offer.facility,
        until: refusal.excluded_until,
    };
    exclusions::exclude(&mut unit.conn, case.id, exclusion, &refusal.reason, unit.now).await?;

    let old_state = case.state.clone();
    must_be_offered(&case, offer)?;
    let owner_before = case.owner;
    let policy = unit.policy_of(&case).await?;
    let case = case.refused(policy.refusals_before_escalation);
    let payload = json!({
        "case_id": case.id,
        "facility_id": offer.facility,
        "reason": refusal.reason,
        "escalated": case.owner != owner_before,
    });
    unit.tell(
        offer.id.home(),
        offer.id,
        offer.version + 1,
        refusal.event,
        payload,
    )
    .await?;
    let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
    refer_again(unit, case, &old_state, &excluded).await
}

/// The live offer and the case agree about each other, or somebody has moved.
pub(super) fn must_be_offered(case: &Case, offer: &Offer) -> Result<(), HubError> {
    let is_this_one = matches!(case.state, CaseState::Offered { offer: live } if live == offer.id);
    if is_this_one {
        return Ok(());
    }
    case.must_allow(serasi_domain::case::CaseVerb::Accept)
        .map_err(|error| RuleBroken::Case(error).into())
        .and(
            // The case waits for another facility's answer.
            Err(HubError::Moved),
        )
}
