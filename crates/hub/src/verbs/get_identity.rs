//! GetIdentity: what was bound to a person and when, and who else has the NIK that holds.

use serasi_domain::id::{CaseId, PersonId};
use serasi_proto::v1;
use serasi_store::{Context, cases, identities, persons};

use super::get_case::look_through_glass;
use super::glimpses::same_nik;
use super::open::reachable;
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::sight::Eyes;
use crate::unit_of_work::{Act, Unit};
use crate::wire::binding_to_wire;

pub(crate) struct GetIdentity {
    pub(crate) case: CaseId,
    pub(crate) person: PersonId,
}

impl Act for GetIdentity {
    const VERB: &'static str = "GetIdentity";
    type Output = v1::GetIdentityResponse;

    /// Who else has the NIK may be anywhere.
    fn context(&self, _caller: &Permit) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let found = cases::get(&mut unit.conn, self.case).await?;
        let case = reachable(&mut unit.conn, unit.caller, self.case, found).await?;
        unit.take_lookup()?;
        let sealer = unit.hub.store.sealer();
        let persons = persons::of_case(&mut unit.conn, sealer, case.id).await?;
        let person = persons.into_iter().find(|kept| kept.id == self.person);
        let person = person.ok_or_else(|| HubError::not_found(Kind::Person, self.person))?;
        let bindings = identities::history(&mut unit.conn, sealer, self.person).await?;
        unit.audit(self.case.home(), self.person).await?;
        let sight = Eyes::new(unit.hub, unit.caller).of_case(&case);
        let sight = look_through_glass(unit, self.case, sight).await?;
        let same_nik = match &person.nik {
            Some(nik) => same_nik(unit, nik, self.person).await?,
            None => vec![],
        };
        Ok(v1::GetIdentityResponse {
            bindings: bindings
                .iter()
                .map(|binding| binding_to_wire(binding, sight))
                .collect(),
            same_nik,
        })
    }
}
