//! What was measured in cases (P16 Ps.24(3)), counted by regency.

use serasi_domain::cluster::Cluster;
use serasi_domain::id::Regency;
use serasi_domain::insight::extent::Extent;
use serasi_domain::insight::indicators::{Achievement, Tally};
use serasi_domain::insight::period::MonthSpan;
use sqlx::PgConnection;

use crate::StoreError;
use crate::columns::{Row, regency};

/// Which measurements to count.
#[derive(Clone, Debug)]
pub struct IndicatorFilter {
    pub extent: Extent,
    pub months: MonthSpan,
    pub cluster: Option<Cluster>,
}

/// The table. Counts are of the whole nation, whatever the extent: which of them are hidden depends on all.
pub async fn count(
    conn: &mut PgConnection,
    filter: &IndicatorFilter,
) -> Result<Vec<Achievement>, StoreError> {
    let bounds = filter.months.bounds();
    let rows = sqlx::query!(
        r#"WITH latest AS (
               SELECT DISTINCT ON (i.region_code, i.case_id, i.kind, month) i.region_code, c.cluster, i.kind,
                   width_bucket(i.measured_at, $1::timestamptz[]) AS month, i.achieved_percent
               FROM case_indicators i JOIN cases c USING (region_code, case_id)
               WHERE i.measured_at >= $2 AND i.measured_at < $3 AND ($4::text IS NULL OR c.cluster = $4)
               ORDER BY i.region_code, i.case_id, i.kind, month, i.measured_at DESC, i.record_id DESC)
           SELECT region_code, cluster, kind, month AS "month!", count(*)::int AS "cases!",
               sum(achieved_percent)::bigint AS "percent_sum!"
           FROM latest GROUP BY region_code, cluster, kind, month"#,
        &bounds,
        bounds.first(),
        bounds.last(),
        filter.cluster.map(Cluster::code)
    )
    .fetch_all(conn)
    .await?;
    let tallies = rows.into_iter().map(|row| {
        let regency: Regency = regency("case_indicators", &row.region_code)?;
        let context = Row {
            table: "case_indicators",
            id: &regency,
        };
        // The first bucket is 1.
        let month = usize::try_from(row.month - 1).ok();
        let month = month.and_then(|month| filter.months.months().get(month));
        let cluster = row
            .cluster
            .map(|code| context.code("cluster", &code))
            .transpose()?;
        Ok(Tally {
            cell: (
                *context.present("measured_at", month)?,
                cluster,
                context.code("kind", &row.kind)?,
            ),
            regency,
            cases: row.cases,
            percent_sum: row.percent_sum,
        })
    });
    let tallies = tallies.collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Achievement::table(tallies, filter.extent))
}
