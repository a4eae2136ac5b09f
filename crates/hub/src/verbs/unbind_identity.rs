//! UnbindIdentity: a NIK is not this person's after all. What was reported and bound stays on record.

use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::person::UnbindReason;
use serasi_proto::v1;
use serasi_store::identities::{self, Undo};
use serasi_store::{Context, persons};

use super::open::case_for_change;
use super::owe::known_anew;
use crate::error::{HubError, Kind, RuleBroken};
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct UnbindIdentity {
    pub(crate) case: CaseId,
    pub(crate) person: PersonId,
    pub(crate) reason: UnbindReason,
}

impl Mutation for UnbindIdentity {
    const VERB: &'static str = "UnbindIdentity";
    type Response = v1::UnbindIdentityResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        let sealer = unit.hub.store.sealer();
        let persons = persons::of_case(&mut unit.conn, sealer, case.id).await?;
        let person = persons.into_iter().find(|kept| kept.id == self.person);
        let person = person.ok_or_else(|| HubError::not_found(Kind::Person, self.person))?;
        let undo = Undo {
            new_id: unit.new_id(),
            reported: person.person.nik.as_ref(),
            reason: self.reason,
            by: &unit.caller.principal,
        };
        if !identities::unbind(&mut unit.conn, sealer, case.id, self.person, &undo).await? {
            return Err(RuleBroken::NotBound.into());
        }
        known_anew(unit, case.id, self.person).await?;
        unit.audit(self.case.home(), self.person).await?;
        Ok(v1::UnbindIdentityResponse {})
    }
}
