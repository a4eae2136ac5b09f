//! ListObligations: who is owed a report or a registration. Each person shown is on record. That somebody was shown does
//! not mean that the dinas has them: it says so itself, once it has.

use std::collections::{BTreeMap, BTreeSet};

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, Regency};
use serasi_domain::need_to_know::{Sight, Standing};
use serasi_domain::registry::Registration;
use serasi_proto::v1;
use serasi_store::persons::KeptPerson;
use serasi_store::registrations::{self, ObligationFilter, ObligationPosition};
use serasi_store::{Context, StoreError, cases, persons};

use crate::auth::{Field, Permit};
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{owed_registration_to_wire, registration_to_wire};

pub(crate) struct ListObligations {
    pub(crate) filter: ObligationFilter,
    /// Only where they stand: nobody is shown.
    pub(crate) without_persons: bool,
}

/// A page, and where the next one begins if there may be one.
pub(crate) type ObligationPage = (Vec<v1::OwedRegistration>, Option<ObligationPosition>);

/// What is read of one case for all of its people on the page.
struct CaseFile {
    case: Case,
    persons: Vec<KeptPerson>,
}

impl Act for ListObligations {
    const VERB: &'static str = "ListObligations";
    type Output = ObligationPage;

    fn context(&self, _caller: &Permit) -> Context {
        // A report is addressed to the dinas where the person is at home, wherever the case is.
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<ObligationPage, HubError> {
        let scope = unit.caller.scope;
        let home = Regency::of(scope).unwrap_or_else(national_home);
        unit.audit(home, format!("obligations:{scope}")).await?;
        let found = registrations::list(&mut unit.conn, &self.filter).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|found| found >= self.filter.limit);
        let last = found.last().filter(|_| is_full);
        let next = last.and_then(|last| Some((last.standing.obligation()?.raised_at, last.person)));
        if self.without_persons {
            let rows = found.iter().map(|person| v1::OwedRegistration {
                registration: Some(registration_to_wire(person, unit.now)),
                ..v1::OwedRegistration::default()
            });
            return Ok((rows.collect(), next));
        }
        // A page draws on many regencies: their keys are fetched before the work, not in the middle of it.
        for person in &found {
            let home = person.person.home();
            if !unit.hub.store.sealer().has_keys_of(home) {
                return Err(StoreError::KeyNeeded(home).into());
            }
        }
        let files = files(unit, &found).await?;
        let mut shown = Vec::with_capacity(found.len());
        for person in found {
            if let Some(file) = files.get(&person.case) {
                shown.push(show(unit, file, &person).await?);
            }
        }
        Ok((shown, next))
    }
}

async fn files(unit: &mut Unit<'_>, found: &[Registration]) -> Result<BTreeMap<CaseId, CaseFile>, HubError> {
    let ids: BTreeSet<CaseId> = found.iter().map(|person| person.case).collect();
    let mut files = BTreeMap::new();
    for (id, case) in cases::get_many(&mut unit.conn, ids.into_iter()).await? {
        let persons = persons::of_case(&mut unit.conn, unit.hub.store.sealer(), id).await?;
        files.insert(id, CaseFile { case: case?, persons });
    }
    Ok(files)
}

/// One person, whole for the dinas that must enter them and masked for everybody else.
async fn show(
    unit: &mut Unit<'_>,
    file: &CaseFile,
    person: &Registration,
) -> Result<v1::OwedRegistration, HubError> {
    let facts = &file.case.facts;
    // Who has had the processing of their data suspended is shown to no dinas (UU 27/2022 Ps.41).
    let sight = if file.case.is_frozen {
        Sight::of(Standing::Suspended, facts)
    } else if unit.caller.may_use(Field::Report, person) {
        Sight::Whole
    } else {
        Sight::of(Standing::NotAddressed, facts)
    };
    unit.audit(person.person.home(), person.person).await?;
    let kept = file.persons.iter().find(|kept| kept.id == person.person);
    let known = kept.map(KeptPerson::known);
    Ok(owed_registration_to_wire(
        person,
        &file.case,
        known.as_ref(),
        (sight, unit.now),
    ))
}
