//! An offer came to nothing. Declined or expired, it is a refusal: release, remember, escalate, and ask the next
//! candidate, all in the transaction of the refusal.

use serasi_domain::case::{Case, CaseVerb};
use serasi_domain::offer::Offer;
use serasi_domain::routing::{Exclusion, ExclusionCause};
use serasi_store::capacity::{self, Move};
use serasi_store::events::{self, Event};
use serasi_store::{exclusions, offers};
use serde_json::json;
use time::OffsetDateTime;

use super::escalate_overdue::tell_escalated;
use super::refer::{Referral, refer_again};
use crate::clock::Clock;
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

/// What an event tells of `reason`. Its readers may be the facility, which is not told why an offer was taken back or a
/// place given up: somebody may be in danger there.
pub(super) fn told(reason: &str) -> &str {
    match reason.split_once(':') {
        Some((taken_back @ ("withdrawn" | "cancelled"), _)) => taken_back,
        Some(_) | None => reason,
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
    if !offers::update_live(&mut unit.conn, &[offer]).await? {
        return Err(HubError::Moved);
    }
    if offer.holds_places
        && !capacity::move_hold(&mut unit.conn, offer.facility, offer.id, Move::Release).await?
    {
        return Err(HubError::Bug("an offer that holds places has no hold"));
    }
    let exclusion = ending.exclusion(offer)?;
    exclusions::exclude(
        &mut unit.conn,
        &[(offer.case, exclusion, &ending.reason)],
        unit.now,
    )
    .await?;
    let told = ending.told(offer, &unit.hub.clock);
    Ok(events::append(&mut unit.conn, &[told]).await?)
}

impl Ending {
    /// How the facility of the offer is passed over.
    pub(super) fn exclusion(&self, offer: &Offer) -> Result<Exclusion, HubError> {
        Ok(Exclusion {
            facility: offer.facility,
            cause: ExclusionCause::of_reason(&self.reason)
                .ok_or(HubError::Bug("an ending without a cause"))?,
            until: self.excluded_until,
        })
    }

    /// What is told of the end of an offer, whose next version is to be written.
    pub(super) fn told(&self, offer: &Offer, clock: &Clock) -> Event {
        Event {
            id: clock.new_id(),
            home: offer.id.home(),
            subject_id: offer.id.to_string(),
            subject_version: offer.version + 1,
            kind: self.event,
            payload: json!({
                "case_id": offer.case,
                "facility_id": offer.facility,
                "reason": told(&self.reason),
            }),
        }
    }
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
