//! RouteCase: look for a facility for a case that has none.

use serasi_domain::case::CaseVerb;
use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serasi_store::exclusions;

use super::open::case_for_change;
use super::refer::refer_again;
use crate::auth::Field;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RouteCase {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    /// Leave the policy the case was routed under.
    pub(crate) use_active_policy: bool,
}

impl Mutation for RouteCase {
    const VERB: &'static str = "RouteCase";
    type Response = v1::RouteCaseResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut case = case_for_change(unit, self.case, self.version).await?;
        case.must_allow(CaseVerb::Route)?;
        let policy = if self.use_active_policy {
            // Whose duty it is to say that another law holds for a case.
            if !unit.caller.may_use(Field::ActivePolicy, &case) {
                return Err(HubError::Forbidden(
                    "only a coordinator lets a case leave the policy it was routed under",
                ));
            }
            unit.hub.policies.active()
        } else {
            unit.hub.policies.of_search(&mut unit.conn, &case).await?
        };
        if let Some(missing) = policy.missing(&case.facts) {
            return Err(missing.into());
        }
        case.policy_version.clone_from(&policy.version);
        let excluded = exclusions::of_case(&mut unit.conn, case.id).await?;
        let old_state = case.state.clone();
        let referral = refer_again(unit, case, &old_state, &excluded).await?;
        unit.audit(self.case.home(), self.case).await?;
        let eyes = Eyes::new(unit.hub, unit.caller);
        Ok(v1::RouteCaseResponse {
            case: Some(eyes.case(&referral.case)),
            outcome: Some(referral.outcome(&eyes)),
        })
    }
}
