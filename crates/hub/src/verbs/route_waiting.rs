//! A waiting case is tried again when places may have freed up; a search that finds nobody leaves no trace.

use serasi_domain::capacity::PoolKey;
use serasi_domain::id::{CaseId, FacilityId};
use serasi_domain::offer::Offer;
use serasi_store::{cases, exclusions};

use super::refer::refer_waiting;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// A pool for which those further ahead in the queue were considered, with the room they saw in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Considered {
    pub(crate) facility: FacilityId,
    pub(crate) pool: PoolKey,
    /// Free places and overflow.
    pub(crate) room: i32,
}

/// Refers the case if it still waits and somebody can take it now; `Moved` = somebody could, but none of those.
pub(crate) struct RouteWaiting {
    pub(crate) case: CaseId,
    /// Who may be asked: for anybody else, and for more room, those further ahead in the queue have not been considered.
    pub(crate) among: Vec<Considered>,
}

/// What became of a try.
#[derive(Debug)]
pub(crate) enum Tried {
    Offered(Box<Offer>),
    /// Whoever could have been asked is taken or gone.
    NobodyAfterAll,
    /// Somebody has acted on the case meanwhile.
    WaitsNoLonger,
}

impl Act for RouteWaiting {
    const VERB: &'static str = "RouteWaiting";
    const IS_BY_KEY: bool = true;
    type Output = Tried;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Tried, HubError> {
        let case = cases::get_for_change(&mut unit.conn, self.case).await?;
        let Some(case) = case.filter(|case| case.state.seeks_since().is_some()) else {
            return Ok(Tried::WaitsNoLonger);
        };
        let excluded = exclusions::of_case(&mut unit.conn, self.case).await?;
        let Some(offer) = refer_waiting(unit, case, &excluded, &self.among).await? else {
            return Ok(Tried::NobodyAfterAll);
        };
        unit.audit(self.case.home(), self.case).await?;
        Ok(Tried::Offered(Box::new(offer)))
    }
}
