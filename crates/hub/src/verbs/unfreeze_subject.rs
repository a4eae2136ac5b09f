//! UnfreezeSubject: the suspension ends.

use serasi_domain::id::{PersonId, Regency};
use serasi_domain::subject::Mark;
use serasi_proto::v1;
use serasi_store::{Context, cases, subjects};
use serde_json::json;

use super::owe::wait_anew;
use super::subject::{case_of_person, status};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct UnfreezeSubject {
    pub(crate) person: PersonId,
}

impl Mutation for UnfreezeSubject {
    const VERB: &'static str = "UnfreezeSubject";
    type Response = v1::UnfreezeSubjectResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_of_person(unit, self.person).await?;
        let by = &unit.caller.principal;
        let was_frozen = subjects::lift(&mut unit.conn, self.person, Mark::Frozen, by).await?;
        if was_frozen {
            if !subjects::set_frozen(&mut unit.conn, case.id, case.version).await? {
                return Err(HubError::Moved);
            }
            let now = cases::get(&mut unit.conn, case.id).await?;
            if now.is_some_and(|now| !now.is_frozen) {
                wait_anew(unit, case.id).await?;
            }
            let payload = json!({ "person_id": self.person });
            unit.tell(
                case.id.home(),
                case.id,
                case.version + 1,
                "case.person_unfrozen",
                payload,
            )
            .await?;
        }
        unit.audit(self.person.home(), self.person).await?;
        Ok(v1::UnfreezeSubjectResponse {
            status: Some(status(&mut unit.conn, &case, self.person).await?),
        })
    }
}
