//! A waiting case is tried again when places may have freed up; a search that finds nobody leaves no trace.

use serasi_domain::case::CaseState;
use serasi_domain::id::CaseId;
use serasi_domain::offer::Offer;
use serasi_store::{cases, exclusions};

use super::refer::refer_if_somebody_can_be_asked;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Refers the case if it still waits and somebody can take it now; gives the offer that was made.
pub(crate) struct RouteWaiting {
    pub(crate) case: CaseId,
}

impl Act for RouteWaiting {
    const VERB: &'static str = "RouteWaiting";
    type Output = Option<Offer>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<Offer>, HubError> {
        let case = cases::get_for_change(&mut unit.conn, self.case).await?;
        let Some(case) = case.filter(|case| {
            matches!(
                case.state,
                CaseState::Waiting { .. } | CaseState::NoCandidate { .. }
            )
        }) else {
            return Ok(None);
        };
        let excluded = exclusions::of_case(&mut unit.conn, self.case).await?;
        let offer = refer_if_somebody_can_be_asked(unit, case, &excluded).await?;
        if offer.is_some() {
            unit.audit(self.case.home(), self.case).await?;
        }
        Ok(offer)
    }
}
