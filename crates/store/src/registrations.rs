//! Where persons stand in the social registry: the row becomes the enum here and nowhere else. Keys of rows in the
//! registry are sealed under the person's own key and go when the person's identity goes.

use std::collections::BTreeSet;

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::registry::{
    Addressee, Delivery, Match, Obligation, ObligationState, Registration, Standing,
};
use serasi_domain::text::Text;
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, column, regency};

mod change;
mod keys;
mod list;
mod log;
mod missing;

pub use change::{Change, write};
pub use keys::{KeyKind, KnownKey, key, known_keys, set_key, set_keys};
pub use list::{ObligationFilter, ObligationPosition, list, unanswered};
pub use log::{Step, steps};
pub use missing::missing;

#[derive(Debug)]
struct RegistrationRow {
    region_code: String,
    person_id: Uuid,
    case_id: Uuid,
    version: i64,
    state: String,
    is_identifiable: bool,
    domicile_code: Option<String>,
    served_at: Option<OffsetDateTime>,
    edition: Option<String>,
    match_class: Option<String>,
    match_weight: Option<f64>,
    weights_version: Option<String>,
    obligation_state: Option<String>,
    registry: Option<String>,
    first_addressee: Option<String>,
    addressee: Option<String>,
    raised_at: Option<OffsetDateTime>,
    due_at: Option<OffsetDateTime>,
    answer_before: Option<OffsetDateTime>,
    follow_ups: Option<i32>,
    round: Option<i32>,
    delivered_at: Option<OffsetDateTime>,
    delivered_by: Option<String>,
    outcome_on: Option<Date>,
    refusal: Option<String>,
}

type Context<'a> = Row<'a, PersonId>;

impl TryFrom<RegistrationRow> for Registration {
    type Error = StoreError;

    fn try_from(row: RegistrationRow) -> Result<Self, Self::Error> {
        let home = regency("registrations", &row.region_code)?;
        let id = PersonId::new(home, row.person_id);
        let context = Row {
            table: "registrations",
            id: &id,
        };
        let domicile = row.domicile_code.as_deref();
        let domicile = domicile.map(|code| regency("registrations", code)).transpose()?;
        Ok(Self {
            person: id,
            case: CaseId::new(home, row.case_id),
            version: row.version,
            is_identifiable: row.is_identifiable,
            domicile,
            served_at: row.served_at,
            standing: read_standing(&row, context)?,
        })
    }
}

fn read_standing(row: &RegistrationRow, context: Context<'_>) -> Result<Standing, StoreError> {
    let edition = row.edition.as_deref();
    let edition = edition.map(|text| context.code("edition", text)).transpose()?;
    let obligation = read_obligation(row, context)?;
    Ok(match row.state.as_str() {
        "unchecked" => Standing::Unchecked,
        "matched" => Standing::Matched {
            found: Match {
                edition: context.present("edition", edition)?,
                class: context.code(
                    "match_class",
                    context.present("match_class", row.match_class.as_deref())?,
                )?,
                weight: context.present("match_weight", row.match_weight)?,
                weights_version: context
                    .present("weights_version", row.weights_version.as_deref())
                    .and_then(|text| Text::new(text).map_err(|_| context.impossible("weights_version")))?,
            },
            before: obligation,
        },
        "ambiguous" => Standing::Ambiguous {
            edition: context.present("edition", edition)?,
            obligation,
        },
        "not_found" => Standing::NotFound {
            looked_in: edition,
            obligation: context.present("obligation_state", obligation)?,
        },
        "no_identity" => Standing::NoIdentity {
            obligation: context.present("obligation_state", obligation)?,
        },
        _ => return Err(context.impossible("state")),
    })
}

fn read_obligation(row: &RegistrationRow, context: Context<'_>) -> Result<Option<Obligation>, StoreError> {
    let Some(state) = row.obligation_state.as_deref() else {
        return Ok(None);
    };
    let addressee = |column, code: Option<&str>| {
        let region: RegionCode = context.code(column, context.present(column, code)?)?;
        Addressee::try_from(region).map_err(|_| context.impossible(column))
    };
    let count = |column, value: Option<i32>| context.number(column, context.present(column, value)?);
    Ok(Some(Obligation {
        state: read_state(row, state, context)?,
        registry: context.code("registry", context.present("registry", row.registry.as_deref())?)?,
        first_addressee: addressee("first_addressee", row.first_addressee.as_deref())?,
        addressee: addressee("addressee", row.addressee.as_deref())?,
        raised_at: context.present("raised_at", row.raised_at)?,
        due_at: context.present("due_at", row.due_at)?,
        follow_ups: count("follow_ups", row.follow_ups)?,
        round: count("round", row.round)?,
    }))
}

fn read_state(
    row: &RegistrationRow,
    state: &str,
    context: Context<'_>,
) -> Result<ObligationState, StoreError> {
    if state == "due" {
        return Ok(ObligationState::Due {
            answer_before: row.answer_before,
        });
    }
    let delivery = Delivery {
        at: context.present("delivered_at", row.delivered_at)?,
        by: context.present("delivered_by", row.delivered_by.clone())?,
    };
    if state == "reported" {
        return Ok(ObligationState::Reported {
            delivery,
            answer_before: row.answer_before,
        });
    }
    let on = context.present("outcome_on", row.outcome_on)?;
    Ok(match state {
        "proposed" => ObligationState::Proposed { delivery, on },
        "deliberated" => ObligationState::Deliberated { delivery, on },
        "verified" => ObligationState::Verified { delivery, on },
        "registered" => ObligationState::Registered { delivery, on },
        "refused" => ObligationState::Refused {
            delivery,
            on,
            reason: context.code("refusal", context.present("refusal", row.refusal.as_deref())?)?,
        },
        _ => return Err(context.impossible("obligation_state")),
    })
}

/// Adds the persons of reports, UNCHECKED, whoever of them is not there yet: one statement.
pub async fn insert(conn: &mut PgConnection, persons: &[Registration]) -> Result<(), StoreError> {
    let homes: Vec<String> = persons
        .iter()
        .map(|person| person.person.home().to_string())
        .collect();
    let ids: Vec<Uuid> = persons.iter().map(|person| person.person.uuid()).collect();
    let cases: Vec<Uuid> = persons.iter().map(|person| person.case.uuid()).collect();
    let identifiable: Vec<bool> = persons.iter().map(|person| person.is_identifiable).collect();
    let domiciles: Vec<Option<String>> = persons
        .iter()
        .map(|person| person.domicile.map(|regency| regency.to_string()))
        .collect();
    sqlx::query!(
        "INSERT INTO registrations (region_code, person_id, case_id, version, state, is_identifiable, domicile_code,
             changed_at)
         SELECT region_code, person_id, case_id, 1, 'unchecked', is_identifiable, domicile_code, now()
         FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::bool[], $5::text[])
             AS p (region_code, person_id, case_id, is_identifiable, domicile_code)
         ON CONFLICT ON CONSTRAINT registrations_key DO NOTHING",
        &homes,
        &ids,
        &cases,
        &identifiable,
        &domiciles as &[Option<String>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Everybody in these cases, locked, in order; whose identity was erased is nobody any more.
pub async fn of_cases_for_change(
    conn: &mut PgConnection,
    cases: &[CaseId],
) -> Result<Vec<Registration>, StoreError> {
    let rows = sqlx::query_as!(
        RegistrationRow,
        "SELECT r.region_code, person_id, r.case_id, version, state, is_identifiable, domicile_code, served_at, edition,
             match_class, match_weight, weights_version, obligation_state, registry, first_addressee, addressee,
             raised_at, due_at, answer_before, follow_ups, round, delivered_at, delivered_by, outcome_on, refusal
         FROM registrations r JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, case_id)
             ON r.region_code = wanted.region_code AND r.case_id = wanted.case_id
         WHERE erased_at IS NULL ORDER BY r.region_code, person_id FOR UPDATE OF r",
        &column(cases, |id| id.home().to_string()),
        &column(cases, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Registration::try_from).collect()
}

pub async fn get(conn: &mut PgConnection, person: PersonId) -> Result<Option<Registration>, StoreError> {
    let row = sqlx::query_as!(
        RegistrationRow,
        "SELECT region_code, person_id, case_id, version, state, is_identifiable, domicile_code, served_at, edition,
             match_class, match_weight, weights_version, obligation_state, registry, first_addressee, addressee,
             raised_at, due_at, answer_before, follow_ups, round, delivered_at, delivered_by, outcome_on, refusal
         FROM registrations WHERE region_code = $1 AND person_id = $2",
        person.home().to_string(),
        person.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Registration::try_from).transpose()
}

/// Many persons, as they stand; whose identity was erased is nobody any more.
pub async fn get_many(
    conn: &mut PgConnection,
    persons: &[PersonId],
) -> Result<Vec<Registration>, StoreError> {
    // One look into the index for each, whatever the planner believes of a table that has just been filled.
    let rows = sqlx::query_as!(
        RegistrationRow,
        "SELECT r.region_code, r.person_id, r.case_id, r.version, r.state, r.is_identifiable, r.domicile_code, r.served_at,
             r.edition, r.match_class, r.match_weight, r.weights_version, r.obligation_state, r.registry,
             r.first_addressee, r.addressee, r.raised_at, r.due_at, r.answer_before, r.follow_ups, r.round,
             r.delivered_at, r.delivered_by, r.outcome_on, r.refusal
         FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
         CROSS JOIN LATERAL (
             SELECT * FROM registrations k
             WHERE k.region_code = wanted.region_code AND k.person_id = wanted.person_id AND k.erased_at IS NULL
             OFFSET 0) r",
        &column(persons, |id| id.home().to_string()),
        &column(persons, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Registration::try_from).collect()
}

/// The same, locked, always in the same order, so that two callers never wait for each other.
pub async fn get_many_for_change(
    conn: &mut PgConnection,
    persons: &[PersonId],
) -> Result<Vec<Registration>, StoreError> {
    let persons: BTreeSet<PersonId> = persons.iter().copied().collect();
    let persons: Vec<PersonId> = persons.into_iter().collect();
    let rows = sqlx::query_as!(
        RegistrationRow,
        "SELECT r.region_code, r.person_id, r.case_id, r.version, r.state, r.is_identifiable, r.domicile_code, r.served_at,
             r.edition, r.match_class, r.match_weight, r.weights_version, r.obligation_state, r.registry,
             r.first_addressee, r.addressee, r.raised_at, r.due_at, r.answer_before, r.follow_ups, r.round,
             r.delivered_at, r.delivered_by, r.outcome_on, r.refusal
         FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
         CROSS JOIN LATERAL (
             SELECT * FROM registrations k
             WHERE k.region_code = wanted.region_code AND k.person_id = wanted.person_id AND k.erased_at IS NULL
             OFFSET 0 FOR UPDATE) r",
        &column(&persons, |id| id.home().to_string()),
        &column(&persons, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Registration::try_from).collect()
}
