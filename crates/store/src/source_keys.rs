//! The senders' own keys: the same pair is the same case or facility, for ever and in the whole nation.

use std::collections::HashSet;

use serasi_domain::id::Regency;
use serasi_domain::intake::SourceKey;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{column, regency};

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

/// A key and the record it is claimed for.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    pub key: &'a SourceKey,
    pub home: Regency,
    pub id: Uuid,
}

/// Claims keys for new records, no key twice; gives the ids of those that nobody had. A claim in a transaction that is
/// still open is waited for.
pub async fn claim(
    conn: &mut PgConnection,
    subject: Subject,
    claims: &[Claim<'_>],
) -> Result<HashSet<Uuid>, StoreError> {
    // In key order: two transactions that claim the same keys wait for each other on one side only.
    let claimed = sqlx::query_scalar!(
        "INSERT INTO source_keys (subject, source_system, source_ref, region_code, subject_id)
         SELECT $1, source_system, source_ref, region_code, subject_id
         FROM UNNEST($2::text[], $3::text[], $4::text[], $5::uuid[])
             AS c (source_system, source_ref, region_code, subject_id)
         ORDER BY source_system, source_ref
         ON CONFLICT ON CONSTRAINT source_keys_key DO NOTHING RETURNING subject_id",
        subject.code(),
        &column(claims, |claim| claim.key.system_name().to_owned()),
        &column(claims, |claim| claim.key.reference().to_owned()),
        &column(claims, |claim| claim.home.to_string()),
        &column(claims, |claim| claim.id)
    )
    .fetch_all(conn)
    .await?;
    Ok(claimed.into_iter().collect())
}

/// Which of these keys, by their place in the list, somebody has.
pub async fn are_known(
    conn: &mut PgConnection,
    subject: Subject,
    keys: &[&SourceKey],
) -> Result<Vec<bool>, StoreError> {
    let known = sqlx::query_scalar!(
        r#"SELECT k.subject_id IS NOT NULL AS "is_known!"
           FROM UNNEST($2::text[], $3::text[]) WITH ORDINALITY AS c (source_system, source_ref, place)
           LEFT JOIN source_keys k ON k.source_system = c.source_system AND k.source_ref = c.source_ref
               AND k.subject = $1
           ORDER BY c.place"#,
        subject.code(),
        &column(keys, |key| key.system_name().to_owned()),
        &column(keys, |key| key.reference().to_owned())
    )
    .fetch_all(conn)
    .await?;
    Ok(known)
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
