//! UnlinkCases: the link was wrong; the case is again exactly what it was.

use serasi_domain::case::CaseVerb;
use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serasi_store::links;
use serde_json::json;

use super::open::case_for_change;
use super::refer::write_case;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct UnlinkCases {
    pub(crate) case: CaseId,
}

impl Mutation for UnlinkCases {
    const VERB: &'static str = "UnlinkCases";
    type Response = v1::UnlinkCasesResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        case.must_allow(CaseVerb::Unlink)?;
        let link = links::end(&mut unit.conn, &case, unit.now).await?;
        let (main, parked) = link.ok_or(HubError::Bug("a linked case has no link"))?;
        let old_state = case.state.clone();
        let case = write_case(unit, case.unlink(parked)?, &old_state).await?;
        let payload = json!({ "main_case_id": main });
        unit.tell(case.id.home(), case.id, case.version, "case.unlinked", payload)
            .await?;
        unit.audit(case.id.home(), case.id).await?;
        Ok(v1::UnlinkCasesResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
            main_case_id: main.to_string(),
        })
    }
}
