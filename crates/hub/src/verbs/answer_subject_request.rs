//! AnswerSubjectRequest: it was done, or it must be refused.

use serasi_domain::id::{Regency, SubjectRequestId};
use serasi_domain::subject::Answer;
use serasi_proto::v1;
use serasi_store::{cases, subjects};
use serde_json::json;

use super::subject::danger;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::subject_request_to_wire;

pub(crate) struct AnswerSubjectRequest {
    pub(crate) request: SubjectRequestId,
    pub(crate) answer: Answer,
}

impl Mutation for AnswerSubjectRequest {
    const VERB: &'static str = "AnswerSubjectRequest";
    type Response = v1::AnswerSubjectRequestResponse;

    fn home(&self) -> Regency {
        self.request.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let found = subjects::get(&mut unit.conn, self.request).await?;
        let case = match &found {
            Some(request) => cases::get_for_change(&mut unit.conn, request.case).await?,
            None => None,
        };
        let case = unit.caller.find(Kind::SubjectRequest, self.request, case)?;
        // Read again: it may have been answered while this call waited for the case.
        let request = subjects::get(&mut unit.conn, self.request).await?;
        let request = request.ok_or_else(|| HubError::not_found(Kind::SubjectRequest, self.request))?;
        let danger = danger(&mut unit.conn, &case, request.person).await?;
        let by = (unit.caller.principal.as_str(), unit.now);
        let mut request = request.answer(self.answer, danger, by)?;
        if !subjects::answer(&mut unit.conn, &request).await? {
            return Err(HubError::Moved);
        }
        request.version += 1;
        let home = self.request.home();
        let payload = json!({
            "person_id": request.person, "case_id": request.case, "kind": request.kind, "state": request.state.code(),
        });
        unit.tell(
            home,
            request.id,
            request.version,
            "subject_request.answered",
            payload,
        )
        .await?;
        unit.audit(home, request.person).await?;
        Ok(v1::AnswerSubjectRequestResponse {
            subject_request: Some(subject_request_to_wire(&request, unit.now)),
        })
    }
}
