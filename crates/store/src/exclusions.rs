//! Facilities that are not asked again for a case.

use std::collections::BTreeMap;

use serasi_domain::id::{CaseId, FacilityId};
use serasi_domain::routing::{Exclusion, ExclusionCause};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{column, regency};

/// Excludes a facility for each of these different cases, for a reason; a lasting exclusion is never weakened, and one for
/// safety takes the place of any other.
pub async fn exclude(
    conn: &mut PgConnection,
    exclusions: &[(CaseId, Exclusion, &str)],
    now: OffsetDateTime,
) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO case_exclusions
             (region_code, case_id, facility_region, facility_id, reason, excluded_at, excluded_until)
         SELECT region_code, case_id, facility_region, facility_id, reason, $6, excluded_until
         FROM UNNEST($1::text[], $2::uuid[], $3::text[], $4::uuid[], $5::text[], $7::timestamptz[])
             AS e (region_code, case_id, facility_region, facility_id, reason, excluded_until)
         ON CONFLICT ON CONSTRAINT case_exclusions_key DO UPDATE
             SET reason = excluded.reason, excluded_at = excluded.excluded_at,
                 excluded_until = excluded.excluded_until
             WHERE case_exclusions.excluded_until IS NOT NULL
                 OR excluded.reason LIKE '%:safety' AND case_exclusions.reason NOT LIKE '%:safety'",
        &column(exclusions, |(case, _, _)| case.home().to_string()),
        &column(exclusions, |(case, _, _)| case.uuid()),
        &column(exclusions, |(_, exclusion, _)| exclusion
            .facility
            .home()
            .to_string()),
        &column(exclusions, |(_, exclusion, _)| exclusion.facility.uuid()),
        &column(exclusions, |(_, _, reason)| *reason) as &[&str],
        now,
        &column(exclusions, |(_, exclusion, _)| exclusion.until) as &[Option<OffsetDateTime>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back the exclusion of a facility that the persons were to leave: they stay. One for safety outlives the transfer.
pub async fn stay_after_all(
    conn: &mut PgConnection,
    case: CaseId,
    facility: FacilityId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE case_exclusions SET excluded_until = excluded_at
         WHERE region_code = $1 AND case_id = $2 AND facility_region = $3 AND facility_id = $4
             AND reason LIKE 'transfer:%' AND reason <> 'transfer:safety'",
        case.home().to_string(),
        case.uuid(),
        facility.home().to_string(),
        facility.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Vec<Exclusion>, StoreError> {
    let rows = sqlx::query!(
        "SELECT facility_region, facility_id, reason, excluded_until FROM case_exclusions
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
                cause: cause(&row.reason),
                until: row.excluded_until,
            })
        })
        .collect()
}

/// Those of many cases at once; a case that has none is not in the answer.
pub async fn of_cases(
    conn: &mut PgConnection,
    cases: impl Iterator<Item = CaseId>,
) -> Result<BTreeMap<CaseId, Vec<Exclusion>>, StoreError> {
    let (regions, ids): (Vec<String>, Vec<Uuid>) =
        cases.map(|case| (case.home().to_string(), case.uuid())).unzip();
    let rows = sqlx::query!(
        "SELECT region_code, case_id, facility_region, facility_id, reason, excluded_until
         FROM case_exclusions JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, case_id)
             USING (region_code, case_id)
         ORDER BY facility_region, facility_id",
        &regions,
        &ids
    )
    .fetch_all(conn)
    .await?;
    let mut found: BTreeMap<CaseId, Vec<Exclusion>> = BTreeMap::new();
    for row in rows {
        let case = CaseId::new(regency("case_exclusions", &row.region_code)?, row.case_id);
        let home = regency("case_exclusions", &row.facility_region)?;
        found.entry(case).or_default().push(Exclusion {
            facility: FacilityId::new(home, row.facility_id),
            cause: cause(&row.reason),
            until: row.excluded_until,
        });
    }
    Ok(found)
}

/// A reason of an earlier release that nobody can read any more was a decline: there was nothing else then.
fn cause(reason: &str) -> ExclusionCause {
    ExclusionCause::of_reason(reason).unwrap_or(ExclusionCause::Declined)
}
