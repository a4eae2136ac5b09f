//! Legal holds: a case that must be kept although its time is over. One at a time per case.

use serasi_domain::id::CaseId;
use serasi_domain::privacy::HoldReason;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::subject_keys::{seal, words_cell};
use crate::{Sealer, StoreError};

/// A hold to be set.
#[derive(Debug)]
pub struct NewHold<'a> {
    pub id: Uuid,
    pub reason: HoldReason,
    pub note: Option<&'a str>,
    /// The principal that sets it.
    pub by: &'a str,
}

/// Sets a hold on a case that is locked. `false` = it has one.
pub async fn set(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    hold: &NewHold<'_>,
) -> Result<bool, StoreError> {
    let note = match hold.note {
        None => None,
        Some(note) => {
            let cell = words_cell("legal_holds", "note", hold.id, case.home());
            Some(seal(conn, sealer, case, cell, &note).await?)
        }
    };
    let done = sqlx::query!(
        "INSERT INTO legal_holds (region_code, hold_id, case_id, reason, note, set_at, set_by)
         VALUES ($1, $2, $3, $4, $5, now(), $6)
         ON CONFLICT (region_code, case_id) WHERE lifted_at IS NULL DO NOTHING",
        case.home().to_string(),
        hold.id,
        case.uuid(),
        hold.reason.code(),
        note,
        hold.by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Lifts the hold on a case that is locked. `false` = it has none.
pub async fn lift(conn: &mut PgConnection, case: CaseId, by: &str) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE legal_holds SET lifted_at = now(), lifted_by = $3
         WHERE region_code = $1 AND case_id = $2 AND lifted_at IS NULL",
        case.home().to_string(),
        case.uuid(),
        by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
