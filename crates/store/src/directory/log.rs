//! Entries of the change log with the transactions that wrote them.

use sqlx::PgConnection;

use super::{AnswerRow, with_place};
use crate::capacity::PoolRow;
use crate::facilities::FacilityRow;
use crate::history::{Change, Logged};
use crate::{Context, Store, StoreError};

/// Logs what stands in the tables and not in the log: what the previous release has changed, or somebody by hand. Gives
/// the number of entries added.
pub async fn complete(store: &Store) -> Result<u64, StoreError> {
    let mut conn = store.begin(Context::Directory).await?;
    let facilities = sqlx::query!(
        "INSERT INTO facility_log (region_code, facility_id, version, state, profile, state_reason, state_until,
             created_at, changed_at)
         SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities f
         WHERE NOT EXISTS (SELECT 1 FROM facility_log l WHERE l.region_code = f.region_code
             AND l.facility_id = f.facility_id AND l.version = f.version)
         ON CONFLICT ON CONSTRAINT facility_log_key DO NOTHING"
    )
    .execute(&mut *conn)
    .await?;
    // A pool that changed without its version gets the next one.
    let pools = sqlx::query!(
        "WITH changed AS (
             UPDATE capacity_pools p SET changed_at = now(), version = 1 + (
                 SELECT COALESCE(max(l.version), 0) FROM capacity_log l WHERE l.region_code = p.region_code
                     AND l.facility_id = p.facility_id AND l.base = p.base AND l.cluster = p.cluster AND l.sex = p.sex)
             WHERE NOT EXISTS (SELECT 1 FROM capacity_log l WHERE l.region_code = p.region_code
                 AND l.facility_id = p.facility_id AND l.base = p.base AND l.cluster = p.cluster AND l.sex = p.sex
                 AND l.version = p.version
                 AND (l.total, l.occupied, l.held, l.overflow, l.shortfall, l.observed_at, l.valid_until, l.source)
                     = (p.total, p.occupied, p.held, p.overflow, p.shortfall, p.observed_at, p.valid_until, p.source))
             RETURNING *)
         INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
             shortfall, observed_at, valid_until, source, changed_at)
         SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source, changed_at
         FROM changed
         ON CONFLICT ON CONSTRAINT capacity_log_key DO NOTHING"
    )
    .execute(&mut *conn)
    .await?;
    conn.commit().await?;
    Ok(facilities.rows_affected() + pools.rows_affected())
}

/// Transactions from the first on and before the second, and how many rows to read at most.
#[derive(Clone, Copy)]
struct Window {
    first: i64,
    end: i64,
    rows: i64,
}

/// Everything logged by transactions from `first` on and before `end`; `None` = more than `limit` entries.
pub(crate) async fn between(
    conn: &mut PgConnection,
    first: i64,
    end: i64,
    limit: usize,
) -> Result<Option<Vec<Logged>>, StoreError> {
    let rows = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let window = Window { first, end, rows };
    let mut logged = facilities(conn, window).await?;
    logged.extend(pools(conn, window).await?);
    logged.extend(answers(conn, window).await?);
    Ok((logged.len() <= limit).then_some(logged))
}

async fn facilities(conn: &mut PgConnection, window: Window) -> Result<Vec<Logged>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at,
               xid::text::bigint AS "xid!"
           FROM facility_log WHERE xid >= $1::text::xid8 AND xid < $2::text::xid8 LIMIT $3"#,
        window.first.to_string(),
        window.end.to_string(),
        window.rows
    )
    .fetch_all(conn)
    .await?;
    let mut logged = vec![];
    for row in rows {
        let facility = FacilityRow {
            region_code: row.region_code,
            facility_id: row.facility_id,
            version: row.version,
            state: row.state,
            profile: row.profile,
            state_reason: row.state_reason,
            state_until: row.state_until,
            created_at: row.created_at,
            changed_at: row.changed_at,
        };
        logged.push(Logged {
            xid: row.xid,
            change: Change::Facility(Box::new(with_place(facility)?)),
        });
    }
    Ok(logged)
}

async fn pools(conn: &mut PgConnection, window: Window) -> Result<Vec<Logged>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
               observed_at, valid_until, source, xid::text::bigint AS "xid!"
           FROM capacity_log WHERE xid >= $1::text::xid8 AND xid < $2::text::xid8 LIMIT $3"#,
        window.first.to_string(),
        window.end.to_string(),
        window.rows
    )
    .fetch_all(conn)
    .await?;
    let mut logged = vec![];
    for row in rows {
        let pool = PoolRow {
            region_code: row.region_code,
            facility_id: row.facility_id,
            base: row.base,
            cluster: row.cluster,
            sex: row.sex,
            version: row.version,
            total: row.total,
            occupied: row.occupied,
            held: row.held,
            overflow: row.overflow,
            shortfall: row.shortfall,
            observed_at: row.observed_at,
            valid_until: row.valid_until,
            source: row.source,
        };
        let (facility, pool) = pool.read()?;
        logged.push(Logged {
            xid: row.xid,
            change: Change::Pool(facility, pool),
        });
    }
    Ok(logged)
}

async fn answers(conn: &mut PgConnection, window: Window) -> Result<Vec<Logged>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT region_code, facility_id, version, median_answer_minutes, false_full, xid::text::bigint AS "xid!"
           FROM answer_log WHERE xid >= $1::text::xid8 AND xid < $2::text::xid8 LIMIT $3"#,
        window.first.to_string(),
        window.end.to_string(),
        window.rows
    )
    .fetch_all(conn)
    .await?;
    let mut logged = vec![];
    for row in rows {
        let answers = AnswerRow {
            region_code: row.region_code,
            facility_id: row.facility_id,
            version: row.version,
            median_answer_minutes: row.median_answer_minutes,
            false_full: row.false_full,
        };
        let (facility, record) = answers.read()?;
        logged.push(Logged {
            xid: row.xid,
            change: Change::Answers(facility, record),
        });
    }
    Ok(logged)
}
