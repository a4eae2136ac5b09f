//! Places: held, occupied, released, reported. Every change is conditional on what it assumes, so that no bed is
//! promised twice whoever else is at work.

use serasi_domain::capacity::{CapacityReport, CapacitySource, Pool, PoolKey};
use serasi_domain::id::{CaseId, FacilityId, OfferId};
use serasi_domain::need::Places;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, column, pool_columns, regency};

mod together;

pub use together::{Wanted, lock, lock_at_hand, release_together, reserve_together};

/// Places to hold for a case.
#[derive(Clone, Copy, Debug)]
pub struct Hold {
    pub facility: FacilityId,
    pub pool: PoolKey,
    pub case: CaseId,
    /// The hold goes by the offer's id.
    pub offer: OfferId,
    pub places: Places,
}

/// Why places are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A facility is to be asked: it must be active.
    Offer,
    /// A facility accepts what it was asked while it was active: a suspension since then does not undo it.
    Acceptance,
}

/// A report with its validity.
#[derive(Clone, Debug)]
pub struct Reported<'a> {
    pub report: &'a CapacityReport,
    pub observed_at: OffsetDateTime,
    pub valid_until: OffsetDateTime,
    pub source: CapacitySource,
}

#[derive(Debug)]
pub(crate) struct PoolRow {
    pub(crate) region_code: String,
    pub(crate) facility_id: Uuid,
    pub(crate) base: String,
    pub(crate) cluster: String,
    pub(crate) sex: String,
    pub(crate) version: i64,
    pub(crate) total: i32,
    pub(crate) occupied: i32,
    pub(crate) held: i32,
    pub(crate) overflow: i32,
    pub(crate) shortfall: i32,
    pub(crate) observed_at: OffsetDateTime,
    pub(crate) valid_until: OffsetDateTime,
    pub(crate) source: String,
}

impl PoolRow {
    pub(crate) fn read(self) -> Result<(FacilityId, Pool), StoreError> {
        let facility = FacilityId::new(regency("capacity_pools", &self.region_code)?, self.facility_id);
        let context = Row {
            table: "capacity_pools",
            id: &facility,
        };
        let pool = Pool {
            key: context.pool(&self.base, &self.cluster, &self.sex)?,
            version: self.version,
            total: self.total,
            occupied: self.occupied,
            held: self.held,
            overflow: self.overflow,
            shortfall: self.shortfall,
            observed_at: self.observed_at,
            valid_until: self.valid_until,
            source: context.code("source", &self.source)?,
        };
        Ok((facility, pool))
    }
}

/// Takes the places if that many are known to be free now; `false` = they are not there, or the facility may not.
pub async fn reserve(
    conn: &mut PgConnection,
    hold: &Hold,
    with_overflow: bool,
    purpose: Purpose,
) -> Result<bool, StoreError> {
    let mut wanted = Wanted::default();
    wanted.add(hold.places, with_overflow);
    let taken = reserve_together(conn, &[(hold.facility, hold.pool, wanted)], purpose).await?;
    Ok(!taken.is_empty())
}

/// Puts on record whose the reserved places are.
pub async fn insert_holds(conn: &mut PgConnection, holds: &[Hold]) -> Result<(), StoreError> {
    let pools: Vec<_> = holds.iter().map(|hold| pool_columns(hold.pool)).collect();
    sqlx::query!(
        "INSERT INTO holds (region_code, hold_id, facility_id, base, cluster, sex, case_region, case_id, places, state,
             held_at, changed_at)
         SELECT region_code, hold_id, facility_id, base, cluster, sex, case_region, case_id, places, 'held', now(), now()
         FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
             $9::int[])
             AS h (region_code, hold_id, facility_id, base, cluster, sex, case_region, case_id, places)",
        &column(holds, |hold| hold.facility.home().to_string()),
        &column(holds, |hold| hold.offer.uuid()),
        &column(holds, |hold| hold.facility.uuid()),
        &column(&pools, |(base, _, _)| *base) as &[&str],
        &column(&pools, |(_, cluster, _)| *cluster) as &[&str],
        &column(&pools, |(_, _, sex)| *sex) as &[&str],
        &column(holds, |hold| hold.case.home().to_string()),
        &column(holds, |hold| hold.case.uuid()),
        &column(holds, |hold| hold.places.as_i32())
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What becomes of places the hub has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// held -> released: the places are free again.
    Release,
    /// held -> occupied: the persons have moved in.
    Occupy,
    /// occupied -> released: the persons have left. A later report may have counted fewer people than the hub knows
    /// of; then only as many places become free as are counted.
    Vacate,
}

impl Move {
    const fn states(self) -> (&'static str, &'static str) {
        match self {
            Self::Release => ("held", "released"),
            Self::Occupy => ("held", "occupied"),
            Self::Vacate => ("occupied", "released"),
        }
    }
}

/// Moves the places of one hold on. `false` = there was no such hold.
pub async fn move_hold(
    conn: &mut PgConnection,
    facility: FacilityId,
    offer: OfferId,
    step: Move,
) -> Result<bool, StoreError> {
    let (from, to) = step.states();
    let done = sqlx::query!(
        "WITH moved AS (
             UPDATE holds SET state = $5, changed_at = now()
             WHERE region_code = $1 AND hold_id = $2 AND facility_id = $3 AND state = $4
             RETURNING region_code, facility_id, base, cluster, sex, places),
         changed AS (
             UPDATE capacity_pools p SET
                 held = p.held - CASE $4 WHEN 'held' THEN moved.places ELSE 0 END,
                 occupied = p.occupied + CASE WHEN $5 = 'occupied' THEN moved.places
                     WHEN $4 = 'occupied' THEN -LEAST(moved.places, p.occupied) ELSE 0 END,
                 free = p.free + CASE WHEN $5 = 'occupied' THEN 0
                     WHEN $4 = 'occupied' THEN LEAST(moved.places, p.occupied) ELSE moved.places END,
                 version = p.version + 1, changed_at = now()
             FROM moved
             WHERE p.region_code = moved.region_code AND p.facility_id = moved.facility_id AND p.base = moved.base
                 AND p.cluster = moved.cluster AND p.sex = moved.sex
             RETURNING p.*)
         INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
             shortfall, observed_at, valid_until, source, changed_at)
         SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source, changed_at
         FROM changed",
        facility.home().to_string(),
        offer.uuid(),
        facility.uuid(),
        from,
        to
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a statement of the facility. What the hub holds stays held; if that leaves less than nothing, the difference
/// is kept as `shortfall` for people to see. `false` = the hub has a newer report.
pub async fn report(
    conn: &mut PgConnection,
    facility: FacilityId,
    reported: &Reported<'_>,
) -> Result<bool, StoreError> {
    let (base, cluster, sex) = pool_columns(reported.report.key);
    let done = sqlx::query!(
        "WITH changed AS (
             INSERT INTO capacity_pools AS p (region_code, facility_id, base, cluster, sex, version, total, occupied,
                 held, free, overflow, shortfall, observed_at, valid_until, source, changed_at)
             VALUES ($1, $2, $3, $4, $5, 1, $6, $7, 0, $6::int - $7::int, $8, 0, $9, $10, $11, now())
             ON CONFLICT ON CONSTRAINT capacity_pools_key DO UPDATE
                 SET total = excluded.total, occupied = excluded.occupied, overflow = excluded.overflow,
                     free = excluded.total - excluded.occupied - p.held,
                     shortfall = GREATEST(0, excluded.occupied + p.held - excluded.total - excluded.overflow),
                     observed_at = excluded.observed_at, valid_until = excluded.valid_until, source = excluded.source,
                     version = p.version + 1, changed_at = now()
                 WHERE p.observed_at <= excluded.observed_at
             RETURNING p.*)
         INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
             shortfall, observed_at, valid_until, source, changed_at)
         SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source, changed_at
         FROM changed",
        facility.home().to_string(),
        facility.uuid(),
        base,
        cluster,
        sex,
        reported.report.total(),
        reported.report.occupied(),
        reported.report.overflow(),
        reported.observed_at,
        reported.valid_until,
        reported.source.code()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// After a decline with reason FULL: what seemed free is occupied. A pool nobody has reported stays unknown, and the
/// time of the last count stays, so that the facility's next report is never older than the correction.
pub async fn correct_to_full(
    conn: &mut PgConnection,
    facility: FacilityId,
    pool: PoolKey,
) -> Result<(), StoreError> {
    let (base, cluster, sex) = pool_columns(pool);
    sqlx::query!(
        "WITH changed AS (
             UPDATE capacity_pools SET occupied = occupied + free, free = 0, source = 'decline', version = version + 1,
                 changed_at = now()
             WHERE region_code = $1 AND facility_id = $2 AND base = $3 AND cluster = $4 AND sex = $5 AND free > 0
             RETURNING *)
         INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
             shortfall, observed_at, valid_until, source, changed_at)
         SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source, changed_at
         FROM changed",
        facility.home().to_string(),
        facility.uuid(),
        base,
        cluster,
        sex
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The pools of a facility, in key order.
pub async fn of_facility(conn: &mut PgConnection, facility: FacilityId) -> Result<Vec<Pool>, StoreError> {
    let rows = sqlx::query_as!(
        PoolRow,
        "SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source
         FROM capacity_pools WHERE region_code = $1 AND facility_id = $2 ORDER BY base, cluster, sex",
        facility.home().to_string(),
        facility.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| row.read().map(|(_, pool)| pool))
        .collect()
}

/// Whether the hub has persons, promises or unanswered offers there.
pub async fn is_in_use(conn: &mut PgConnection, facility: FacilityId) -> Result<bool, StoreError> {
    let open = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM holds WHERE region_code = $1 AND facility_id = $2 AND state <> 'released')
               OR EXISTS (SELECT 1 FROM offers
                   WHERE facility_region = $1 AND facility_id = $2 AND state IN ('offered', 'seen')) AS "open!""#,
        facility.home().to_string(),
        facility.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(open)
}

/// States the pools of many new facilities at once.
pub async fn insert_many(
    conn: &mut PgConnection,
    reports: &[(FacilityId, Reported<'_>)],
) -> Result<(), StoreError> {
    let mut columns: [Vec<String>; 5] = Default::default();
    let mut numbers: [Vec<i32>; 3] = Default::default();
    let ids: Vec<Uuid> = reports.iter().map(|(facility, _)| facility.uuid()).collect();
    let observed: Vec<_> = reports.iter().map(|(_, reported)| reported.observed_at).collect();
    let valid: Vec<_> = reports.iter().map(|(_, reported)| reported.valid_until).collect();
    for (facility, reported) in reports {
        let (base, cluster, sex) = pool_columns(reported.report.key);
        let texts = [
            facility.home().to_string(),
            base.into(),
            cluster.into(),
            sex.into(),
            reported.source.to_string(),
        ];
        columns
            .iter_mut()
            .zip(texts)
            .for_each(|(column, text)| column.push(text));
        let counts = [
            reported.report.total(),
            reported.report.occupied(),
            reported.report.overflow(),
        ];
        numbers
            .iter_mut()
            .zip(counts)
            .for_each(|(column, count)| column.push(count));
    }
    let [regions, bases, clusters, sexes, sources] = columns;
    let [totals, occupied, overflow] = numbers;
    sqlx::query!(
        "WITH changed AS (
             INSERT INTO capacity_pools (region_code, facility_id, base, cluster, sex, version, total, occupied, held,
                 free, overflow, shortfall, observed_at, valid_until, source, changed_at)
             SELECT region_code, facility_id, base, cluster, sex, 1, total, occupied, 0, total - occupied, overflow, 0,
                 observed_at, valid_until, source, now()
             FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::int[],
                 $9::timestamptz[], $10::timestamptz[], $11::text[])
                 AS p (region_code, facility_id, base, cluster, sex, total, occupied, overflow, observed_at,
                     valid_until, source)
             RETURNING *)
         INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
             shortfall, observed_at, valid_until, source, changed_at)
         SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
             observed_at, valid_until, source, changed_at
         FROM changed",
        &regions,
        &ids,
        &bases,
        &clusters,
        &sexes,
        &totals,
        &occupied,
        &overflow,
        &observed,
        &valid,
        &sources
    )
    .execute(conn)
    .await?;
    Ok(())
}
