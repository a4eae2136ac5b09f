//! The trail of the processing of a person's data (UU 27/2022 Ps. 31), out of the audit log.

use serasi_domain::id::{CaseId, PersonId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;

/// Who did or looked at what.
#[derive(Clone, Debug)]
pub struct Step {
    pub id: Uuid,
    pub at: OffsetDateTime,
    pub principal: String,
    pub verb: String,
    pub subject: String,
}

/// Subjects of entries that are about this person in this case: the case and all that belongs to it, but nobody else.
pub async fn subjects_of_case(
    conn: &mut PgConnection,
    case: CaseId,
    person: PersonId,
) -> Result<Vec<String>, StoreError> {
    let home = case.home();
    let ids = sqlx::query_scalar!(
        r#"SELECT offer_id AS "id!" FROM offers WHERE region_code = $1 AND case_id = $2
           UNION SELECT placement_id FROM placements WHERE region_code = $1 AND case_id = $2
           UNION SELECT decision_id FROM decisions WHERE region_code = $1 AND case_id = $2
           UNION SELECT break_glass_id FROM break_glass WHERE region_code = $1 AND case_id = $2
           UNION VALUES ($2::uuid), ($3::uuid)"#,
        home.to_string(),
        case.uuid(),
        person.uuid()
    )
    .fetch_all(conn)
    .await?;
    // Ids of every kind look alike.
    Ok(ids
        .into_iter()
        .map(|id| CaseId::new(home, id).to_string())
        .collect())
}

/// Entries about any of `subjects`, each with its home region, the newest first; `before` = time and id of the last one of
/// the page before.
pub async fn trail(
    conn: &mut PgConnection,
    subjects: &[(String, String)],
    before: Option<(OffsetDateTime, Uuid)>,
    limit: i64,
) -> Result<Vec<Step>, StoreError> {
    let (regions, subjects): (Vec<String>, Vec<String>) = subjects.iter().cloned().unzip();
    let (before_at, before_id) = before.unzip();
    let steps = sqlx::query_as!(
        Step,
        r#"SELECT e.audit_id AS id, e.at, e.principal, e.verb, e.subject_id AS subject
           FROM UNNEST($1::text[], $2::text[]) AS s (region_code, subject_id)
           JOIN audit_entries e ON e.region_code = s.region_code AND e.subject_id = s.subject_id
           WHERE $3::timestamptz IS NULL OR (e.at, e.audit_id) < ($3, $4)
           ORDER BY e.at DESC, e.audit_id DESC LIMIT $5"#,
        &regions,
        &subjects,
        before_at,
        before_id,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(steps)
}
