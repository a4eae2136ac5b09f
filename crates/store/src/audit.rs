//! Who did or looked at what; written in the same transaction. Ids and verbs only, never personal data.

use serasi_domain::id::Regency;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;

/// One act on record.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    pub id: Uuid,
    pub home: Regency,
    pub principal: String,
    pub roles: Vec<String>,
    pub verb: &'static str,
    pub subject_id: String,
    pub request_id: Option<Uuid>,
}

pub async fn append(conn: &mut PgConnection, entry: &AuditEntry) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO audit_entries (region_code, audit_id, at, principal, roles, verb, subject_id, request_id)
         VALUES ($1, $2, now(), $3, $4, $5, $6, $7)",
        entry.home.to_string(),
        entry.id,
        entry.principal,
        &entry.roles,
        entry.verb,
        entry.subject_id,
        entry.request_id
    )
    .execute(conn)
    .await?;
    Ok(())
}
