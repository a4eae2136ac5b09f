//! GetRegistration: where one person stands, with every step so far. The look is on record.

use serasi_domain::id::PersonId;
use serasi_domain::registry::Registration;
use serasi_proto::v1;
use serasi_store::{Context, StoreError, cases, reconciliations, registrations};

use crate::auth::{Field, Permit};
use crate::error::{HubError, Kind};
use crate::sight::Eyes;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{candidate_to_wire, registration_step_to_wire, registration_to_wire};

pub(crate) struct GetRegistration {
    pub(crate) person: PersonId,
}

impl Act for GetRegistration {
    const VERB: &'static str = "GetRegistration";
    type Output = v1::Registration;

    fn context(&self, _caller: &Permit) -> Context {
        // A report is addressed to the dinas where the person is at home, wherever the case is.
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::Registration, HubError> {
        let id = self.person;
        let found = registrations::get(&mut unit.conn, id).await?;
        let person = unit.caller.find(Kind::Registration, id, found)?;
        unit.audit(id.home(), id).await?;
        let case = cases::get(&mut unit.conn, person.case).await?;
        let sees_key = case.is_some_and(|case| {
            let works_on_it = unit.caller.may_use(Field::Identity, &case);
            let may_see = |field| unit.caller.may_use(field, &person);
            works_on_it && Eyes::new(unit.hub, unit.caller).of_case(&case).is_whole()
                || !case.is_frozen && (may_see(Field::Report) || may_see(Field::RegistryKey))
        });
        let mut wire = with_everything(unit, &person).await?;
        if !sees_key {
            wire.registry_id.clear();
            for candidate in &mut wire.candidates {
                candidate.registry_id.clear();
            }
        }
        Ok(wire)
    }
}

/// With every step, every row that was looked at, and their keys.
pub(crate) async fn with_everything(
    unit: &mut Unit<'_>,
    person: &Registration,
) -> Result<v1::Registration, StoreError> {
    let mut wire = registration_to_wire(person, unit.now);
    let key = registrations::key(&mut unit.conn, unit.hub.store.sealer(), person).await?;
    wire.registry_id = key.map(|key| key.as_str().to_owned()).unwrap_or_default();
    let steps = registrations::steps(&mut unit.conn, person.person).await?;
    wire.steps = steps.iter().map(registration_step_to_wire).collect();
    let sealer = unit.hub.store.sealer();
    let candidates = reconciliations::of_persons(&mut unit.conn, sealer, &[person.person]).await?;
    wire.candidates = candidates.iter().map(candidate_to_wire).collect();
    Ok(wire)
}
