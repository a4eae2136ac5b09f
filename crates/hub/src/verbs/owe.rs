//! What is owed to people who are served (P16 Ps.35(2)). It never stands in the way of the service: rows of this
//! database, in the same transaction, and no sealed data are opened for it.

use std::{iter, slice};

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::policy::Policy;
use serasi_domain::registry::{Addressee, Owed, Registration, UndoReason};
use serasi_store::events::{self, Event};
use serasi_store::registrations::{self, Change};
use serasi_store::{links, persons};
use serde_json::json;
use time::OffsetDateTime;

use super::refer::{deadline, ends};
use crate::auth::Permit;
use crate::clock::Clock;
use crate::error::HubError;
use crate::unit_of_work::Unit;

/// The event of an obligation that is raised.
pub(super) const OWED: &str = "registration.owed";

/// Raises the obligation to report everybody of a case that has just been placed or helped, and of the cases that follow
/// it: they are the same people, or their household. `false` = it was raised already.
pub(super) async fn owe_reports(unit: &mut Unit<'_>, case: &Case) -> Result<bool, HubError> {
    let served = with_followers(unit, case.id).await?;
    let people = registrations::of_cases_for_change(&mut unit.conn, &served).await?;
    let changes = owed_for(case, people, &unit.hub.policies.active(), (unit.caller, unit.now));
    let kinds = vec![OWED; changes.len()];
    write_changes(unit, &changes, &kinds, None).await?;
    Ok(!changes.is_empty())
}

/// What becomes of those of `people`, served by this case, whom nobody has to report yet.
pub(super) fn owed_for(
    case: &Case,
    people: Vec<Registration>,
    policy: &Policy,
    (caller, now): (&Permit, OffsetDateTime),
) -> Vec<Change> {
    // The registry is the nation's: what holds now holds for every case, whatever it was routed under.
    let registry = policy.registry();
    let place = Regency::of(case.facts.place).unwrap_or(case.id.home());
    let serve = |before: Registration| {
        let addressee = Addressee::first(before.domicile, place);
        let owed = Owed {
            registry: registry.code,
            addressee,
            now,
            due_at: ends(policy, registry.report, addressee.region(), now),
        };
        let next = before.clone().serve(owed);
        (next != before).then(|| Change::new(before, next, &caller.principal))
    };
    people.into_iter().filter_map(serve).collect()
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
    for before in registrations::of_cases_for_change(&mut unit.conn, &[case]).await? {
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
    let change = Change::new(before.clone(), person, &unit.caller.principal);
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
    if changes.is_empty() {
        return Ok(());
    }
    if !registrations::write(&mut unit.conn, changes, undone).await? {
        return Err(HubError::Moved);
    }
    let events = changes.iter().zip(kinds);
    let events = events.map(|(change, kind)| told(&unit.hub.clock, change, kind));
    events::append(&mut unit.conn, &events.collect::<Vec<_>>()).await?;
    Ok(())
}

/// What the outbox is told of a change.
pub(super) fn told(clock: &Clock, change: &Change, kind: &'static str) -> Event {
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
    Event {
        id: clock.new_id(),
        home: person.person.home(),
        subject_id: person.person.to_string(),
        subject_version: person.version,
        kind,
        payload,
    }
}
