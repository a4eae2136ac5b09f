//! RouteCase: look for a facility for a case that has none.

use serasi_domain::case::{Case, CaseVerb};
use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serasi_store::exclusions;

use super::open::case_for_change;
use super::refer::{Referral, refer_again};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::case_to_wire;

pub(crate) struct RouteCase {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
}

impl Mutation for RouteCase {
    const VERB: &'static str = "RouteCase";
    type Response = v1::RouteCaseResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        case.must_allow(CaseVerb::Route)?;
        let referral = route(unit, case).await?;
        unit.audit(self.case.home(), self.case).await?;
        let outcome = referral.outcome();
        Ok(v1::RouteCaseResponse {
            case: Some(case_to_wire(&referral.case)),
            outcome: Some(outcome),
        })
    }
}

/// Searches for a locked case.
pub(super) async fn route(unit: &mut Unit<'_>, case: Case) -> Result<Referral, HubError> {
    let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
    let old_state = case.state.clone();
    refer_again(unit, case, &old_state, &excluded).await
}
