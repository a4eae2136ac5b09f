//! The directory as the board reads it: everything once, then what changed.

use std::collections::BTreeMap;

use serasi_domain::directory::Entry;
use serasi_domain::facility::Facility;
use serasi_domain::id::FacilityId;
use serasi_geography::atlas;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::capacity::PoolRow;
use crate::columns::Row;
use crate::facilities::FacilityRow;

/// Entries that changed since a moment, and the database's time of the look.
#[derive(Debug)]
pub struct Changes {
    pub read_at: OffsetDateTime,
    pub entries: Vec<Entry>,
}

/// Facilities of which the row or a pool changed at or after `since`; all of them for the earliest time.
///
/// `changed_at` is the start of the changing transaction, which may commit later than one that started after it:
/// the caller must look back further than a transaction can last.
pub async fn changed_since(conn: &mut PgConnection, since: OffsetDateTime) -> Result<Changes, StoreError> {
    let read_at = sqlx::query_scalar!(r#"SELECT now() AS "now!""#)
        .fetch_one(&mut *conn)
        .await?;
    let facilities = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities f
         WHERE f.changed_at >= $1 OR EXISTS (
             SELECT 1 FROM capacity_pools p
             WHERE p.region_code = f.region_code AND p.facility_id = f.facility_id AND p.changed_at >= $1)",
        since
    )
    .fetch_all(&mut *conn)
    .await?;
    let pools = sqlx::query_as!(
        PoolRow,
        "SELECT p.region_code, p.facility_id, p.base, p.cluster, p.sex, p.total, p.occupied, p.held, p.overflow,
             p.shortfall, p.observed_at, p.valid_until, p.source
         FROM capacity_pools p
         WHERE EXISTS (SELECT 1 FROM facilities f WHERE f.region_code = p.region_code
                 AND f.facility_id = p.facility_id AND f.changed_at >= $1)
             OR EXISTS (SELECT 1 FROM capacity_pools q WHERE q.region_code = p.region_code
                 AND q.facility_id = p.facility_id AND q.changed_at >= $1)",
        since
    )
    .fetch_all(conn)
    .await?;

    let mut by_facility: BTreeMap<FacilityId, Vec<_>> = BTreeMap::new();
    for row in pools {
        let (facility, pool) = row.read()?;
        by_facility.entry(facility).or_default().push(pool);
    }
    let entries = facilities
        .into_iter()
        .map(|row| {
            let facility = Facility::try_from(row)?;
            let mut pools = by_facility.remove(&facility.id).unwrap_or_default();
            pools.sort_by_key(|pool| pool.key);
            entry(facility, pools)
        })
        .collect::<Result<_, StoreError>>()?;
    Ok(Changes { read_at, entries })
}

fn entry(facility: Facility, pools: Vec<serasi_domain::capacity::Pool>) -> Result<Entry, StoreError> {
    let place = atlas().place(facility.profile.place).ok_or_else(|| {
        Row {
            table: "facilities",
            id: &facility.id,
        }
        .impossible("place_code")
    })?;
    Ok(Entry {
        facility,
        pools,
        place,
    })
}
