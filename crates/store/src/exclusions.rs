//! Facilities that are not asked again for a case.

use serasi_domain::id::{CaseId, FacilityId};
use serasi_domain::routing::Exclusion;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::columns::regency;

/// Excludes `facility` for `case`; a lasting exclusion is never weakened.
pub async fn exclude(
    conn: &mut PgConnection,
    case: CaseId,
    exclusion: Exclusion,
    reason: &str,
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO case_exclusions
             (region_code, case_id, facility_region, facility_id, reason, excluded_at, excluded_until)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT ON CONSTRAINT case_exclusions_key DO UPDATE
             SET reason = excluded.reason, excluded_at = excluded.excluded_at,
                 excluded_until = excluded.excluded_until
             WHERE case_exclusions.excluded_until IS NOT NULL",
        case.home().to_string(),
        case.uuid(),
        exclusion.facility.home().to_string(),
        exclusion.facility.uuid(),
        reason,
        now,
        exclusion.until
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Exclusion>, StoreError> {
    let rows = sqlx::query!(
        "SELECT facility_region, facility_id, excluded_until FROM case_exclusions
         WHERE region_code = $1 AND case_id = $2 ORDER BY facility_region, facility_id",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let home = regency("case_exclusions", &row.facility_region)?;
            Ok(Exclusion {
                facility: FacilityId::new(home, row.facility_id),
                until: row.excluded_until,
            })
        })
        .collect()
}
