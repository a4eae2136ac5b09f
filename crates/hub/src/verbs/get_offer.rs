//! GetOffer: what a facility needs to decide; the look is on record.

use serasi_domain::case::Case;
use serasi_domain::id::OfferId;
use serasi_store::offers::{self, OfferView};
use serasi_store::{Context, cases};

use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Unit};

pub(crate) struct GetOffer {
    pub(crate) offer: OfferId,
}

impl Act for GetOffer {
    const VERB: &'static str = "GetOffer";
    const IS_BY_KEY: bool = true;
    /// The offer, and the case it is for.
    type Output = (Case, OfferView);

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let id = self.offer;
        let found = offers::get(&mut unit.conn, id).await?;
        unit.caller
            .find(Kind::Offer, id, found.as_ref().map(|view| view.offer.clone()))?;
        let not_found = || HubError::not_found(Kind::Offer, id);
        let view = found.ok_or_else(not_found)?;
        let case = cases::get(&mut unit.conn, view.offer.case).await?;
        unit.audit(id.home(), id).await?;
        Ok((case.ok_or_else(not_found)?, view))
    }
}
