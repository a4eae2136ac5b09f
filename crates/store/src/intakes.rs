//! Reports as they were sent, and the persons in them: sealed.

use serasi_domain::id::{CaseId, IntakeId, PersonId};
use serasi_domain::intake::Intake;
use serasi_domain::person::Person;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::seal::Seal;
use crate::{Sealer, StoreError};

const fn intake_seal(row: Uuid) -> Seal {
    Seal {
        table: "intakes",
        column: "content",
        row,
    }
}

const fn person_seal(row: Uuid) -> Seal {
    Seal {
        table: "persons",
        column: "content",
        row,
    }
}

/// Keeps a report. `received_from` is the principal that sent it.
pub async fn insert(
    conn: &mut PgConnection,
    sealer: &Sealer,
    id: IntakeId,
    case: CaseId,
    received: (&Intake, OffsetDateTime, &str),
) -> Result<(), StoreError> {
    let (intake, received_at, received_from) = received;
    sqlx::query!(
        "INSERT INTO intakes (region_code, intake_id, case_id, content, received_at, received_from)
         VALUES ($1, $2, $3, $4, $5, $6)",
        id.home().to_string(),
        id.uuid(),
        case.uuid(),
        sealer.seal(intake_seal(id.uuid()), intake),
        received_at,
        received_from
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The first report of a case.
pub async fn first_of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Option<Intake>, StoreError> {
    let row = sqlx::query!(
        "SELECT intake_id, content FROM intakes WHERE region_code = $1 AND case_id = $2
         ORDER BY received_at, intake_id LIMIT 1",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| sealer.open(intake_seal(row.intake_id), &row.content))
        .transpose()
}

/// Whether a report of `case` came from `principal`.
pub async fn is_reported_by(
    conn: &mut PgConnection,
    case: CaseId,
    principal: &str,
) -> Result<bool, StoreError> {
    let is_reporter = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM intakes WHERE region_code = $1 AND case_id = $2 AND received_from = $3)
               AS "is_reporter!""#,
        case.home().to_string(),
        case.uuid(),
        principal
    )
    .fetch_one(conn)
    .await?;
    Ok(is_reporter)
}

/// Keeps the persons of a case, in order.
pub async fn insert_persons(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    persons: &[(PersonId, &Person)],
) -> Result<(), StoreError> {
    let ids: Vec<Uuid> = persons.iter().map(|(id, _)| id.uuid()).collect();
    let positions: Vec<i32> = (1..).take(persons.len()).collect();
    let provisional: Vec<bool> = persons.iter().map(|(_, person)| person.nik.is_none()).collect();
    let contents: Vec<Vec<u8>> = persons
        .iter()
        .map(|(id, person)| sealer.seal(person_seal(id.uuid()), person))
        .collect();
    sqlx::query!(
        "INSERT INTO persons (region_code, person_id, case_id, position, provisional, content)
         SELECT $1, person_id, $2, position, provisional, content
         FROM UNNEST($3::uuid[], $4::int[], $5::bool[], $6::bytea[]) AS p (person_id, position, provisional, content)",
        case.home().to_string(),
        case.uuid(),
        &ids,
        &positions,
        &provisional,
        &contents
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The persons of a case, in the order of the report.
pub async fn persons_of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Vec<(PersonId, Person)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT person_id, content FROM persons WHERE region_code = $1 AND case_id = $2 ORDER BY position",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let person = sealer.open(person_seal(row.person_id), &row.content)?;
            Ok((PersonId::new(case.home(), row.person_id), person))
        })
        .collect()
}
