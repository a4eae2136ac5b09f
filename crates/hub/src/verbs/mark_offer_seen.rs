//! MarkOfferSeen: tells "seen" from "silent". The deadline runs on.

use serasi_domain::id::{OfferId, Regency};
use serasi_proto::v1;
use serasi_store::offers;
use serde_json::json;

use super::open::offer_for_change;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct MarkOfferSeen {
    pub(crate) offer: OfferId,
}

impl Mutation for MarkOfferSeen {
    const VERB: &'static str = "MarkOfferSeen";
    type Response = v1::MarkOfferSeenResponse;

    fn home(&self) -> Regency {
        self.offer.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, mut view) = offer_for_change(unit, self.offer).await?;
        let before = view.offer.state.clone();
        view.offer = view.offer.mark_seen(unit.now)?;
        if view.offer.state != before {
            if !offers::update_live(&mut unit.conn, &[&view.offer]).await? {
                return Err(HubError::Moved);
            }
            view.offer.version += 1;
            let payload = json!({ "case_id": view.offer.case, "facility_id": view.offer.facility });
            unit.tell(
                self.offer.home(),
                self.offer,
                view.offer.version,
                "offer.seen",
                payload,
            )
            .await?;
        }
        unit.audit(self.offer.home(), self.offer).await?;
        Ok(v1::MarkOfferSeenResponse {
            offer: Some(Eyes::new(unit.hub, unit.caller).offer(&case, &view)),
        })
    }
}
