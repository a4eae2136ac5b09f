//! The senders' own keys: the same pair is the same case or facility, for ever and in the whole nation.

use serasi_domain::id::Regency;
use serasi_domain::intake::SourceKey;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::regency;

/// What a key stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    Case,
    Facility,
}

impl Subject {
    const fn code(self) -> &'static str {
        match self {
            Self::Case => "case",
            Self::Facility => "facility",
        }
    }
}

/// Claims `key` for a new record. `false` = somebody has it; a claim in a transaction that is still open is waited for.
pub async fn claim(
    conn: &mut PgConnection,
    subject: Subject,
    key: &SourceKey,
    home: Regency,
    id: Uuid,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO source_keys (subject, source_system, source_ref, region_code, subject_id)
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT ON CONSTRAINT source_keys_key DO NOTHING",
        subject.code(),
        key.system_name(),
        key.reference(),
        home.to_string(),
        id
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Who has `key`.
pub async fn find(
    conn: &mut PgConnection,
    subject: Subject,
    key: &SourceKey,
) -> Result<Option<(Regency, Uuid)>, StoreError> {
    let row = sqlx::query!(
        "SELECT region_code, subject_id FROM source_keys
         WHERE source_system = $1 AND source_ref = $2 AND subject = $3",
        key.system_name(),
        key.reference(),
        subject.code()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| Ok((regency("source_keys", &row.region_code)?, row.subject_id)))
        .transpose()
}
