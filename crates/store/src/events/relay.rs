//! Who of the replicas carries events outside, and how far they have come.

use sqlx::PgConnection;
use uuid::Uuid;

use super::Cursor;
use super::horizon::NATION;
use crate::StoreError;

/// The right to carry events, until it runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    token: i64,
}

/// Takes the lease of a relay that nobody holds, for `seconds`; `None` = somebody does. A relay that is new begins at
/// `earliest`.
pub async fn take(
    conn: &mut PgConnection,
    relay: &str,
    holder: Uuid,
    earliest: &Cursor,
    seconds: f64,
) -> Result<Option<(Lease, Cursor)>, StoreError> {
    let row = sqlx::query!(
        "INSERT INTO event_relays AS r (region_code, relay, cursor, holder, token, leased_until, changed_at)
         VALUES ($1, $2, $3, $4, 1, now() + make_interval(secs => $5), now())
         ON CONFLICT ON CONSTRAINT event_relays_key DO UPDATE
             SET holder = excluded.holder, token = r.token + 1, leased_until = excluded.leased_until, changed_at = now()
             WHERE r.leased_until <= now()
         RETURNING token, cursor",
        NATION,
        relay,
        earliest.to_string(),
        holder,
        seconds
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let cursor = row.cursor.parse().map_err(|_| StoreError::Impossible {
        table: "event_relays",
        column: "cursor",
        row: relay.to_owned(),
    })?;
    Ok(Some((Lease { token: row.token }, cursor)))
}

/// Keeps the lease for `seconds` more, and how far it has come; `false` = somebody else has it now.
pub async fn keep(
    conn: &mut PgConnection,
    relay: &str,
    lease: Lease,
    cursor: &Cursor,
    seconds: f64,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE event_relays SET cursor = $4, leased_until = now() + make_interval(secs => $5), changed_at = now()
         WHERE region_code = $1 AND relay = $2 AND token = $3",
        NATION,
        relay,
        lease.token,
        cursor.to_string(),
        seconds
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
