//! Bulk changes of reports: one result an entry, and no entry keeps another from being done. Everything an entry can be
//! refused for is found before it writes.

use std::collections::{BTreeMap, BTreeSet};

use serasi_domain::id::PersonId;
use serasi_domain::registry::{IllegalRegistryVerb, Registration};
use serasi_proto::v1;
use serasi_store::registrations;

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

/// The persons of the entries that can be read, locked in one order.
pub(super) async fn lock<T>(
    unit: &mut Unit<'_>,
    entries: &[Entry<T>],
) -> Result<BTreeMap<PersonId, Registration>, HubError> {
    let asked = entries.iter().filter_map(|entry| entry.asked.as_ref().ok());
    let ids: BTreeSet<PersonId> = asked.map(|(person, _)| *person).collect();
    let ids: Vec<PersonId> = ids.into_iter().collect();
    let found = registrations::get_many_for_change(&mut unit.conn, &ids).await?;
    Ok(found.into_iter().map(|person| (person.person, person)).collect())
}

/// The person of an entry, taken out of those that are locked, if the report is addressed to the caller; else the result.
pub(super) fn take<'e, T>(
    unit: &Unit<'_>,
    locked: &mut BTreeMap<PersonId, Registration>,
    entry: &'e Entry<T>,
) -> Result<(Registration, &'e T), v1::EntryResult> {
    let refused = |code, description: &str| Err(result(entry, code, None, description));
    let (id, asked) = match &entry.asked {
        Ok((id, asked)) => (*id, asked),
        Err(wrong) => {
            // There is no record to ask about.
            let _ = unit.caller.reach();
            return refused(v1::EntryCode::Invalid, wrong);
        }
    };
    match unit.caller.find(Kind::Registration, id, locked.remove(&id)) {
        Ok(person) => Ok((person, asked)),
        Err(_) => refused(
            v1::EntryCode::NotFound,
            "no report about this person is addressed to you; see ListObligations",
        ),
    }
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
