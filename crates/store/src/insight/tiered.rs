//! Cases of a period as the tiers see them: divided, and counted by regency.

use serasi_domain::insight::period::MonthSpan;
use serasi_domain::insight::tiered::TierTally;

use crate::columns::{Row, regency};
use crate::{Context, Store, StoreError};

/// Counts of the whole nation, whoever asks: which of them are told depends on all.
pub async fn count(store: &Store, months: &MonthSpan) -> Result<Vec<TierTally>, StoreError> {
    let bounds = months.bounds();
    let mut conn = store.begin_read(Context::Work).await?;
    let rows = sqlx::query!(
        r#"WITH reported AS (
               SELECT c.region_code, width_bucket(c.created_at, $1::timestamptz[]) AS month, c.cluster, c.channel, c.urgency,
                   c.state, p.furthest
               FROM cases c CROSS JOIN LATERAL (
                   SELECT CASE max(CASE p.state WHEN 'discharged' THEN 3 WHEN 'admitted' THEN 2 WHEN 'reserved' THEN 1 END)
                       WHEN 3 THEN 'discharged' WHEN 2 THEN 'admitted' WHEN 1 THEN 'reserved' ELSE 'none' END AS furthest
                   FROM placements p WHERE p.region_code = c.region_code AND p.case_id = c.case_id) p
               WHERE c.created_at >= $2 AND c.created_at < $3)
           SELECT region_code AS "region_code!", 'cluster' AS "division!", COALESCE(cluster, '') AS "code!",
               month AS "month!", count(*)::int AS "cases!"
           FROM reported GROUP BY region_code, month, cluster
           UNION ALL
           SELECT r.region_code, d.division, d.code, 0, count(*)::int
           FROM reported r CROSS JOIN LATERAL (
               VALUES ('channel', r.channel), ('urgency', r.urgency), ('outcome', r.state), ('placement', r.furthest))
               AS d (division, code)
           GROUP BY r.region_code, d.division, d.code"#,
        &bounds,
        bounds.first(),
        bounds.last()
    )
    .fetch_all(&mut *conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let context = Row {
                table: "cases",
                id: &row.region_code,
            };
            Ok(TierTally {
                regency: regency("cases", &row.region_code)?,
                division: context.code("division", &row.division)?,
                code: row.code,
                month: row.month,
                cases: row.cases,
            })
        })
        .collect()
}
