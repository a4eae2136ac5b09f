//! First responses of mutations, kept in the transaction of their effect: a retry has one effect.

use serasi_domain::id::Regency;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::column;

/// How long a retry finds the first response, in days (guarantees, rule 1: at least 7).
pub const KEPT_DAYS: i32 = 30;

/// Identifies one call of one principal.
#[derive(Clone, Debug)]
pub struct CallKey {
    pub home: Regency,
    pub principal: String,
    pub request_id: Uuid,
}

/// What the first call left.
#[derive(Clone, Debug)]
pub struct Remembered {
    pub verb: String,
    pub request_hash: Vec<u8>,
    /// `None` = kept by an earlier release.
    pub caller_hash: Option<Vec<u8>>,
    pub response: Vec<u8>,
}

/// The database's time of this transaction, and the first response if the call is known.
pub async fn begin_call(
    conn: &mut PgConnection,
    key: &CallKey,
) -> Result<(OffsetDateTime, Option<Remembered>), StoreError> {
    let row = sqlx::query!(
        r#"SELECT now() AS "now!", k.verb AS "verb?", k.request_hash AS "request_hash?",
                  k.caller_hash AS "caller_hash?", k.response AS "response?"
           FROM (SELECT 1) AS one LEFT JOIN idempotency_keys k
           ON k.region_code = $1 AND k.principal = $2 AND k.request_id = $3"#,
        key.home.to_string(),
        key.principal,
        key.request_id
    )
    .fetch_one(conn)
    .await?;
    let remembered = match (row.verb, row.request_hash, row.response) {
        (Some(verb), Some(request_hash), Some(response)) => Some(Remembered {
            verb,
            request_hash,
            caller_hash: row.caller_hash,
            response,
        }),
        (_, _, _) => None,
    };
    Ok((row.now, remembered))
}

/// Keeps responses. `false` = one of the calls ran at the same time and committed first.
pub async fn remember(conn: &mut PgConnection, calls: &[(CallKey, Remembered)]) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO idempotency_keys (region_code, principal, request_id, verb, request_hash, response, created_at,
             caller_hash)
         SELECT region_code, principal, request_id, verb, request_hash, response, now(), caller_hash
         FROM UNNEST($1::text[], $2::text[], $3::uuid[], $4::text[], $5::bytea[], $6::bytea[], $7::bytea[])
             AS k (region_code, principal, request_id, verb, request_hash, response, caller_hash)
         ORDER BY region_code, principal, request_id
         ON CONFLICT ON CONSTRAINT idempotency_keys_key DO NOTHING",
        &column(calls, |(key, _)| key.home.to_string()),
        &column(calls, |(key, _)| key.principal.as_str()) as &[&str],
        &column(calls, |(key, _)| key.request_id),
        &column(calls, |(_, call)| call.verb.as_str()) as &[&str],
        &column(calls, |(_, call)| call.request_hash.as_slice()) as &[&[u8]],
        &column(calls, |(_, call)| call.response.as_slice()) as &[&[u8]],
        &column(calls, |(_, call)| call.caller_hash.as_deref()) as &[Option<&[u8]>]
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|kept| kept == calls.len()))
}

/// The database's time of this transaction, and which of the calls, by their place in the list, are known.
pub async fn begin_calls(
    conn: &mut PgConnection,
    keys: &[CallKey],
) -> Result<(OffsetDateTime, Vec<bool>), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT now() AS "now!", k.request_id IS NOT NULL AS "is_known!"
           FROM UNNEST($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY
               AS c (region_code, principal, request_id, place)
           LEFT JOIN idempotency_keys k USING (region_code, principal, request_id) ORDER BY c.place"#,
        &column(keys, |key| key.home.to_string()),
        &column(keys, |key| key.principal.as_str()) as &[&str],
        &column(keys, |key| key.request_id)
    )
    .fetch_all(conn)
    .await?;
    let now = rows.first().map(|row| row.now);
    let now = now.ok_or(StoreError::Database(sqlx::Error::RowNotFound))?;
    Ok((now, rows.into_iter().map(|row| row.is_known).collect()))
}

/// Forgets responses that are too old, at most `limit` at a time; says how many.
pub async fn forget_old(conn: &mut PgConnection, limit: i64) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM idempotency_keys WHERE (region_code, principal, request_id) IN (
             SELECT region_code, principal, request_id FROM idempotency_keys
             WHERE created_at < now() - make_interval(days => $1) LIMIT $2)",
        KEPT_DAYS,
        limit
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
