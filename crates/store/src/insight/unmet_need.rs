//! Cases for which nobody was found, counted by regency, and how long they waited.

use std::collections::BTreeMap;

use serasi_domain::cluster::Cluster;
use serasi_domain::insight::extent::Extent;
use serasi_domain::insight::period::{Month, MonthSpan};
use serasi_domain::insight::suppression::SMALLEST_TOLD;
use serasi_domain::insight::unmet_need::{Question, RowKey, Tally, UnmetNeed};
use serasi_geography::RegionCode;
use sqlx::PgConnection;

use super::{code_length, region};
use crate::columns::{Row, regency, scope_pattern};
use crate::{Context, Store, StoreError};

/// Which cases to count.
#[derive(Clone, Debug)]
pub struct UnmetNeedFilter {
    pub extent: Extent,
    pub months: MonthSpan,
    pub cluster: Option<Cluster>,
}

/// Hours to the first offer, of the rows where enough cases had one.
pub type MedianWaits = BTreeMap<RowKey, i32>;

/// The table, and the waits beside it, of one moment.
pub async fn count(
    store: &Store,
    filter: &UnmetNeedFilter,
) -> Result<(Vec<UnmetNeed>, MedianWaits), StoreError> {
    let mut conn = store.begin_read(Context::Work).await?;
    let tallies = tallies(&mut conn, filter).await?;
    let waits = waits(&mut conn, filter).await?;
    Ok((UnmetNeed::table(tallies, filter.extent), waits))
}

/// Counts of the whole nation, whatever the extent: which of them are hidden depends on all.
async fn tallies(conn: &mut PgConnection, filter: &UnmetNeedFilter) -> Result<Vec<Tally>, StoreError> {
    let bounds = filter.months.bounds();
    let rows = sqlx::query!(
        r#"WITH met AS (
               SELECT d.region_code, d.case_id, bool_or(d.outcome = 'no_candidate') AS no_candidate,
                   bool_or(d.outcome = 'waiting') AS waiting,
                   array_agg(DISTINCT d.nearest_miss_rule) FILTER (WHERE d.nearest_miss_rule IS NOT NULL) AS rules
               FROM decisions d JOIN cases c USING (region_code, case_id)
               WHERE d.outcome IN ('no_candidate', 'waiting') AND d.decided_at >= $2
                   AND c.created_at >= $2 AND c.created_at < $3
               GROUP BY d.region_code, d.case_id),
           reported AS MATERIALIZED (
               SELECT c.region_code, c.cluster, width_bucket(c.created_at, $1::timestamptz[]) AS month,
                   m.no_candidate, m.waiting, m.rules, m.case_id IS NOT NULL AND NOT EXISTS (
                       SELECT 1 FROM offers o
                       WHERE o.region_code = c.region_code AND o.case_id = c.case_id AND o.state = 'accepted')
                       AS never_placed
               FROM cases c LEFT JOIN met m USING (region_code, case_id)
               WHERE c.created_at >= $2 AND c.created_at < $3 AND ($4::text IS NULL OR c.cluster = $4)),
           counted AS (
               SELECT region_code, cluster, month, count(*) AS cases, count(*) FILTER (WHERE no_candidate) AS no_candidate,
                   count(*) FILTER (WHERE waiting) AS waiting, count(*) FILTER (WHERE never_placed) AS never_placed
               FROM reported GROUP BY region_code, cluster, month)
           SELECT c.region_code AS "region_code!", c.cluster, c.month AS "month!", q.question AS "question!",
               NULL AS rule, q.cases::int AS "cases!"
           FROM counted c CROSS JOIN LATERAL (
               VALUES ('reported', c.cases), ('no_candidate', c.no_candidate), ('waiting', c.waiting),
                   ('never_placed', c.never_placed)) AS q (question, cases)
           UNION ALL
           SELECT r.region_code, r.cluster, r.month, 'near_miss', rule, count(*)::int
           FROM reported r CROSS JOIN LATERAL unnest(r.rules) AS rule
           GROUP BY r.region_code, r.cluster, r.month, rule"#,
        &bounds,
        bounds.first(),
        bounds.last(),
        filter.cluster.map(Cluster::code)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let regency = regency("cases", &row.region_code)?;
            let month = month(filter, row.month, regency.code())?;
            let cluster = cluster(row.cluster.as_deref(), regency.code())?;
            let question = question(&row.question, row.rule, regency.code())?;
            Ok(Tally {
                cell: (month, cluster),
                question,
                regency,
                cases: row.cases,
            })
        })
        .collect()
}

/// Medians tell of single cases where there are few: rows with fewer than are told have none.
async fn waits(conn: &mut PgConnection, filter: &UnmetNeedFilter) -> Result<MedianWaits, StoreError> {
    let bounds = filter.months.bounds();
    let rows = sqlx::query!(
        r#"SELECT left(c.region_code, $1) AS "region!", c.cluster,
               width_bucket(c.created_at, $2::timestamptz[]) AS "month!",
               (percentile_disc(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM first.offered_at - c.created_at)) / 3600)::int
                   AS "median_hours!"
           FROM cases c CROSS JOIN LATERAL (
               SELECT min(o.offered_at) AS offered_at FROM offers o
               WHERE o.region_code = c.region_code AND o.case_id = c.case_id) first
           WHERE c.created_at >= $3 AND c.created_at < $4 AND c.region_code LIKE $5
               AND ($6::text IS NULL OR c.cluster = $6) AND first.offered_at IS NOT NULL
               AND EXISTS (
                   SELECT 1 FROM decisions d WHERE d.region_code = c.region_code AND d.case_id = c.case_id
                       AND d.outcome IN ('no_candidate', 'waiting'))
           GROUP BY 1, 2, 3 HAVING count(*) >= $7"#,
        code_length(filter.extent.rows()),
        &bounds,
        bounds.first(),
        bounds.last(),
        scope_pattern(filter.extent.region()),
        filter.cluster.map(Cluster::code),
        i64::from(SMALLEST_TOLD)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let region = region("cases", &row.region)?;
            let month = month(filter, row.month, region)?;
            let cluster = cluster(row.cluster.as_deref(), region)?;
            Ok(((month, cluster, region), row.median_hours))
        })
        .collect()
}

const fn cases(region: &RegionCode) -> Row<'_, RegionCode> {
    Row {
        table: "cases",
        id: region,
    }
}

/// The month of a bucket; the first is 1.
fn month(filter: &UnmetNeedFilter, bucket: i32, region: RegionCode) -> Result<Month, StoreError> {
    let position = usize::try_from(bucket - 1).ok();
    let month = position.and_then(|position| filter.months.months().get(position));
    cases(&region).present("created_at", month.copied())
}

fn cluster(code: Option<&str>, region: RegionCode) -> Result<Option<Cluster>, StoreError> {
    code.map(|code| cases(&region).code("cluster", code)).transpose()
}

fn question(code: &str, rule: Option<String>, region: RegionCode) -> Result<Question, StoreError> {
    Ok(match code {
        "reported" => Question::Reported,
        "no_candidate" => Question::NoCandidate,
        "waiting" => Question::Waiting,
        "never_placed" => Question::NeverPlaced,
        _ => Question::NearMiss(cases(&region).present("nearest_miss_rule", rule)?),
    })
}
