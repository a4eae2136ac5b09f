//! LinkCases: two cases are the same; one follows the other from now on. Both may lie in different regions: neither is locked,
//! each is written only if nobody has changed it meanwhile, always in the same order.

use serasi_domain::case::ending::EndingRefusal;
use serasi_domain::case::{Case, CaseState};
use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serasi_store::{cases, links};
use serde_json::json;

use super::open::reachable;
use super::owe::owe_reports;
use super::refer::write_case;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct LinkCases {
    pub(crate) main: CaseId,
    pub(crate) case: CaseId,
}

impl Mutation for LinkCases {
    const VERB: &'static str = "LinkCases";
    type Response = v1::LinkCasesResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let main = seen(unit, self.main).await?;
        let case = seen(unit, self.case).await?;
        let (old_case, old_main) = (case.state.clone(), main.state.clone());
        let (case, parked) = case.link(&main, unit.now)?;
        if !links::followers_of(&mut unit.conn, case.id).await?.is_empty() {
            return Err(EndingRefusal::IsFollowed(case.id).into());
        }
        let (case, main) = if case.id < main.id {
            let case = write_unlocked(unit, case, &old_case).await?;
            (case, write_unlocked(unit, main, &old_main).await?)
        } else {
            let main = write_unlocked(unit, main, &old_main).await?;
            (write_unlocked(unit, case, &old_case).await?, main)
        };
        if !links::insert(&mut unit.conn, case.id, main.id, &parked, unit.now).await? {
            return Err(HubError::Raced);
        }
        if main.state.is_served() {
            owe_reports(unit, &main).await?;
        }
        let payload = json!({ "main_case_id": main.id });
        unit.tell(case.id.home(), case.id, case.version, "case.linked", payload)
            .await?;
        let payload = json!({ "case_id": case.id });
        unit.tell(main.id.home(), main.id, main.version, "case.followed", payload)
            .await?;
        unit.audit(case.id.home(), case.id).await?;
        unit.audit(main.id.home(), main.id).await?;
        Ok(v1::LinkCasesResponse {
            case: Some(v1::Case {
                linked_to_case_id: main.id.to_string(),
                ..Eyes::new(unit.hub, unit.caller).case(&case)
            }),
            main_case: Some(Eyes::new(unit.hub, unit.caller).case(&main)),
        })
    }
}

async fn write_unlocked(unit: &mut Unit<'_>, case: Case, old_state: &CaseState) -> Result<Case, HubError> {
    match write_case(unit, case, old_state).await {
        Err(HubError::Moved) => Err(HubError::Raced),
        written => written,
    }
}

/// A case that the caller may see, not locked.
async fn seen(unit: &mut Unit<'_>, id: CaseId) -> Result<Case, HubError> {
    let found = cases::get(&mut unit.conn, id).await?;
    reachable(&mut unit.conn, unit.caller, id, found).await
}
