//! How the hub stands as its database sees it: what waits and since when, for metrics and for `serasi doctor`. Counts and
//! times only, nothing about anybody.

use time::OffsetDateTime;

use crate::{Context, Store, StoreError};

/// At one moment.
#[derive(Clone, Debug)]
pub struct State {
    /// The database's time.
    pub at: OffsetDateTime,
    /// `max_connections` of the server without those for superusers.
    pub connections_allowed: i64,
    /// Oldest audit entry without a place in its tree; `None` = all have one.
    pub unsealed_since: Option<OffsetDateTime>,
    pub unsealed: i64,
    /// Deadline that has passed longest without anybody being told.
    pub overdue_since: Option<OffsetDateTime>,
    pub overdue: i64,
    /// Cases that wait for a place.
    pub waiting: i64,
    pub waiting_since: Option<OffsetDateTime>,
    /// Offers that nobody has answered yet, and those of them whose time is over.
    pub live_offers: i64,
    pub expired_offers: i64,
    /// Openings of masked cases that nobody has reviewed.
    pub unreviewed_openings: i64,
    pub obligations: Vec<Obligations>,
}

/// Reports owed for people outside the registry, of one state and age.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligations {
    pub state: String,
    /// `1d`, `7d`, `30d`: raised at most so long ago; `older`.
    pub age: String,
    pub count: i64,
}

/// As it is now. Looks into partial indexes only, which hold what is open.
pub async fn read(store: &Store) -> Result<State, StoreError> {
    let mut connection = store.begin(Context::Work).await?;
    let row = sqlx::query!(
        r#"SELECT now() AS "at!",
               current_setting('max_connections')::bigint
                   - current_setting('superuser_reserved_connections')::bigint AS "connections_allowed!",
               (SELECT min(e.at) FROM audit_unsealed u JOIN audit_entries e USING (region_code, audit_id))
                   AS "unsealed_since?",
               (SELECT count(*) FROM audit_unsealed) AS "unsealed!",
               late.since AS "overdue_since?", late.found AS "overdue!",
               wait.found AS "waiting!", wait.since AS "waiting_since?",
               live.found AS "live_offers!", live.expired AS "expired_offers!",
               (SELECT count(*) FROM break_glass WHERE reviewed_at IS NULL) AS "unreviewed_openings!"
           FROM (SELECT min(next_deadline) AS since, count(*) AS found FROM cases
                 WHERE next_deadline <= now()
                     AND (state <> 'offered' OR next_deadline = finish_before AND NOT finish_has_rung)) late,
               (SELECT min(waiting_since) AS since, count(*) AS found FROM cases
                WHERE state IN ('waiting', 'no_candidate')) wait,
               (SELECT count(*) AS found, count(*) FILTER (WHERE expires_at <= now()) AS expired FROM offers
                WHERE state IN ('offered', 'seen')) live"#
    )
    .fetch_one(&mut *connection)
    .await?;
    let owed = sqlx::query!(
        r#"SELECT obligation_state AS "state!", CASE WHEN raised_at > now() - interval '1 day' THEN '1d'
                   WHEN raised_at > now() - interval '7 days' THEN '7d'
                   WHEN raised_at > now() - interval '30 days' THEN '30d' ELSE 'older' END AS "age!",
               count(*) AS "count!"
           FROM registrations WHERE obligation_state IS NOT NULL AND state <> 'matched'
               AND obligation_state <> 'registered'
           GROUP BY 1, 2"#
    )
    .fetch_all(&mut *connection)
    .await?;
    Ok(State {
        at: row.at,
        connections_allowed: row.connections_allowed,
        unsealed_since: row.unsealed_since,
        unsealed: row.unsealed,
        overdue_since: row.overdue_since,
        overdue: row.overdue,
        waiting: row.waiting,
        waiting_since: row.waiting_since,
        live_offers: row.live_offers,
        expired_offers: row.expired_offers,
        unreviewed_openings: row.unreviewed_openings,
        obligations: owed
            .into_iter()
            .map(|row| Obligations {
                state: row.state,
                age: row.age,
                count: row.count,
            })
            .collect(),
    })
}
