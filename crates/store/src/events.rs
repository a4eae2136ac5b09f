//! The outbox: what happened, written in the transaction in which it happened. No personal data.

use serasi_domain::id::Regency;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// Something that happened to a case, an offer or a facility.
#[derive(Clone, Debug)]
pub struct Event {
    pub id: Uuid,
    pub home: Regency,
    pub subject_id: String,
    /// Version of the subject after it happened.
    pub subject_version: i64,
    /// E.g. `case.offered`.
    pub kind: &'static str,
    pub payload: serde_json::Value,
}

pub async fn append(conn: &mut PgConnection, event: &Event) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO events (region_code, event_id, subject_id, subject_version, kind, payload, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, now())",
        event.home.to_string(),
        event.id,
        event.subject_id,
        event.subject_version,
        event.kind,
        event.payload
    )
    .execute(conn)
    .await?;
    Ok(())
}
