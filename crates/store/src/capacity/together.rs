//! Places for several cases at once: what they want of one pool is taken by one change of its row, or not at all.

use std::collections::HashSet;

use serasi_domain::capacity::{Pool, PoolKey};
use serasi_domain::id::FacilityId;
use serasi_domain::need::Places;
use sqlx::PgConnection;

use super::Purpose;
use crate::StoreError;
use crate::columns::{column, pool_columns};

/// What cases want of one pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Only such as are free.
    plain: i32,
    /// Beyond these, if need be, such as are kept for emergencies.
    with_overflow: i32,
}

impl Wanted {
    pub fn add(&mut self, places: Places, with_overflow: bool) {
        if with_overflow {
            self.with_overflow += places.as_i32();
        } else {
            self.plain += places.as_i32();
        }
    }

    /// Whether the pool, as it was read, has all of it. `reserve_together` asks the same of the row.
    #[must_use]
    pub const fn fits(self, pool: &Pool) -> bool {
        let (free, all) = (pool.free(), self.plain + self.with_overflow);
        (self.plain == 0 || free >= self.plain) && free + pool.overflow >= all
    }
}

/// Takes what is wanted of each of these pools, no pool twice; gives those that had it. The rows are locked in key order,
/// whoever asks: two that want the same pools wait for each other on one side only.
pub async fn reserve_together(
    conn: &mut PgConnection,
    wanted: &[(FacilityId, PoolKey, Wanted)],
    purpose: Purpose,
) -> Result<HashSet<(FacilityId, PoolKey)>, StoreError> {
    if wanted.is_empty() {
        return Ok(HashSet::new());
    }
    let pools: Vec<_> = wanted.iter().map(|(_, pool, _)| pool_columns(*pool)).collect();
    let places = sqlx::query_scalar!(
        r#"WITH wanted AS MATERIALIZED (
               SELECT * FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::int[], $7::int[])
                   WITH ORDINALITY AS w (region_code, facility_id, base, cluster, sex, plain, overflow, place)),
           asked AS MATERIALIZED (
               -- Locked, so that a facility cannot close between this look and the commit.
               SELECT region_code, facility_id FROM facilities
               WHERE (region_code, facility_id) IN (SELECT region_code, facility_id FROM wanted)
                   AND (state = 'active' OR state = 'suspended' AND ($8 OR state_until <= now()))
               ORDER BY region_code, facility_id FOR SHARE),
           locked AS MATERIALIZED (
               SELECT p.region_code, p.facility_id, p.base, p.cluster, p.sex, w.plain, w.overflow, w.place
               FROM wanted w JOIN asked USING (region_code, facility_id)
               JOIN capacity_pools p USING (region_code, facility_id, base, cluster, sex)
               ORDER BY p.region_code, p.facility_id, p.base, p.cluster, p.sex FOR NO KEY UPDATE OF p),
           changed AS (
               UPDATE capacity_pools p SET held = p.held + w.plain + w.overflow, free = p.free - w.plain - w.overflow,
                   version = p.version + 1, changed_at = now()
               FROM locked w
               WHERE p.region_code = w.region_code AND p.facility_id = w.facility_id
                   AND p.base = w.base AND p.cluster = w.cluster AND p.sex = w.sex
                   AND (w.plain = 0 OR p.free >= w.plain) AND p.free + p.overflow >= w.plain + w.overflow
                   AND p.valid_until > now()
               RETURNING p.*, w.place),
           logged AS (
               INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held,
                   overflow, shortfall, observed_at, valid_until, source, changed_at)
               SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
                   shortfall, observed_at, valid_until, source, changed_at
               FROM changed)
           SELECT place AS "place!" FROM changed"#,
        &column(wanted, |(id, _, _)| id.home().to_string()),
        &column(wanted, |(id, _, _)| id.uuid()),
        &column(&pools, |(base, _, _)| *base) as &[&str],
        &column(&pools, |(_, cluster, _)| *cluster) as &[&str],
        &column(&pools, |(_, _, sex)| *sex) as &[&str],
        &column(wanted, |(_, _, wanted)| wanted.plain),
        &column(wanted, |(_, _, wanted)| wanted.with_overflow),
        matches!(purpose, Purpose::Acceptance)
    )
    .fetch_all(conn)
    .await?;
    let places = places
        .into_iter()
        .filter_map(|place| usize::try_from(place - 1).ok());
    let taken = places.filter_map(|place| wanted.get(place));
    Ok(taken.map(|(facility, pool, _)| (*facility, *pool)).collect())
}
