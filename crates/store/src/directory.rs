//! The directory as the board and a replay read it: everything at one moment, what changed since, or as it was.
//!
//! A position is a database snapshot (`pg_snapshot` as text): what it can see has been read, however the transactions
//! overlapped. The same position always gives the same directory, as long as the log is kept.

use serasi_domain::answers::AnswerRecord;
use serasi_domain::directory::Changes;
use serasi_domain::facility::Facility;
use serasi_domain::id::FacilityId;
use serasi_geography::{Place, atlas};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::capacity::PoolRow;
use crate::columns::{Row, regency};
use crate::facilities::FacilityRow;
use crate::{Context, Store, StoreError};

pub(crate) mod log;

pub use log::complete as complete_log;

/// How far the change log has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    snapshot: String,
    /// Transactions from here on had not begun. Grows; for people to compare.
    pub version: i64,
}

#[derive(Debug)]
struct AnswerRow {
    region_code: String,
    facility_id: Uuid,
    version: i64,
    median_answer_minutes: Option<i32>,
    false_full: i32,
}

impl Position {
    /// The text that `read` takes.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.snapshot
    }
}

/// Everything as it stands, and the position of this look.
pub async fn read_all(store: &Store) -> Result<(Position, Changes), StoreError> {
    let mut conn = store.begin_read(Context::Directory).await?;
    let position = position(&mut conn).await?;
    let facilities = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities"
    )
    .fetch_all(&mut *conn)
    .await?;
    let pools = sqlx::query_as!(
        PoolRow,
        "SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source
         FROM capacity_pools"
    )
    .fetch_all(&mut *conn)
    .await?;
    let answers = sqlx::query_as!(
        AnswerRow,
        "SELECT region_code, facility_id, version, median_answer_minutes, false_full FROM answer_records"
    )
    .fetch_all(&mut *conn)
    .await?;
    conn.commit().await?;
    Ok((position, changes(facilities, pools, answers)?))
}

/// What the last look could not see, and the position of this one. (Entries of transactions to come are those of a
/// database this one was restored from by a dump: they stand in the tables.)
pub async fn read_since(store: &Store, last: &Position) -> Result<(Position, Changes), StoreError> {
    let mut conn = store.begin_read(Context::Directory).await?;
    let position = position(&mut conn).await?;
    let facilities = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facility_log
         WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax(pg_current_snapshot())
             AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
         ORDER BY version",
        last.snapshot
    )
    .fetch_all(&mut *conn)
    .await?;
    let pools = sqlx::query_as!(
        PoolRow,
        "SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source
         FROM capacity_log
         WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax(pg_current_snapshot())
             AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
         ORDER BY version",
        last.snapshot
    )
    .fetch_all(&mut *conn)
    .await?;
    let answers = sqlx::query_as!(
        AnswerRow,
        "SELECT region_code, facility_id, version, median_answer_minutes, false_full FROM answer_log
         WHERE xid >= pg_snapshot_xmin($1::text::pg_snapshot) AND xid < pg_snapshot_xmax(pg_current_snapshot())
             AND NOT pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
         ORDER BY version",
        last.snapshot
    )
    .fetch_all(&mut *conn)
    .await?;
    conn.commit().await?;
    Ok((position, changes(facilities, pools, answers)?))
}

/// Everything as it was at `position`, from the log. What the log never saw is not there.
///
/// Facilities and pools are never deleted, so each one's newest entry that the position sees is looked up by key: the
/// length of the log does not count, only what has happened since.
pub async fn read_at(conn: &mut PgConnection, position: &str) -> Result<Changes, StoreError> {
    let facilities = sqlx::query_as!(
        FacilityRow,
        "SELECT l.region_code, l.facility_id, l.version, l.state, l.profile, l.state_reason, l.state_until,
             l.created_at, l.changed_at
         FROM facilities f CROSS JOIN LATERAL (
             SELECT * FROM facility_log l WHERE l.region_code = f.region_code AND l.facility_id = f.facility_id
                 AND pg_visible_in_snapshot(l.xid, $1::text::pg_snapshot)
             ORDER BY l.version DESC LIMIT 1) l",
        position
    )
    .fetch_all(&mut *conn)
    .await?;
    let pools = sqlx::query_as!(
        PoolRow,
        "SELECT l.region_code, l.facility_id, l.base, l.cluster, l.sex, l.version, l.total, l.occupied, l.held,
             l.overflow, l.shortfall, l.observed_at, l.valid_until, l.source
         FROM capacity_pools p CROSS JOIN LATERAL (
             SELECT * FROM capacity_log l WHERE l.region_code = p.region_code AND l.facility_id = p.facility_id
                 AND l.base = p.base AND l.cluster = p.cluster AND l.sex = p.sex
                 AND pg_visible_in_snapshot(l.xid, $1::text::pg_snapshot)
             ORDER BY l.version DESC LIMIT 1) l",
        position
    )
    .fetch_all(&mut *conn)
    .await?;
    let answers = sqlx::query_as!(
        AnswerRow,
        "SELECT l.region_code, l.facility_id, l.version, l.median_answer_minutes, l.false_full
         FROM answer_records a CROSS JOIN LATERAL (
             SELECT * FROM answer_log l WHERE l.region_code = a.region_code AND l.facility_id = a.facility_id
                 AND pg_visible_in_snapshot(l.xid, $1::text::pg_snapshot)
             ORDER BY l.version DESC LIMIT 1) l",
        position
    )
    .fetch_all(conn)
    .await?;
    changes(facilities, pools, answers)
}

async fn position(conn: &mut PgConnection) -> Result<Position, StoreError> {
    let row = sqlx::query!(
        r#"SELECT pg_current_snapshot()::text AS "snapshot!",
               pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS "version!""#
    )
    .fetch_one(conn)
    .await?;
    Ok(Position {
        snapshot: row.snapshot,
        version: row.version,
    })
}

fn changes(
    facilities: Vec<FacilityRow>,
    pools: Vec<PoolRow>,
    answers: Vec<AnswerRow>,
) -> Result<Changes, StoreError> {
    let facilities = facilities.into_iter().map(with_place);
    let pools = pools.into_iter().map(PoolRow::read);
    let answers = answers.into_iter().map(AnswerRow::read);
    Ok(Changes {
        facilities: facilities.collect::<Result<_, _>>()?,
        pools: pools.collect::<Result<_, _>>()?,
        answers: answers.collect::<Result<_, _>>()?,
    })
}

fn with_place(row: FacilityRow) -> Result<(Facility, Place), StoreError> {
    let facility = Facility::try_from(row)?;
    let place = atlas().place(facility.profile.place).ok_or_else(|| {
        Row {
            table: "facilities",
            id: &facility.id,
        }
        .impossible("place_code")
    })?;
    Ok((facility, place))
}

impl AnswerRow {
    fn read(self) -> Result<(FacilityId, AnswerRecord), StoreError> {
        let home = regency("answer_records", &self.region_code)?;
        let record = AnswerRecord {
            version: self.version,
            median_answer_minutes: self.median_answer_minutes,
            false_full: self.false_full,
        };
        Ok((FacilityId::new(home, self.facility_id), record))
    }
}
