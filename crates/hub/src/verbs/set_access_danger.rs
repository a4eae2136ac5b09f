//! SetAccessDanger: access to a person's data would endanger somebody (UU 27/2022 Ps.33).

use serasi_domain::id::{PersonId, Regency};
use serasi_domain::subject::Mark;
use serasi_proto::v1;
use serasi_store::{Context, subjects};

use super::subject::{case_of_person, status};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct SetAccessDanger {
    pub(crate) person: PersonId,
}

impl Mutation for SetAccessDanger {
    const VERB: &'static str = "SetAccessDanger";
    type Response = v1::SetAccessDangerResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_of_person(unit, self.person).await?;
        let by = (unit.new_id(), unit.caller.principal.as_str());
        subjects::set(&mut unit.conn, (self.person, case.id), Mark::AccessEndangers, by).await?;
        unit.audit(self.person.home(), self.person).await?;
        Ok(v1::SetAccessDangerResponse {
            status: Some(status(&mut unit.conn, &case, self.person).await?),
        })
    }
}
