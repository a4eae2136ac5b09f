//! DeclineOffer: a coded reason with its effect, and the next candidate in the same transaction.
//!
//! Answers that come in together are taken down together (`together`); one that cannot be, comes here alone.

use serasi_domain::id::{OfferId, Regency};
use serasi_domain::offer::{Decline, DeclineEffect, Offer};
use serasi_domain::policy::Policy;
use serasi_proto::v1;
use serasi_store::events::{self, Event};
use serasi_store::{capacity, offers};
use serde_json::json;
use time::OffsetDateTime;

use super::open::offer_for_change;
use super::refuse::{Ending, refuse};
use crate::clock::Clock;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

mod together;

#[derive(Debug)]
pub(crate) struct DeclineOffer {
    pub(crate) offer: OfferId,
    pub(crate) decline: Decline,
}

impl Mutation for DeclineOffer {
    const VERB: &'static str = "DeclineOffer";
    type Response = v1::DeclineOfferResponse;

    fn home(&self) -> Regency {
        self.offer.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, mut view) = offer_for_change(unit, self.offer).await?;
        view.offer = view.offer.decline(self.decline.reason, unit.now)?;
        let policy = unit.policy_of(&case).await?;
        let (ending, effect) = self.ending(&policy, unit.now);
        let referral = refuse(unit, case, &view.offer, &ending).await?;
        if effect.corrects_capacity {
            capacity::correct_to_full(&mut unit.conn, view.offer.facility, view.offer.pool).await?;
        }
        if let Some(note) = &self.decline.note {
            let sealer = unit.hub.store.sealer();
            offers::set_decline_note(&mut unit.conn, sealer, &view.offer, note.as_str()).await?;
        }
        if let Some(correction) = self.correction(&view.offer, &effect, &unit.hub.clock) {
            events::append(&mut unit.conn, &[correction]).await?;
        }
        view.offer.version += 1;
        view.answered_at = Some(unit.now);
        unit.audit(self.offer.home(), self.offer).await?;
        Ok(v1::DeclineOfferResponse {
            offer: Some(Eyes::new(unit.hub, unit.caller).offer(&referral.case, &view)),
            next: referral.result() as i32,
        })
    }
}

impl DeclineOffer {
    /// What the reason does, under the policy the case follows.
    fn ending(&self, policy: &Policy, now: OffsetDateTime) -> (Ending, DeclineEffect) {
        let effect = self.decline.effect(now, policy.full_parks_for());
        let ending = Ending {
            reason: format!("declined:{}", self.decline.reason),
            event: "offer.declined",
            excluded_until: effect.excluded_until,
        };
        (ending, effect)
    }

    /// What is told when the directory seems to be wrong about the facility. `offer` is of the version before.
    fn correction(&self, offer: &Offer, effect: &DeclineEffect, clock: &Clock) -> Option<Event> {
        let facility = offer.facility;
        effect.raises_correction.then(|| Event {
            id: clock.new_id(),
            home: facility.home(),
            // The offer's own version: one correction per declined offer.
            subject_id: format!("{facility}/{}", self.offer),
            subject_version: offer.version,
            kind: "facility.correction_raised",
            payload: json!({ "offer_id": self.offer, "reason": self.decline.reason }),
        })
    }
}
