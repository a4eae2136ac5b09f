//! Bulk changes of reports: one result an entry, and no entry keeps another from being done. Everything an entry can be
//! refused for is found before it writes.

use std::collections::{BTreeMap, BTreeSet};

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::registry::{IllegalRegistryVerb, Registration};
use serasi_proto::v1;
use serasi_store::{cases, registrations};

use crate::error::{HubError, Kind};
use crate::unit_of_work::Unit;
use crate::wire::obligation_state_to_wire;

/// An entry of a request: the id as it was sent, and what is asked for or what is wrong with it.
pub(crate) struct Entry<T> {
    pub(crate) person_id: String,
    pub(crate) asked: Result<(PersonId, T), String>,
}

/// How one entry ended.
pub(super) enum Ended {
    Done(Registration),
    AlreadyDone,
    Invalid(&'static str),
    Illegal(IllegalRegistryVerb),
    Erased,
}

/// The persons that entries are about.
pub(super) struct Locked {
    persons: BTreeMap<PersonId, Registration>,
    /// Cases with somebody whose data may not be processed for now.
    frozen: BTreeSet<CaseId>,
}

/// The persons of the entries that are the caller's to work on, locked in one order. Of others no row is held.
pub(super) async fn lock<T>(unit: &mut Unit<'_>, entries: &[Entry<T>]) -> Result<Locked, HubError> {
    let asked = entries.iter().filter_map(|entry| entry.asked.as_ref().ok());
    let ids: BTreeSet<PersonId> = asked.map(|(person, _)| *person).collect();
    let ids: Vec<PersonId> = ids.into_iter().collect();
    let mut seen = registrations::get_many(&mut unit.conn, &ids).await?;
    seen.retain(|person| unit.caller.may(person));
    let ids: Vec<PersonId> = seen.iter().map(|person| person.person).collect();
    let found = registrations::get_many_for_change(&mut unit.conn, &ids).await?;
    let cases = cases::get_many(&mut unit.conn, found.iter().map(|person| person.case)).await?;
    let mut frozen = BTreeSet::new();
    for (id, case) in cases {
        if case?.is_frozen {
            frozen.insert(id);
        }
    }
    let persons = found.into_iter().map(|person| (person.person, person));
    Ok(Locked {
        persons: persons.collect(),
        frozen,
    })
}

/// The person of an entry, taken out of those that are locked, if the report is addressed to the caller; else the result.
/// Whoever asks about somebody who is there learns where they stand, so that is on record.
pub(super) async fn take<'e, T>(
    unit: &mut Unit<'_>,
    locked: &mut Locked,
    entry: &'e Entry<T>,
) -> Result<Result<(Registration, &'e T), v1::EntryResult>, HubError> {
    let refused = |code, description: &str| Ok(Err(result(entry, code, None, description)));
    let (id, asked) = match &entry.asked {
        Ok((id, asked)) => (*id, asked),
        Err(wrong) => {
            // There is no record to ask about.
            let _ = unit.caller.reach();
            return refused(v1::EntryCode::Invalid, wrong);
        }
    };
    let found = locked.persons.remove(&id);
    let Ok(person) = unit.caller.find(Kind::Registration, id, found) else {
        return refused(
            v1::EntryCode::NotFound,
            "no report about this person is addressed to you; see ListObligations",
        );
    };
    unit.audit(id.home(), id).await?;
    if locked.frozen.contains(&person.case) {
        return refused(
            v1::EntryCode::Suspended,
            "the processing of these data is suspended (UU 27/2022 Ps.41); the report waits",
        );
    }
    Ok(Ok((person, asked)))
}

/// As the contract has it; `before` is the person as they stood.
pub(super) fn told<T>(entry: &Entry<T>, before: &Registration, ended: Ended) -> v1::EntryResult {
    match ended {
        Ended::Done(person) => result(entry, v1::EntryCode::Done, Some(&person), ""),
        Ended::AlreadyDone => result(entry, v1::EntryCode::AlreadyDone, Some(before), ""),
        Ended::Invalid(what) => result(entry, v1::EntryCode::Invalid, Some(before), what),
        Ended::Illegal(error) => {
            let allowed: Vec<_> = error.allowed.iter().map(|verb| verb.code()).collect();
            let description = format!("{error} ({}); allowed: {}", error.article, allowed.join(", "));
            result(entry, v1::EntryCode::IllegalState, Some(before), &description)
        }
        Ended::Erased => result(
            entry,
            v1::EntryCode::Erased,
            Some(before),
            "the identity of this person was erased; nothing new is written about them",
        ),
    }
}

fn result<T>(
    entry: &Entry<T>,
    code: v1::EntryCode,
    person: Option<&Registration>,
    description: &str,
) -> v1::EntryResult {
    let state = person.and_then(|person| person.standing.obligation());
    let is_known = code != v1::EntryCode::NotFound;
    v1::EntryResult {
        person_id: Some(&entry.person_id)
            .filter(|_| is_known)
            .cloned()
            .unwrap_or_default(),
        code: code as i32,
        state: state.map_or(0, |owed| obligation_state_to_wire(&owed.state)),
        description: description.to_owned(),
    }
}
