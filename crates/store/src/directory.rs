//! The directory as the board reads it: everything once, then what changed.

use serasi_domain::capacity::Pool;
use serasi_domain::directory::Changes;
use serasi_domain::facility::Facility;
use serasi_domain::id::FacilityId;
use serasi_geography::atlas;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::capacity::PoolRow;
use crate::columns::Row;
use crate::facilities::FacilityRow;

/// Facilities and pools that changed at or after `since`, and the database's time of the look.
///
/// `changed_at` is the start of the changing transaction, which may commit later than one that started after it:
/// the caller must look back further than a transaction can last.
pub async fn changed_since(
    conn: &mut PgConnection,
    since: OffsetDateTime,
) -> Result<(OffsetDateTime, Changes), StoreError> {
    let read_at = sqlx::query_scalar!(r#"SELECT now() AS "now!""#)
        .fetch_one(&mut *conn)
        .await?;
    let facilities = sqlx::query_as!(
        FacilityRow,
        "SELECT region_code, facility_id, version, state, profile, state_reason, state_until, created_at, changed_at
         FROM facilities WHERE changed_at >= $1",
        since
    )
    .fetch_all(&mut *conn)
    .await?;
    let pools = sqlx::query_as!(
        PoolRow,
        "SELECT region_code, facility_id, base, cluster, sex, total, occupied, held, overflow, shortfall, observed_at,
             valid_until, source
         FROM capacity_pools WHERE changed_at >= $1",
        since
    )
    .fetch_all(conn)
    .await?;
    let facilities = facilities
        .into_iter()
        .map(|row| {
            let facility = Facility::try_from(row)?;
            let place = atlas().place(facility.profile.place).ok_or_else(|| {
                Row {
                    table: "facilities",
                    id: &facility.id,
                }
                .impossible("place_code")
            })?;
            Ok((facility, place))
        })
        .collect::<Result<_, StoreError>>()?;
    let pools = pools
        .into_iter()
        .map(PoolRow::read)
        .collect::<Result<Vec<(FacilityId, Pool)>, StoreError>>()?;
    Ok((read_at, Changes { facilities, pools }))
}
