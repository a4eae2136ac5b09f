//! What is owed to people who are served (P16 Ps.35(2)). It never stands in the way of the service: rows of this
//! database, in the same transaction, and no sealed data are opened for it.

use serasi_domain::case::Case;
use serasi_domain::id::{PersonId, Regency};
use serasi_domain::registry::{Addressee, Owed, Registration, UndoReason};
use serasi_store::registrations;
use serde_json::json;

use super::refer::deadline;
use crate::error::HubError;
use crate::unit_of_work::Unit;

/// Raises the obligation to report everybody of a case that has just been placed or helped.
pub(super) async fn owe_reports(unit: &mut Unit<'_>, case: &Case) -> Result<(), HubError> {
    // The registry is the nation's: what holds now holds for every case, whatever it was routed under.
    let policy = unit.hub.policies.active();
    let registry = policy.registry();
    let place = Regency::of(case.facts.place).unwrap_or(case.id.home());
    for before in registrations::of_case_for_change(&mut unit.conn, case.id).await? {
        let addressee = Addressee::first(before.domicile, place);
        let owed = Owed {
            registry: registry.code,
            addressee,
            now: unit.now,
            due_at: deadline(unit, &policy, registry.report, addressee.region()),
        };
        let person = before.clone().serve(owed);
        if person != before {
            write_registration(unit, person, &before, "registration.owed").await?;
        }
    }
    Ok(())
}

/// A NIK is known of somebody now.
pub(super) async fn can_be_looked_for(unit: &mut Unit<'_>, person: PersonId) -> Result<(), HubError> {
    for before in registrations::get_many_for_change(&mut unit.conn, &[person]).await? {
        let known = before.clone().identified();
        if known != before {
            write_registration(unit, known, &before, "registration.identified").await?;
        }
    }
    Ok(())
}

/// What would be owed to somebody from now on.
pub(super) fn owed_now(unit: &Unit<'_>, person: &Registration) -> Owed {
    let policy = unit.hub.policies.active();
    let registry = policy.registry();
    let addressee = Addressee::first(person.domicile, person.case.home());
    Owed {
        registry: registry.code,
        addressee,
        now: unit.now,
        due_at: deadline(unit, &policy, registry.report, addressee.region()),
    }
}

/// Writes the next version of a locked registration with its step, tells it, and gives it back as it now stands.
pub(super) async fn write_registration(
    unit: &mut Unit<'_>,
    person: Registration,
    before: &Registration,
    kind: &'static str,
) -> Result<Registration, HubError> {
    write_step(unit, person, before, (kind, None)).await
}

/// The same for a step that may have undone a link.
pub(super) async fn write_step(
    unit: &mut Unit<'_>,
    mut person: Registration,
    before: &Registration,
    (kind, undone): (&'static str, Option<UndoReason>),
) -> Result<Registration, HubError> {
    if !registrations::update(&mut unit.conn, &person, before).await? {
        return Err(HubError::Moved);
    }
    person.version += 1;
    registrations::append_step(&mut unit.conn, &person, &unit.caller.principal, undone).await?;
    let owed = person.standing.obligation();
    let payload = json!({
        "case_id": person.case,
        "state": person.standing.code(),
        "obligation": owed.map(|owed| owed.state.code()),
        "addressee": owed.map(|owed| owed.addressee.region().to_string()),
        "follow_ups": owed.map(|owed| owed.follow_ups),
        "round": owed.map(|owed| owed.round),
    });
    let id = person.person;
    unit.tell(id.home(), id, person.version, kind, payload).await?;
    Ok(person)
}
