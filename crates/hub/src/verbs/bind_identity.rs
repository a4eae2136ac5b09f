//! BindIdentity: a provisional identity gets its NIK, on some evidence. Who else has it is told; nothing is merged.

use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::person::{Evidence, Nik};
use serasi_domain::privacy::DataClass;
use serasi_proto::v1;
use serasi_store::identities::{self, NewBinding};
use serasi_store::{Context, erasure, persons};

use super::glimpses::same_nik;
use super::open::case_for_change;
use super::owe::known_anew;
use crate::error::{HubError, Kind, RuleBroken};
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct BindIdentity {
    pub(crate) case: CaseId,
    pub(crate) person: PersonId,
    pub(crate) nik: Nik,
    pub(crate) evidence: Evidence,
}

impl Mutation for BindIdentity {
    const VERB: &'static str = "BindIdentity";
    type Response = v1::BindIdentityResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        unit.take_lookup()?;
        let sealer = unit.hub.store.sealer();
        let persons = persons::of_case(&mut unit.conn, sealer, case.id).await?;
        if !persons.iter().any(|kept| kept.id == self.person) {
            return Err(HubError::not_found(Kind::Person, self.person));
        }
        let privacy = erasure::of_case(&mut unit.conn, case.id).await?;
        if privacy.erased.contains(&DataClass::Identity) {
            return Err(RuleBroken::Erased.into());
        }
        let new = NewBinding {
            id: unit.new_id(),
            nik: &self.nik,
            evidence: self.evidence,
            by: &unit.caller.principal,
        };
        if !identities::bind(&mut unit.conn, sealer, case.id, self.person, &new).await? {
            return Err(RuleBroken::BoundAlready.into());
        }
        known_anew(unit, case.id, self.person).await?;
        unit.audit(self.case.home(), self.person).await?;
        let same_nik = same_nik(unit, &self.nik, self.person).await?;
        Ok(v1::BindIdentityResponse { same_nik })
    }
}
