//! LiftAccessDanger: a second person says that access endangers nobody any more.

use serasi_domain::id::{PersonId, Regency};
use serasi_domain::subject::{IllegalSubjectVerb, Mark};
use serasi_proto::v1;
use serasi_store::{Context, subjects};

use super::subject::{case_of_person, status};
use crate::error::HubError;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct LiftAccessDanger {
    pub(crate) person: PersonId,
}

impl Mutation for LiftAccessDanger {
    const VERB: &'static str = "LiftAccessDanger";
    type Response = v1::LiftAccessDangerResponse;

    fn home(&self) -> Regency {
        self.person.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_of_person(unit, self.person).await?;
        let by = &unit.caller.principal;
        let setter = subjects::setter(&mut unit.conn, self.person, Mark::AccessEndangers).await?;
        if setter.as_ref() == Some(by) {
            return Err(IllegalSubjectVerb::OwnDanger.into());
        }
        subjects::lift(&mut unit.conn, self.person, Mark::AccessEndangers, by).await?;
        unit.audit(self.person.home(), self.person).await?;
        Ok(v1::LiftAccessDangerResponse {
            status: Some(status(&mut unit.conn, &case, self.person).await?),
        })
    }
}
