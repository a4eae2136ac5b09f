//! People who are served and of whom nobody has put that down: a hub of the release before places and helps without it.

use serasi_domain::id::CaseId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::regency;

/// Looks at the next `limit` cases after `last`, in the order of their ids: each, and whether somebody of it, or of a case
/// that follows it, is served without being owed a report.
pub async fn missing(
    conn: &mut PgConnection,
    last: Option<CaseId>,
    limit: i64,
) -> Result<Vec<(CaseId, bool)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT s.region_code, s.case_id,
               s.state IN ('placed', 'in_service', 'aftercare', 'resolved_directly') AND EXISTS (
                   SELECT 1 FROM (
                       SELECT s.region_code, s.case_id
                       UNION ALL
                       SELECT l.region_code, l.case_id FROM case_links l
                       WHERE l.main_region = s.region_code AND l.main_case_id = s.case_id AND l.unlinked_at IS NULL
                   ) served JOIN cases c USING (region_code, case_id) JOIN persons p USING (region_code, case_id)
                   LEFT JOIN registrations r ON r.region_code = p.region_code AND r.person_id = p.person_id
                   WHERE r.served_at IS NULL AND NOT 'identity' = ANY (c.erased)
               ) AS "is_missing!"
           FROM (
               SELECT region_code, case_id, state FROM cases
               WHERE $1::text IS NULL OR (region_code, case_id) > ($1, $2)
               ORDER BY region_code, case_id LIMIT $3
           ) s ORDER BY s.region_code, s.case_id"#,
        last.map(|id| id.home().to_string()),
        last.map(CaseId::uuid) as Option<Uuid>,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = CaseId::new(regency("cases", &row.region_code)?, row.case_id);
            Ok((id, row.is_missing))
        })
        .collect()
}
