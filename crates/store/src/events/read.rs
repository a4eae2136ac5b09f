//! Following the events, page by page, in the order of their positions.

use serasi_domain::id::FacilityId;
use serde_json::value::RawValue;
use sqlx::PgConnection;
use sqlx::types::Json;

use super::entry::{CapacityRow, EventRow};
use super::{Cursor, Entry, Snapshot};
use crate::StoreError;

/// What one snapshot sees more than another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: Snapshot,
    pub to: Snapshot,
}

/// Which events to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selection {
    All,
    /// Of the outbox; of one facility where it is named.
    Told(Option<FacilityId>),
    /// Changes of pools; of one facility where it is named.
    Pools(Option<FacilityId>),
}

/// Some events of a span.
#[derive(Debug, Default)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// The span has no more than these.
    pub is_last: bool,
}

/// Everything that has committed up to now.
pub async fn now(conn: &mut PgConnection) -> Result<Snapshot, StoreError> {
    let text = sqlx::query_scalar!(r#"SELECT pg_current_snapshot()::text AS "snapshot!""#)
        .fetch_one(conn)
        .await?;
    text.parse().map_err(|_| StoreError::Impossible {
        table: "events",
        column: "xid",
        row: text,
    })
}

/// The events of `span` after `position`, at most `limit`.
pub async fn page(
    conn: &mut PgConnection,
    selection: Selection,
    span: &Span,
    after: Option<i64>,
    limit: usize,
) -> Result<Page, StoreError> {
    let mut page = Page {
        entries: vec![],
        is_last: true,
    };
    if !span.to.is_after(&span.from) {
        return Ok(page);
    }
    let asked = i64::try_from(limit).unwrap_or(i64::MAX);
    if let Selection::All | Selection::Told(_) = selection {
        let rows = told(conn, selection, span, (after, asked)).await?;
        page.is_last &= rows.len() < limit;
        page.entries.extend(rows);
    }
    if let Selection::All | Selection::Pools(_) = selection {
        let rows = pools(conn, selection, span, (after, asked)).await?;
        page.is_last &= rows.len() < limit;
        page.entries.extend(rows);
    }
    // Up to `limit` of each kind were read; of the two together the first ones are.
    page.entries.sort_by_key(|entry| entry.position);
    page.is_last &= page.entries.len() <= limit;
    page.entries.truncate(limit);
    Ok(page)
}

impl Cursor {
    /// What is still to be read of the snapshot in which it stands, and after which position.
    #[must_use]
    pub fn rest(&self) -> Option<(Span, i64)> {
        let (to, position) = self.partly.as_ref()?;
        let span = Span {
            from: self.done.clone(),
            to: to.clone(),
        };
        Some((span, *position))
    }
}

async fn told(
    conn: &mut PgConnection,
    selection: Selection,
    span: &Span,
    (after, limit): (Option<i64>, i64),
) -> Result<Vec<Entry>, StoreError> {
    let (from, to) = (span.from.to_string(), span.to.to_string());
    let rows = if let Selection::Told(Some(facility)) = selection {
        sqlx::query_as!(
            EventRow,
            r#"SELECT xid::text::bigint AS "xid!", position AS "position!", region_code, event_id, subject_id,
                 subject_version, kind, payload AS "payload: Json<Box<RawValue>>",
                 subject_state AS "subject_state: Json<Box<RawValue>>", created_at
             FROM events
             WHERE concerns_facility = $1 AND position > $2 AND pg_visible_in_snapshot(xid, $4::text::pg_snapshot)
                 AND NOT pg_visible_in_snapshot(xid, $3::text::pg_snapshot)
             ORDER BY position LIMIT $5"#,
            facility.to_string(),
            after.unwrap_or(-1),
            from,
            to,
            limit
        )
        .fetch_all(conn)
        .await?
    } else {
        let Some(after) = start_of_told(conn, (&from, &to), after).await? else {
            return Ok(vec![]);
        };
        sqlx::query_as!(
            EventRow,
            r#"SELECT xid::text::bigint AS "xid!", position AS "position!", region_code, event_id, subject_id,
                 subject_version, kind, payload AS "payload: Json<Box<RawValue>>",
                 subject_state AS "subject_state: Json<Box<RawValue>>", created_at
             FROM events
             WHERE position > $1 AND pg_visible_in_snapshot(xid, $3::text::pg_snapshot)
                 AND NOT pg_visible_in_snapshot(xid, $2::text::pg_snapshot)
             ORDER BY position LIMIT $4"#,
            after,
            from,
            to,
            limit
        )
        .fetch_all(conn)
        .await?
    };
    rows.into_iter().map(EventRow::read).collect()
}

/// The position before the first event of a span; `None` = it has none. The transactions lead there at once, where the
/// positions would be walked through from the first that is kept; `+ 0` keeps the planner from doing that.
async fn start_of_told(
    conn: &mut PgConnection,
    (from, to): (&str, &str),
    after: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    if after.is_some() {
        return Ok(after);
    }
    Ok(sqlx::query_scalar!(
        "SELECT min(position + 0) - 1 FROM events
         WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax($2::text::pg_snapshot)
             AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)",
        from,
        to
    )
    .fetch_one(conn)
    .await?)
}

async fn pools(
    conn: &mut PgConnection,
    selection: Selection,
    span: &Span,
    (after, limit): (Option<i64>, i64),
) -> Result<Vec<Entry>, StoreError> {
    let (from, to) = (span.from.to_string(), span.to.to_string());
    let rows = if let Selection::Pools(Some(facility)) = selection {
        sqlx::query_as!(
            CapacityRow,
            r#"SELECT xid::text::bigint AS "xid!", position AS "position!", changed_at, region_code, facility_id, base,
                 cluster, sex, version, total, occupied, held, overflow, shortfall, observed_at, valid_until, source
             FROM capacity_log
             WHERE region_code = $1 AND facility_id = $2 AND position > $3
                 AND pg_visible_in_snapshot(xid, $5::text::pg_snapshot)
                 AND NOT pg_visible_in_snapshot(xid, $4::text::pg_snapshot)
             ORDER BY position + 0 LIMIT $6"#,
            facility.home().to_string(),
            facility.uuid(),
            after.unwrap_or(-1),
            from,
            to,
            limit
        )
        .fetch_all(conn)
        .await?
    } else {
        let Some(after) = start_of_pools(conn, (&from, &to), after).await? else {
            return Ok(vec![]);
        };
        sqlx::query_as!(
            CapacityRow,
            r#"SELECT xid::text::bigint AS "xid!", position AS "position!", changed_at, region_code, facility_id, base,
                 cluster, sex, version, total, occupied, held, overflow, shortfall, observed_at, valid_until, source
             FROM capacity_log
             WHERE position > $1 AND pg_visible_in_snapshot(xid, $3::text::pg_snapshot)
                 AND NOT pg_visible_in_snapshot(xid, $2::text::pg_snapshot)
             ORDER BY position LIMIT $4"#,
            after,
            from,
            to,
            limit
        )
        .fetch_all(conn)
        .await?
    };
    rows.into_iter().map(CapacityRow::read).collect()
}

/// As [`start_of_told`].
async fn start_of_pools(
    conn: &mut PgConnection,
    (from, to): (&str, &str),
    after: Option<i64>,
) -> Result<Option<i64>, StoreError> {
    if after.is_some() {
        return Ok(after);
    }
    Ok(sqlx::query_scalar!(
        "SELECT min(position + 0) - 1 FROM capacity_log
         WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax($2::text::pg_snapshot)
             AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)",
        from,
        to
    )
    .fetch_one(conn)
    .await?)
}
