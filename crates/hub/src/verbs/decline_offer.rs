//! DeclineOffer: a coded reason with its effect, and the next candidate in the same transaction.

use serasi_domain::id::{OfferId, Regency};
use serasi_domain::offer::Decline;
use serasi_proto::v1;
use serasi_store::{capacity, offers};
use serde_json::json;

use super::open::offer_for_change;
use super::refuse::{Ending, refuse};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

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
        let effect = self.decline.effect(unit.now, policy.full_parks_for());
        let ending = Ending {
            reason: format!("declined:{}", self.decline.reason),
            event: "offer.declined",
            excluded_until: effect.excluded_until,
        };
        let referral = refuse(unit, case, &view.offer, &ending).await?;
        if effect.corrects_capacity {
            capacity::correct_to_full(&mut unit.conn, view.offer.facility, view.offer.pool).await?;
        }
        if effect.raises_correction {
            let facility = view.offer.facility;
            let payload = json!({ "offer_id": self.offer, "reason": self.decline.reason });
            // The offer's own version: one correction per declined offer.
            let subject = format!("{facility}/{}", self.offer);
            unit.tell(
                facility.home(),
                subject,
                view.offer.version,
                "facility.correction_raised",
                payload,
            )
            .await?;
        }
        if let Some(note) = &self.decline.note {
            let sealer = unit.hub.store.sealer();
            offers::set_decline_note(&mut unit.conn, sealer, &view.offer, note.as_str()).await?;
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
