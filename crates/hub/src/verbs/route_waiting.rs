//! A waiting case is tried again when places may have freed up; a search that finds nobody leaves no trace.

use serasi_domain::case::CaseState;
use serasi_domain::id::CaseId;
use serasi_domain::routing::route;
use serasi_store::{cases, exclusions};

use super::refer::refer_again;
use super::search::seeker;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Refers the case if it still waits and somebody can take it now; `true` = somebody is asked.
pub(crate) struct RouteWaiting {
    pub(crate) case: CaseId,
}

impl Act for RouteWaiting {
    const VERB: &'static str = "RouteWaiting";
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        let case = cases::get_for_change(&mut unit.conn, self.case).await?;
        let Some(case) = case.filter(|case| {
            matches!(
                case.state,
                CaseState::Waiting { .. } | CaseState::NoCandidate { .. }
            )
        }) else {
            return Ok(false);
        };
        let excluded = exclusions::of_case(&mut unit.conn, self.case).await?;
        let directory = unit.hub.board.snapshot().directory;
        let policy = unit.policy_of(&case).await?;
        let found = route(seeker(&case, &excluded), &directory, &policy, unit.now)?;
        if found.choices.is_empty() {
            return Ok(false);
        }
        let old_state = case.state.clone();
        let referral = refer_again(unit, case, &old_state, &excluded).await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(matches!(referral.case.state, CaseState::Offered { .. }))
    }
}
