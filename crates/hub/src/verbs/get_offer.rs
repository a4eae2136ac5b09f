//! GetOffer: what a facility needs to decide; the look is on record.

use serasi_domain::id::OfferId;
use serasi_store::offers::{self, OfferView};

use super::open::may_see_offer;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Reach, Unit};

pub(crate) struct GetOffer {
    pub(crate) offer: OfferId,
}

impl Act for GetOffer {
    const VERB: &'static str = "GetOffer";
    const REACH: Reach = Reach::Look;
    type Output = OfferView;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<OfferView, HubError> {
        let view = offers::get(&mut unit.conn, self.offer)
            .await?
            .filter(|view| may_see_offer(unit.caller, &view.offer));
        let view = view.ok_or_else(|| HubError::not_found(Kind::Offer, self.offer))?;
        unit.audit(self.offer.home(), self.offer).await?;
        Ok(view)
    }
}
