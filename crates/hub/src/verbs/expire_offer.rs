//! Silence is an outcome: an offer past its deadline, by the database's clock, goes to the next candidate.

use serasi_domain::id::OfferId;
use serasi_domain::offer::OfferState;
use serasi_store::{cases, offers};

use super::refuse::{Ending, refuse};
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Expires the offer if it is still live and due; `false` = somebody was faster.
pub(crate) struct ExpireOffer {
    pub(crate) offer: OfferId,
}

impl Act for ExpireOffer {
    const VERB: &'static str = "ExpireOffer";
    const IS_BY_KEY: bool = true;
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        let id = self.offer;
        let Some(seen) = offers::get(&mut unit.conn, id).await? else {
            return Ok(false);
        };
        let Some(case) = cases::get_for_change(&mut unit.conn, seen.offer.case).await? else {
            return Ok(false);
        };
        // Read again: it may have been answered while this job waited for the case.
        let Some(view) = offers::get(&mut unit.conn, id).await? else {
            return Ok(false);
        };
        let is_live = match view.offer.state {
            OfferState::Offered | OfferState::Seen { .. } => true,
            OfferState::Accepted { .. }
            | OfferState::Declined { .. }
            | OfferState::Expired { .. }
            | OfferState::Withdrawn { .. } => false,
        };
        if !is_live || unit.now < view.offer.expires_at {
            return Ok(false);
        }
        let offer = view.offer.expire(unit.now)?;
        let policy = unit.policy_of(&case).await?;
        let ending = Ending {
            reason: "expired".to_owned(),
            event: "offer.expired",
            excluded_until: Some(unit.now + policy.full_parks_for()),
        };
        refuse(unit, case, &offer, &ending).await?;
        unit.audit(id.home(), id).await?;
        Ok(true)
    }
}
