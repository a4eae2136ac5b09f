//! FreezeSubject: the processing of a person's data is suspended (UU 27/2022 Ps.41).

use serasi_domain::id::{PersonId, Regency};
use serasi_domain::subject::Mark;
use serasi_proto::v1;
use serasi_store::{Context, subjects};
use serde_json::json;

use super::subject::{case_of_person, status};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct FreezeSubject {
    pub(crate) person: PersonId,
}

impl Mutation for FreezeSubject {
    const VERB: &'static str = "FreezeSubject";
    type Response = v1::FreezeSubjectResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_of_person(unit, self.person).await?;
        let by = (unit.new_id(), unit.caller.principal.as_str());
        let is_new = subjects::set(&mut unit.conn, (self.person, case.id), Mark::Frozen, by).await?;
        if is_new {
            if !subjects::set_frozen(&mut unit.conn, case.id, case.version).await? {
                return Err(HubError::Moved);
            }
            let payload = json!({ "person_id": self.person });
            unit.tell(
                case.id.home(),
                case.id,
                case.version + 1,
                "case.person_frozen",
                payload,
            )
            .await?;
        }
        unit.audit(self.person.home(), self.person).await?;
        Ok(v1::FreezeSubjectResponse {
            status: Some(status(&mut unit.conn, &case, self.person).await?),
        })
    }
}
