//! RecordSubjectRequest: somebody asks about their own data, and the clock begins.

use serasi_domain::id::{PersonId, Regency, SubjectRequestId};
use serasi_domain::subject::{
    ANSWER_WITHIN, IllegalSubjectVerb, Mark, RequestKind, RequestState, Requester, SubjectRequest,
};
use serasi_proto::v1;
use serasi_store::{Context, subjects};
use serde_json::json;
use time::OffsetDateTime;

use super::subject::case_of_person;
use crate::error::{HubError, Violation};
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::subject_request_to_wire;

pub(crate) struct RecordSubjectRequest {
    pub(crate) person: PersonId,
    pub(crate) kind: RequestKind,
    pub(crate) requester: Requester,
    /// `None` = now.
    pub(crate) received_at: Option<OffsetDateTime>,
    pub(crate) access_endangers: bool,
}

impl Mutation for RecordSubjectRequest {
    const VERB: &'static str = "RecordSubjectRequest";
    type Response = v1::RecordSubjectRequestResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_of_person(unit, self.person).await?;
        let received_at = self.received_at.unwrap_or(unit.now);
        if received_at > unit.now {
            return Err(HubError::Invalid(vec![Violation {
                field: "receive_time".to_owned(),
                description: "is in the future; leave it out for now".to_owned(),
            }]));
        }
        let home = self.person.home();
        let request = SubjectRequest {
            id: SubjectRequestId::new(home, unit.new_id()),
            version: 1,
            person: self.person,
            case: case.id,
            kind: self.kind,
            requester: self.requester,
            state: RequestState::Open,
            received_at,
            due_at: received_at + ANSWER_WITHIN,
            recorded_by: unit.caller.principal.clone(),
        };
        if !subjects::insert(&mut unit.conn, &request).await? {
            return Err(IllegalSubjectVerb::OpenAlready.into());
        }
        if self.access_endangers {
            let by = (unit.new_id(), unit.caller.principal.as_str());
            let person = (self.person, case.id);
            subjects::set(&mut unit.conn, person, Mark::AccessEndangers, by).await?;
        }
        let payload = json!({
            "person_id": self.person, "case_id": case.id, "kind": self.kind, "requester": self.requester,
            "due_at": request.due_at.unix_timestamp(),
        });
        unit.tell(
            home,
            request.id,
            request.version,
            "subject_request.recorded",
            payload,
        )
        .await?;
        // With the person: whoever asks for the person's trail finds it.
        unit.audit(home, self.person).await?;
        Ok(v1::RecordSubjectRequestResponse {
            subject_request: Some(subject_request_to_wire(&request, unit.now)),
        })
    }
}
