//! Stored decisions: the bytes of the record as they were made.

use serasi_domain::id::{CaseId, DecisionId};
use serasi_domain::routing::Decision;
use sqlx::PgConnection;

use crate::StoreError;
use crate::columns::Row;

pub async fn insert(
    conn: &mut PgConnection,
    id: DecisionId,
    case: CaseId,
    decision: &Decision,
) -> Result<(), StoreError> {
    let record = serde_json::to_vec(decision).expect("a decision is plain data");
    sqlx::query!(
        "INSERT INTO decisions (region_code, decision_id, case_id, decided_at, outcome, policy_version, record)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        id.home().to_string(),
        id.uuid(),
        case.uuid(),
        decision.decided_at,
        decision.outcome.code(),
        decision.policy_version,
        record
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The case it belongs to, and the record.
pub async fn get(conn: &mut PgConnection, id: DecisionId) -> Result<Option<(CaseId, Decision)>, StoreError> {
    let row = sqlx::query!(
        "SELECT case_id, record FROM decisions WHERE region_code = $1 AND decision_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let decision = serde_json::from_slice(&row.record).map_err(|_| {
            Row {
                table: "decisions",
                id: &id,
            }
            .impossible("record")
        })?;
        Ok((CaseId::new(id.home(), row.case_id), decision))
    })
    .transpose()
}
