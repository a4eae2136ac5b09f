//! CloseCase: the end of a case, with its reason.

use serasi_domain::case::ending::CloseReason;
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::{cases, stages};
use serde_json::json;

use super::open::case_for_change;
use super::refer::write_case;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct CloseCase {
    pub(crate) case: CaseId,
    pub(crate) version: i64,
    pub(crate) reason: CloseReason,
    pub(crate) note: Option<Text<2000>>,
}

impl Mutation for CloseCase {
    const VERB: &'static str = "CloseCase";
    type Response = v1::CloseCaseResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, self.version).await?;
        let old_state = case.state.clone();
        let is_terminated = stages::is_terminated(&mut unit.conn, case.id, case.episode.number).await?;
        let case = case.close(self.reason, is_terminated, unit.now)?;
        let case = write_case(unit, case, &old_state).await?;
        if let Some(note) = &self.note {
            let sealer = unit.hub.store.sealer();
            cases::set_close_note(&mut unit.conn, sealer, case.id, note.as_str()).await?;
        }
        let payload = json!({ "reason": self.reason });
        unit.tell(case.id.home(), case.id, case.version, "case.closed", payload)
            .await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::CloseCaseResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
        })
    }
}
