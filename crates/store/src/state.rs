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
    /// Deadlines of cases, of answers to offers, and of requests of persons, that have passed for more than a minute
    /// without anybody dealing with them.
    pub overdue_cases: i64,
    pub overdue_offers: i64,
    pub overdue_requests: i64,
    pub obligations: Obligations,
}

/// Reports owed for people outside the registry, by how long ago they were raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obligations {
    pub under_7_days: i64,
    pub from_7_to_30_days: i64,
    pub from_30_to_90_days: i64,
    pub over_90_days: i64,
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
               (SELECT count(*) FROM cases WHERE next_deadline <= now() - interval '1 minute'
                   AND (state <> 'offered' OR next_deadline = finish_before AND NOT finish_has_rung))
                   AS "overdue_cases!",
               (SELECT count(*) FROM offers WHERE state IN ('offered', 'seen')
                   AND expires_at <= now() - interval '1 minute') AS "overdue_offers!",
               (SELECT count(*) FROM subject_requests WHERE state = 'open'
                   AND due_at <= now() - interval '1 minute') AS "overdue_requests!""#
    )
    .fetch_one(&mut *connection)
    .await?;
    let owed = sqlx::query!(
        r#"SELECT count(*) FILTER (WHERE age < interval '7 days') AS "under_7_days!",
               count(*) FILTER (WHERE age >= interval '7 days' AND age < interval '30 days') AS "from_7_to_30_days!",
               count(*) FILTER (WHERE age >= interval '30 days' AND age < interval '90 days') AS "from_30_to_90_days!",
               count(*) FILTER (WHERE age >= interval '90 days') AS "over_90_days!"
           FROM (SELECT now() - raised_at AS age FROM registrations
                 WHERE obligation_state IS NOT NULL AND state <> 'matched' AND obligation_state <> 'registered') owed"#
    )
    .fetch_one(&mut *connection)
    .await?;
    Ok(State {
        at: row.at,
        connections_allowed: row.connections_allowed,
        unsealed_since: row.unsealed_since,
        overdue_cases: row.overdue_cases,
        overdue_offers: row.overdue_offers,
        overdue_requests: row.overdue_requests,
        obligations: Obligations {
            under_7_days: owed.under_7_days,
            from_7_to_30_days: owed.from_7_to_30_days,
            from_30_to_90_days: owed.from_30_to_90_days,
            over_90_days: owed.over_90_days,
        },
    })
}
