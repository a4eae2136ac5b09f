//! Marks on persons: set and lifted, never deleted.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::subject::Mark;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// What is in force about a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    pub is_frozen: bool,
    pub access_endangers: bool,
}

pub async fn marks(conn: &mut PgConnection, person: PersonId) -> Result<Marks, StoreError> {
    let row = sqlx::query!(
        r#"SELECT COALESCE(bool_or(kind = 'frozen'), false) AS "is_frozen!",
               COALESCE(bool_or(kind = 'access_endangers'), false) AS "access_endangers!"
           FROM subject_marks WHERE region_code = $1 AND person_id = $2 AND lifted_at IS NULL"#,
        person.home().to_string(),
        person.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(Marks {
        is_frozen: row.is_frozen,
        access_endangers: row.access_endangers,
    })
}

/// Who set the mark that is in force.
pub async fn setter(
    conn: &mut PgConnection,
    person: PersonId,
    mark: Mark,
) -> Result<Option<String>, StoreError> {
    let by = sqlx::query_scalar!(
        "SELECT set_by FROM subject_marks
         WHERE region_code = $1 AND person_id = $2 AND kind = $3 AND lifted_at IS NULL",
        person.home().to_string(),
        person.uuid(),
        mark.code()
    )
    .fetch_optional(conn)
    .await?;
    Ok(by)
}

/// Sets a mark on a person whose case is locked. `false` = it is set already.
pub async fn set(
    conn: &mut PgConnection,
    (person, case): (PersonId, CaseId),
    mark: Mark,
    (id, by): (Uuid, &str),
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO subject_marks (region_code, mark_id, case_id, person_id, kind, set_at, set_by)
         VALUES ($1, $2, $3, $4, $5, now(), $6)
         ON CONFLICT (region_code, person_id, kind) WHERE lifted_at IS NULL DO NOTHING",
        person.home().to_string(),
        id,
        case.uuid(),
        person.uuid(),
        mark.code(),
        by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lifts a mark of a person whose case is locked. `false` = it is not set.
pub async fn lift(
    conn: &mut PgConnection,
    person: PersonId,
    mark: Mark,
    by: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE subject_marks SET lifted_at = now(), lifted_by = $4
         WHERE region_code = $1 AND person_id = $2 AND kind = $3 AND lifted_at IS NULL",
        person.home().to_string(),
        person.uuid(),
        mark.code(),
        by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes with the case, which is locked, whether anybody of it is frozen now; the case gets its next version. `false` =
/// the version moved. When it was changed last stays as it is: of a case that has ended, that is when.
pub async fn set_frozen(conn: &mut PgConnection, case: CaseId, version: i64) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE cases SET version = version + 1, frozen = EXISTS (
             SELECT 1 FROM subject_marks m
             WHERE m.region_code = $1 AND m.case_id = $2 AND m.kind = 'frozen' AND m.lifted_at IS NULL)
         WHERE region_code = $1 AND case_id = $2 AND version = $3",
        case.home().to_string(),
        case.uuid(),
        version
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
