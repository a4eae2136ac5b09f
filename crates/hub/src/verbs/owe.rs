//! What is owed to people who are served (P16 Ps.35(2)). It never stands in the way of the service: rows of this
//! database, in the same transaction, and no sealed data are opened for it.

use std::{iter, slice};

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::registry::{Addressee, Owed, Registration, UndoReason};
use serasi_store::registrations::{self, Change};
use serasi_store::{events, links, persons};
use serde_json::json;

use super::refer::deadline;
use crate::error::HubError;
use crate::unit_of_work::Unit;

/// Raises the obligation to report everybody of a case that has just been placed or helped, and of the cases that follow
/// it: they are the same people, or their household. `false` = it was raised already.
pub(super) async fn owe_reports(unit: &mut Unit<'_>, case: &Case) -> Result<bool, HubError> {
    // The registry is the nation's: what holds now holds for every case, whatever it was routed under.
    let policy = unit.hub.policies.active();
    let registry = policy.registry();
    let place = Regency::of(case.facts.place).unwrap_or(case.id.home());
    let mut is_new = false;
    for id in with_followers(unit, case.id).await? {
        for before in registrations::of_case_for_change(&mut unit.conn, id).await? {
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
                is_new = true;
            }
        }
    }
    Ok(is_new)
}

/// A case, and those that are served with it.
pub(super) async fn with_followers(unit: &mut Unit<'_>, case: CaseId) -> Result<Vec<CaseId>, HubError> {
    let followers = links::followers_of(&mut unit.conn, case).await?;
    Ok(iter::once(case).chain(followers).collect())
}

/// Somebody got a NIK, or lost the one they had: whether they can be looked for goes by what is known of them now.
pub(super) async fn known_anew(unit: &mut Unit<'_>, case: CaseId, person: PersonId) -> Result<(), HubError> {
    let kept = persons::of_case(&mut unit.conn, unit.hub.store.sealer(), case).await?;
    let Some(kept) = kept.into_iter().find(|kept| kept.id == person) else {
        return Ok(());
    };
    for before in registrations::get_many_for_change(&mut unit.conn, &[person]).await? {
        let known = before.clone().known_as(&kept.known());
        if known != before {
            write_registration(unit, known, &before, "registration.identified").await?;
        }
    }
    Ok(())
}

/// Nobody of a case is frozen any more: who is waited for has their time anew.
pub(super) async fn wait_anew(unit: &mut Unit<'_>, case: CaseId) -> Result<(), HubError> {
    let policy = unit.hub.policies.active();
    for before in registrations::of_case_for_change(&mut unit.conn, case).await? {
        let Some(owed) = before.standing.obligation() else {
            continue;
        };
        let time = policy.registry().time_to_answer(&owed.state);
        let answer_before = deadline(unit, &policy, time, owed.addressee.region());
        if let Some(person) = before.clone().wait_anew(answer_before) {
            write_registration(unit, person, &before, "registration.resumed").await?;
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
    person: Registration,
    before: &Registration,
    (kind, undone): (&'static str, Option<UndoReason>),
) -> Result<Registration, HubError> {
    let change = Change::new(before.clone(), person);
    write_changes(unit, slice::from_ref(&change), &[kind], undone).await?;
    Ok(change.next)
}

/// The same for many, each with the kind of its event.
pub(super) async fn write_changes(
    unit: &mut Unit<'_>,
    changes: &[Change],
    kinds: &[&'static str],
    undone: Option<UndoReason>,
) -> Result<(), HubError> {
    let principal = &unit.caller.principal;
    if !registrations::write(&mut unit.conn, changes, principal, undone).await? {
        return Err(HubError::Moved);
    }
    let events = changes.iter().zip(kinds).map(|(change, kind)| {
        let person = &change.next;
        let owed = person.standing.obligation();
        let payload = json!({
            "case_id": person.case,
            "state": person.standing.code(),
            "obligation": owed.map(|owed| owed.state.code()),
            "addressee": owed.map(|owed| owed.addressee.region().to_string()),
            "follow_ups": owed.map(|owed| owed.follow_ups),
            "round": owed.map(|owed| owed.round),
        });
        let subject = (person.person.home(), person.person, person.version);
        unit.event(subject, kind, payload)
    });
    let events: Vec<_> = events.collect();
    events::append(&mut unit.conn, &events).await?;
    Ok(())
}
