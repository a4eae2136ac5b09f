//! An offer came to nothing. Declined or expired, it is a refusal: release, remember, escalate, and ask the next
//! candidate, all in the transaction of the refusal.

use serasi_domain::case::{Case, CaseVerb};
use serasi_domain::offer::Offer;
use serasi_domain::routing::{Exclusion, ExclusionCause};
use serasi_store::capacity::{self, Move};
use serasi_store::{exclusions, offers};
use serde_json::json;
use time::OffsetDateTime;

use super::escalate_overdue::tell_escalated;
use super::refer::{Referral, refer_again};
use crate::error::{HubError, RuleBroken};
use crate::unit_of_work::Unit;

/// Why the facility is passed over from now on.
pub(super) struct Ending {
    /// `declined:<reason>`, `expired` or `withdrawn:<reason>`.
    pub(super) reason: String,
    /// `offer.declined`, `offer.expired` or `offer.withdrawn`.
    pub(super) event: &'static str,
    /// `None` = not asked again for this case.
    pub(super) excluded_until: Option<OffsetDateTime>,
}

impl Ending {
    /// What the event tells. Its readers may be the facility, which is not told why an offer was taken back: somebody
    /// may be in danger there.
    fn told(&self) -> &str {
        match self.reason.split_once(':') {
            Some((withdrawn @ "withdrawn", _)) => withdrawn,
            Some(_) | None => &self.reason,
        }
    }
}

/// Takes the refused `offer` (already in its final state) out and refers `case`, which is locked, to the next.
pub(super) async fn refuse(
    unit: &mut Unit<'_>,
    case: Case,
    offer: &Offer,
    ending: &Ending,
) -> Result<Referral, HubError> {
    must_be_offered(&case, offer, CaseVerb::Decline)?;
    end(unit, offer, ending).await?;
    let old_state = case.state.clone();
    let (owner_before, escalations_before) = (case.owner, case.escalations);
    let policy = unit.policy_of(&case).await?;
    let case = case.refused(policy.refusals_before_escalation);
    let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
    let referral = refer_again(unit, case, &old_state, &excluded).await?;
    if referral.case.escalations != escalations_before {
        tell_escalated(unit, &referral.case, owner_before).await?;
    }
    Ok(referral)
}

/// Writes `offer` (already in its final state), releases its places and passes its facility over.
pub(super) async fn end(unit: &mut Unit<'_>, offer: &Offer, ending: &Ending) -> Result<(), HubError> {
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
        cause: ExclusionCause::of_reason(&ending.reason).ok_or(HubError::Bug("an ending without a cause"))?,
        until: ending.excluded_until,
    };
    exclusions::exclude(&mut unit.conn, offer.case, exclusion, &ending.reason, unit.now).await?;
    let payload = json!({
        "case_id": offer.case,
        "facility_id": offer.facility,
        "reason": ending.told(),
    });
    unit.tell(
        offer.id.home(),
        offer.id,
        offer.version + 1,
        ending.event,
        payload,
    )
    .await
}

/// The live offer and the case agree about each other, or somebody has moved.
pub(super) fn must_be_offered(case: &Case, offer: &Offer, verb: CaseVerb) -> Result<(), HubError> {
    if case.state.live_offer() == Some(offer.id) {
        return Ok(());
    }
    case.must_allow(verb)
        .map_err(|error| RuleBroken::Case(error).into())
        .and(
            // The case waits for another facility's answer.
            Err(HubError::Moved),
        )
}
