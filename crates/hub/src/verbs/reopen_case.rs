//! ReopenCase: an ended case is gone on with, as a new episode, within the days that the policy allows.

use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serde_json::json;

use super::open::case_for_change;
use super::refer::{deadline, finish, write_case};
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct ReopenCase {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
}

impl Mutation for ReopenCase {
    const VERB: &'static str = "ReopenCase";
    type Response = v1::ReopenCaseResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        let old_state = case.state.clone();
        let policy = unit.policy_of(&case).await?;
        let coordinate = policy.of(case.facts.urgency).coordinate;
        let act_before = deadline(unit, &policy, coordinate, case.facts.place);
        let before = finish(&policy, &case.facts, unit.now);
        let case = case.reopen(policy.care.reopen_within_days, act_before, unit.now)?;
        let case = write_case(unit, case.finish_before(before), &old_state).await?;
        let payload = json!({ "episode": case.episode.number });
        unit.tell(case.id.home(), case.id, case.version, "case.reopened", payload)
            .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::ReopenCaseResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
        })
    }
}
