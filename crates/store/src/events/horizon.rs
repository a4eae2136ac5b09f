//! How far back events are kept, and forgetting the older ones.

use sqlx::PgConnection;

use super::{Cursor, Snapshot};
use crate::StoreError;

/// The region code of what holds for the whole nation.
pub(super) const NATION: &str = "ID";

/// From where to where events can be followed.
#[derive(Clone, Debug)]
pub struct Horizon {
    /// The earliest cursor after which nothing is missing.
    pub earliest: Cursor,
    now: Snapshot,
}

impl Horizon {
    /// Whether everything after `cursor` is there. One that knows of transactions to come is of another database.
    #[must_use]
    pub fn reaches(&self, cursor: &Cursor) -> bool {
        cursor.done.xmin() >= self.earliest.done.xmin() && cursor.latest().xmax() <= self.now.xmax()
    }
}

/// As it is now.
pub async fn horizon(conn: &mut PgConnection) -> Result<Horizon, StoreError> {
    let row = sqlx::query!(
        r#"SELECT pg_current_snapshot()::text AS "now!",
               COALESCE((SELECT first_xid::text::bigint FROM event_horizon WHERE region_code = $1), 1) AS "first!""#,
        NATION
    )
    .fetch_one(conn)
    .await?;
    let now = row.now.parse().map_err(|_| StoreError::Impossible {
        table: "event_horizon",
        column: "first_xid",
        row: NATION.to_owned(),
    })?;
    Ok(Horizon {
        earliest: Cursor::at(Snapshot::before(row.first)),
        now,
    })
}

/// Forgets events older than `days`, the oldest first, at most `limit`; says how many. Whoever followed to somewhere
/// before them is told so from this transaction on. The change log of the pools stays: decisions are made of it.
pub async fn forget_old(conn: &mut PgConnection, days: i32, limit: i64) -> Result<u64, StoreError> {
    let gone = sqlx::query_scalar!(
        r#"WITH gone AS (
             DELETE FROM events WHERE (region_code, event_id) IN (
                 SELECT region_code, event_id FROM (
                     SELECT region_code, event_id, created_at FROM events WHERE position IS NOT NULL
                     ORDER BY position LIMIT $2) oldest
                 WHERE created_at < now() - make_interval(days => $1))
             RETURNING xid),
         moved AS (
             INSERT INTO event_horizon AS h (region_code, first_xid, changed_at)
             SELECT $3, (max(xid)::text::bigint + 1)::text::xid8, now() FROM gone HAVING count(*) > 0
             ON CONFLICT ON CONSTRAINT event_horizon_key DO UPDATE
                 SET first_xid = GREATEST(h.first_xid, excluded.first_xid), changed_at = now()
             RETURNING 1)
         SELECT (SELECT count(*) FROM gone) + 0 * (SELECT count(*) FROM moved) AS "gone!""#,
        days,
        limit,
        NATION
    )
    .fetch_one(conn)
    .await?;
    Ok(gone.unsigned_abs())
}
