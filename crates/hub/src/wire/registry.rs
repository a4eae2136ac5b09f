//! Registrations, obligations, and what is said about them.

use serasi_domain::case::Case;
use serasi_domain::cluster::PpksCode;
use serasi_domain::id::PersonId;
use serasi_domain::insight::obligations::{OwedAge, OwedRow, OwedState};
use serasi_domain::need_to_know::Sight;
use serasi_domain::person::Person;
use serasi_domain::registry::{
    Edition, Match, Obligation, ObligationState, Outcome, RefusalReason, Registration, RegistryId, Standing,
};
use serasi_proto::v1;
use serasi_store::registrations::Step;
use time::{Date, OffsetDateTime};

use super::codes::{FromWire, optional};
use super::insight::case_count;
use super::parse::Parse;
use super::person::person_to_wire;
use super::time::to_timestamp;
use crate::error::{HubError, Violation};
use crate::verbs::record_outcome::Said;
use crate::verbs::report_entries::Entry;

/// Without steps and the key of the row.
pub(crate) fn registration_to_wire(person: &Registration, now: OffsetDateTime) -> v1::Registration {
    let edition = person.standing.edition();
    v1::Registration {
        person_id: person.person.to_string(),
        case_id: person.case.to_string(),
        version: person.version,
        state: standing(&person.standing) as i32,
        registry: optional(edition.map(Edition::registry)),
        edition: edition.map(Edition::period).unwrap_or_default(),
        r#match: match &person.standing {
            Standing::Matched { found, .. } => Some(match_to_wire(found)),
            Standing::Unchecked
            | Standing::Ambiguous { .. }
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. } => None,
        },
        registry_id: String::new(),
        obligation: person
            .standing
            .obligation()
            .map(|owed| obligation_to_wire(owed, now)),
        steps: vec![],
        candidates: vec![],
    }
}

const fn standing(standing: &Standing) -> v1::RegistrationState {
    match standing {
        Standing::Unchecked => v1::RegistrationState::Unchecked,
        Standing::Matched { .. } => v1::RegistrationState::Matched,
        Standing::Ambiguous { .. } => v1::RegistrationState::Ambiguous,
        Standing::NotFound { .. } => v1::RegistrationState::NotFound,
        Standing::NoIdentity { .. } => v1::RegistrationState::NoIdentity,
    }
}

fn match_to_wire(found: &Match) -> v1::RegistryMatch {
    v1::RegistryMatch {
        match_class: found.class.to_wire(),
        weight: found.weight,
        weights_version: found.weights_version.as_str().to_owned(),
    }
}

fn obligation_to_wire(owed: &Obligation, now: OffsetDateTime) -> v1::Obligation {
    let delivery = owed.state.delivery();
    v1::Obligation {
        state: obligation_state_to_wire(&owed.state),
        registry: owed.registry.to_wire(),
        first_addressee_region_code: owed.first_addressee.region().to_string(),
        addressee_region_code: owed.addressee.region().to_string(),
        raise_time: Some(to_timestamp(owed.raised_at)),
        due_time: Some(to_timestamp(owed.due_at)),
        answer_deadline_time: owed.state.answer_before().map(to_timestamp),
        follow_ups: count(owed.follow_ups),
        round: count(owed.round),
        delivery_time: delivery.map(|delivery| to_timestamp(delivery.at)),
        delivered_to: delivery.map(|delivery| delivery.by.clone()).unwrap_or_default(),
        outcome_date: owed.state.on().map(|day| day.to_string()).unwrap_or_default(),
        refusal_reason: optional(owed.state.refusal()),
        overdue: owed.is_overdue(now),
    }
}

pub(crate) const fn obligation_state_to_wire(state: &ObligationState) -> i32 {
    let state = match state {
        ObligationState::Due { .. } => v1::ObligationState::Due,
        ObligationState::Reported { .. } => v1::ObligationState::Reported,
        ObligationState::Proposed { .. } => v1::ObligationState::Proposed,
        ObligationState::Deliberated { .. } => v1::ObligationState::Deliberated,
        ObligationState::Verified { .. } => v1::ObligationState::Verified,
        ObligationState::Registered { .. } => v1::ObligationState::Registered,
        ObligationState::Refused { .. } => v1::ObligationState::Refused,
    };
    state as i32
}

/// Rounds and follow-ups are few.
fn count(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// A step as it was recorded. The contract's names are the codes in capitals.
pub(crate) fn registration_step_to_wire(step: &Step) -> v1::RegistrationStep {
    let named = |prefix: &str, code: &str| format!("{prefix}{}", code.to_ascii_uppercase());
    let state = v1::RegistrationState::from_str_name(&named("REGISTRATION_STATE_", &step.state));
    let owed = step.obligation_state.as_deref();
    let owed = owed.and_then(|code| v1::ObligationState::from_str_name(&named("OBLIGATION_STATE_", code)));
    v1::RegistrationStep {
        state: state.unwrap_or_default() as i32,
        obligation_state: owed.unwrap_or_default() as i32,
        addressee_region_code: step.addressee.clone().unwrap_or_default(),
        round: step.round.unwrap_or(0),
        outcome_date: step.outcome_on.map(|day| day.to_string()).unwrap_or_default(),
        refusal_reason: optional(step.refusal),
        principal: step.principal.clone(),
        match_class: optional(step.match_class),
        undo_reason: optional(step.undo_reason),
        time: Some(to_timestamp(step.logged_at)),
    }
}

/// Somebody who is owed something, as `sight` shows them at a moment.
pub(crate) fn owed_registration_to_wire(
    person: &Registration,
    case: &Case,
    known: Option<&Person>,
    (sight, now): (Sight, OffsetDateTime),
) -> v1::OwedRegistration {
    let unknown = Person::unknown();
    let content = known.unwrap_or(&unknown);
    let category = case.facts.ppks_category.map(PpksCode::as_str);
    v1::OwedRegistration {
        registration: Some(registration_to_wire(person, now)),
        person: Some(person_to_wire(person.person, content, sight)),
        ppks_category: sight.whole(category.unwrap_or_default().to_owned()),
        mask_reason: optional(sight.mask()),
    }
}

/// Reads the persons of a bulk request; what is wrong with one is said in its result.
pub(crate) fn acknowledgements(ids: &[String]) -> Vec<Entry<()>> {
    let mut seen = vec![];
    let entries = ids.iter().map(|id| {
        let mut parse = Parse::default();
        let person = person_once(&mut parse, &mut seen, id);
        entry(id, parse.finish(person.zip(Some(()))))
    });
    entries.collect()
}

/// Reads what is said of each; what is wrong with one is said in its result.
pub(crate) fn outcomes(entries: &[v1::OutcomeEntry]) -> Vec<Entry<Said>> {
    let mut seen = vec![];
    let entries = entries.iter().map(|said| {
        let mut parse = Parse::default();
        let person = person_once(&mut parse, &mut seen, &said.person_id);
        let read = outcome(&mut parse, said);
        entry(&said.person_id, parse.finish(person.zip(read)))
    });
    entries.collect()
}

/// An unreadable id is not given back: a name may have slipped into the field.
fn entry<T>(person_id: &str, read: Result<(PersonId, T), HubError>) -> Entry<T> {
    let asked = read.map_err(|error| match error {
        HubError::Invalid(violations) => in_words(&violations),
        error => error.to_string(),
    });
    let is_id = person_id.parse::<PersonId>().is_ok();
    Entry {
        person_id: if is_id {
            person_id.to_owned()
        } else {
            String::new()
        },
        asked,
    }
}

fn in_words(violations: &[Violation]) -> String {
    let each = violations
        .iter()
        .map(|violation| format!("{}: {}", violation.field, violation.description));
    each.collect::<Vec<_>>().join("; ")
}

fn person_once(parse: &mut Parse, seen: &mut Vec<PersonId>, id: &str) -> Option<PersonId> {
    let person = parse.id("person_id", id)?;
    if seen.contains(&person) {
        parse.wrong(
            "person_id",
            "stands twice in this request; send the second in another",
        );
        return None;
    }
    seen.push(person);
    Some(person)
}

fn outcome(parse: &mut Parse, said: &v1::OutcomeEntry) -> Option<Said> {
    let reason: Option<RefusalReason> = parse.optional("refusal_reason", said.refusal_reason);
    let key: Option<RegistryId> = parse.text("registry_id", &said.registry_id);
    let given = Some(said.outcome_date.as_str()).filter(|day| !day.is_empty());
    let on = parse.require("outcome_date", given, "must be given");
    let on: Option<Date> = on.and_then(|day| parse.date("outcome_date", day));
    let outcome = outcome_of(parse, said.state, reason);
    let is_registered = outcome == Some(Outcome::Registered);
    if is_registered && said.registry_id.trim().is_empty() {
        parse.wrong("registry_id", "must be given with REGISTERED");
    }
    if !is_registered && !said.registry_id.is_empty() {
        parse.wrong("registry_id", "must be given with REGISTERED only");
    }
    Some(Said {
        outcome: outcome?,
        on: on?,
        key,
    })
}

fn outcome_of(parse: &mut Parse, state: i32, reason: Option<RefusalReason>) -> Option<Outcome> {
    let outcome = match v1::ObligationState::try_from(state) {
        Ok(v1::ObligationState::Proposed) => Outcome::Proposed,
        Ok(v1::ObligationState::Deliberated) => Outcome::Deliberated,
        Ok(v1::ObligationState::Verified) => Outcome::Verified,
        Ok(v1::ObligationState::Registered) => Outcome::Registered,
        Ok(v1::ObligationState::Refused) => {
            let reason = parse.require("refusal_reason", reason, "must be given with REFUSED");
            return reason.map(Outcome::Refused);
        }
        Ok(v1::ObligationState::Unspecified | v1::ObligationState::Due | v1::ObligationState::Reported)
        | Err(_) => {
            parse.wrong(
                "state",
                "must be PROPOSED, DELIBERATED, VERIFIED, REGISTERED or REFUSED",
            );
            return None;
        }
    };
    if reason.is_some() {
        parse.wrong("refusal_reason", "must be given with REFUSED only");
    }
    Some(outcome)
}

/// As the contract has it.
pub(crate) fn obligation_ages_to_wire(row: &OwedRow) -> v1::ObligationAges {
    let (state, age) = row.cell;
    v1::ObligationAges {
        region_code: row.region.to_string(),
        state: owed_state(state) as i32,
        age: owed_age(age) as i32,
        persons: Some(case_count(row.persons)),
    }
}

const fn owed_state(state: OwedState) -> v1::ObligationState {
    match state {
        OwedState::Due => v1::ObligationState::Due,
        OwedState::Reported => v1::ObligationState::Reported,
        OwedState::Proposed => v1::ObligationState::Proposed,
        OwedState::Deliberated => v1::ObligationState::Deliberated,
        OwedState::Verified => v1::ObligationState::Verified,
        OwedState::Refused => v1::ObligationState::Refused,
    }
}

const fn owed_age(age: OwedAge) -> v1::ObligationAge {
    match age {
        OwedAge::Day => v1::ObligationAge::Day,
        OwedAge::Week => v1::ObligationAge::Week,
        OwedAge::Month => v1::ObligationAge::Month,
        OwedAge::Quarter => v1::ObligationAge::Quarter,
        OwedAge::Older => v1::ObligationAge::Older,
    }
}
