//! Places for several cases at once: what they want of one pool is taken by one change of its row, or not at all.

use std::collections::HashSet;

use serasi_domain::capacity::{Pool, PoolKey};
use serasi_domain::id::{FacilityId, OfferId};
use serasi_domain::need::Places;
use sqlx::PgConnection;

use super::Purpose;
use crate::StoreError;
use crate::columns::{column, pool_columns, regency};

/// What cases want of one pool, one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    places: i32,
    /// So many must be free when they begin: what is wanted up to the last case that may not have a place that is kept for
    /// emergencies.
    free: i32,
}

impl Wanted {
    pub fn add(&mut self, places: Places, with_overflow: bool) {
        self.places += places.as_i32();
        if !with_overflow {
            self.free = self.places;
        }
    }

    /// Whether the pool, as it was read, has all of it. `reserve_together` asks the same of the row.
    #[must_use]
    pub const fn fits(self, pool: &Pool) -> bool {
        let free = pool.free();
        (self.free == 0 || free >= self.free) && free + pool.overflow >= self.places
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
                   WITH ORDINALITY AS w (region_code, facility_id, base, cluster, sex, places, must_be_free, place)),
           asked AS MATERIALIZED (
               -- Locked, so that a facility cannot close between this look and the commit.
               SELECT region_code, facility_id FROM facilities
               WHERE (region_code, facility_id) IN (SELECT region_code, facility_id FROM wanted)
                   AND (state = 'active' OR state = 'suspended' AND ($8 OR state_until <= now()))
               ORDER BY region_code, facility_id FOR SHARE),
           locked AS MATERIALIZED (
               SELECT p.region_code, p.facility_id, p.base, p.cluster, p.sex, w.places, w.must_be_free, w.place
               FROM wanted w JOIN asked USING (region_code, facility_id)
               JOIN capacity_pools p USING (region_code, facility_id, base, cluster, sex)
               ORDER BY p.region_code, p.facility_id, p.base, p.cluster, p.sex FOR NO KEY UPDATE OF p),
           changed AS (
               UPDATE capacity_pools p SET held = p.held + w.places, free = p.free - w.places,
                   version = p.version + 1, changed_at = now()
               FROM locked w
               WHERE p.region_code = w.region_code AND p.facility_id = w.facility_id
                   AND p.base = w.base AND p.cluster = w.cluster AND p.sex = w.sex
                   AND (w.must_be_free = 0 OR p.free >= w.must_be_free) AND p.free + p.overflow >= w.places
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
        &column(wanted, |(_, _, wanted)| wanted.places),
        &column(wanted, |(_, _, wanted)| wanted.free),
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

/// Gives places back that were held for these offers to these houses; what goes back to one pool does so at once. `false`
/// = one of them was not held.
pub async fn release_together(
    conn: &mut PgConnection,
    held: &[(FacilityId, OfferId)],
) -> Result<bool, StoreError> {
    let released = sqlx::query_scalar!(
        r#"WITH moved AS (
               UPDATE holds h SET state = 'released', changed_at = now()
               FROM UNNEST($1::text[], $2::uuid[], $3::uuid[]) AS n (region_code, facility_id, hold_id)
               WHERE h.region_code = n.region_code AND h.hold_id = n.hold_id AND h.facility_id = n.facility_id
                   AND h.state = 'held'
               RETURNING h.region_code, h.facility_id, h.base, h.cluster, h.sex, h.places),
           given_back AS (
               SELECT region_code, facility_id, base, cluster, sex, sum(places)::int AS places FROM moved
               GROUP BY region_code, facility_id, base, cluster, sex),
           changed AS (
               UPDATE capacity_pools p SET held = p.held - g.places, free = p.free + g.places,
                   version = p.version + 1, changed_at = now()
               FROM given_back g
               WHERE p.region_code = g.region_code AND p.facility_id = g.facility_id AND p.base = g.base
                   AND p.cluster = g.cluster AND p.sex = g.sex
               RETURNING p.*),
           logged AS (
               INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held,
                   overflow, shortfall, observed_at, valid_until, source, changed_at)
               SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow,
                   shortfall, observed_at, valid_until, source, changed_at
               FROM changed)
           SELECT count(*) AS "count!" FROM moved"#,
        &column(held, |(facility, _)| facility.home().to_string()),
        &column(held, |(facility, _)| facility.uuid()),
        &column(held, |(_, offer)| offer.uuid())
    )
    .fetch_one(conn)
    .await?;
    Ok(usize::try_from(released).is_ok_and(|released| released == held.len()))
}

/// Locks these houses with all their pools, in key order, as `reserve_together` does.
pub async fn lock(conn: &mut PgConnection, houses: &[FacilityId]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH houses AS MATERIALIZED (
             SELECT region_code, facility_id FROM facilities
             WHERE (region_code, facility_id) IN (SELECT * FROM UNNEST($1::text[], $2::uuid[]))
             ORDER BY region_code, facility_id FOR SHARE)
         SELECT p.region_code FROM capacity_pools p JOIN houses USING (region_code, facility_id)
         ORDER BY p.region_code, p.facility_id, p.base, p.cluster, p.sex FOR NO KEY UPDATE OF p",
        &column(houses, |id| id.home().to_string()),
        &column(houses, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Locks those of these houses, with all their pools, that nobody else has locked, and gives them; waits for none.
pub async fn lock_at_hand(
    conn: &mut PgConnection,
    houses: &[FacilityId],
) -> Result<Vec<FacilityId>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH houses AS MATERIALIZED (
               SELECT region_code, facility_id FROM facilities
               WHERE (region_code, facility_id) IN (SELECT * FROM UNNEST($1::text[], $2::uuid[]))
               FOR SHARE SKIP LOCKED),
           pools AS MATERIALIZED (
               SELECT p.region_code, p.facility_id FROM capacity_pools p JOIN houses USING (region_code, facility_id)
               FOR NO KEY UPDATE OF p SKIP LOCKED)
           SELECT h.region_code, h.facility_id FROM houses h
           WHERE (SELECT count(*) FROM pools p WHERE (p.region_code, p.facility_id) = (h.region_code, h.facility_id))
               = (SELECT count(*) FROM capacity_pools p
                  WHERE (p.region_code, p.facility_id) = (h.region_code, h.facility_id))"#,
        &column(houses, |id| id.home().to_string()),
        &column(houses, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    let ids = rows.into_iter().map(|row| {
        Ok(FacilityId::new(
            regency("facilities", &row.region_code)?,
            row.facility_id,
        ))
    });
    ids.collect()
}

#[cfg(test)]
mod tests {
    use serasi_domain::capacity::CapacitySource;
    use serasi_domain::need::ServiceBase;
    use time::OffsetDateTime;

    use super::*;

    #[test]
    fn who_comes_first_takes_the_place_that_is_free_for_all() {
        let pool = Pool {
            key: PoolKey::any(ServiceBase::Residential),
            version: 1,
            total: 1,
            occupied: 0,
            held: 0,
            overflow: 1,
            shortfall: 0,
            observed_at: OffsetDateTime::UNIX_EPOCH,
            valid_until: OffsetDateTime::UNIX_EPOCH,
            source: CapacitySource::Facility,
        };
        let fits = |with_overflow: [bool; 2]| {
            let mut wanted = Wanted::default();
            with_overflow.map(|with_overflow| {
                wanted.add(Places::ONE, with_overflow);
                wanted.fits(&pool)
            })
        };
        assert_eq!(fits([false, true]), [true, true]);
        assert_eq!(fits([true, true]), [true, true]);
        assert_eq!(fits([true, false]), [true, false], "as they would be alone");
        assert_eq!(fits([false, false]), [true, false]);
    }
}
