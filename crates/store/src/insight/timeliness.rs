//! How long it took from report to offer, answer and acceptance.

use serasi_domain::case::stage::Stage;
use serasi_domain::insight::Durations;
use serasi_domain::insight::extent::Extent;
use serasi_domain::insight::period::DaySpan;
use serasi_domain::insight::timeliness::Timeliness;
use serasi_domain::need::Urgency;
use serasi_geography::RegionCode;
use sqlx::PgConnection;

use super::{code_length, region};
use crate::StoreError;
use crate::columns::{Row, scope_pattern};

#[derive(Debug)]
struct TimelinessRow {
    region: String,
    urgency: String,
    offers: i32,
    offer_median: Option<i32>,
    offer_p90: Option<i32>,
    acceptances: i32,
    acceptance_median: Option<i32>,
    acceptance_p90: Option<i32>,
    answers: i32,
    in_time: i32,
    answer_median: Option<i32>,
    answer_p90: Option<i32>,
}

impl TryFrom<TimelinessRow> for Timeliness {
    type Error = StoreError;

    fn try_from(row: TimelinessRow) -> Result<Self, StoreError> {
        let region = region("cases", &row.region)?;
        let context = Row {
            table: "cases",
            id: &region,
        };
        Ok(Self {
            region,
            urgency: context.code("urgency", &row.urgency)?,
            first_offer: Durations {
                count: row.offers,
                median_minutes: row.offer_median,
                p90_minutes: row.offer_p90,
            },
            answer: Durations {
                count: row.answers,
                median_minutes: row.answer_median,
                p90_minutes: row.answer_p90,
            },
            acceptance: Durations {
                count: row.acceptances,
                median_minutes: row.acceptance_median,
                p90_minutes: row.acceptance_p90,
            },
            answered_in_time: row.in_time,
            stages: vec![],
        })
    }
}

/// By region, the most urgent first.
pub async fn count(
    conn: &mut PgConnection,
    extent: Extent,
    days: DaySpan,
) -> Result<Vec<Timeliness>, StoreError> {
    let mut rows = waits(conn, extent, days).await?;
    for (region, urgency, stage, took) in stage_times(conn, extent, days).await? {
        let row = rows
            .iter_mut()
            .find(|row| (row.region, row.urgency) == (region, urgency));
        if let Some(row) = row {
            row.stages.push((stage, took));
        }
    }
    Ok(rows)
}

/// How long the stages of the cases reported in the period took, in order.
async fn stage_times(
    conn: &mut PgConnection,
    extent: Extent,
    days: DaySpan,
) -> Result<Vec<(RegionCode, Urgency, Stage, Durations)>, StoreError> {
    let (from, until) = days.bounds();
    let rows = sqlx::query!(
        r#"SELECT left(c.region_code, $1) AS "region!", c.urgency, s.stage, count(*)::int AS "count!",
               (percentile_disc(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM s.signed_at - s.begun_at)) / 60)::int
                   AS "median!",
               (percentile_disc(0.9) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM s.signed_at - s.begun_at)) / 60)::int
                   AS "p90!"
           FROM cases c JOIN case_stages s USING (region_code, case_id)
           WHERE c.created_at >= $2 AND c.created_at < $3 AND c.region_code LIKE $4 AND s.signed_at IS NOT NULL
           GROUP BY 1, c.urgency, s.stage"#,
        code_length(extent.rows()),
        from,
        until,
        scope_pattern(extent.region())
    )
    .fetch_all(conn)
    .await?;
    let mut times = rows
        .into_iter()
        .map(|row| {
            let region = region("cases", &row.region)?;
            let context = Row {
                table: "case_stages",
                id: &region,
            };
            let took = Durations {
                count: row.count,
                median_minutes: Some(row.median),
                p90_minutes: Some(row.p90),
            };
            let urgency: Urgency = context.code("urgency", &row.urgency)?;
            let stage: Stage = context.code("stage", &row.stage)?;
            Ok((region, urgency, stage, took))
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    times.sort_unstable_by_key(|(_, _, stage, _)| *stage);
    Ok(times)
}

async fn waits(
    conn: &mut PgConnection,
    extent: Extent,
    days: DaySpan,
) -> Result<Vec<Timeliness>, StoreError> {
    let (from, until) = days.bounds();
    let rows = sqlx::query_as!(
        TimelinessRow,
        r#"WITH reported AS (
               SELECT region_code, case_id, left(region_code, $1) AS region, urgency, created_at FROM cases
               WHERE created_at >= $2 AND created_at < $3 AND region_code LIKE $4),
           firsts AS (
               SELECT r.region, r.urgency, EXTRACT(epoch FROM min(o.offered_at) - r.created_at) AS offer,
                   EXTRACT(epoch FROM min(o.answered_at) FILTER (WHERE o.state = 'accepted') - r.created_at)
                       AS acceptance
               FROM reported r LEFT JOIN offers o USING (region_code, case_id)
               GROUP BY r.region_code, r.case_id, r.region, r.urgency, r.created_at),
           waited AS (
               SELECT region, urgency, count(offer)::int AS offers,
                   (percentile_disc(0.5) WITHIN GROUP (ORDER BY offer) / 60)::int AS offer_median,
                   (percentile_disc(0.9) WITHIN GROUP (ORDER BY offer) / 60)::int AS offer_p90,
                   count(acceptance)::int AS acceptances,
                   (percentile_disc(0.5) WITHIN GROUP (ORDER BY acceptance) / 60)::int AS acceptance_median,
                   (percentile_disc(0.9) WITHIN GROUP (ORDER BY acceptance) / 60)::int AS acceptance_p90
               FROM firsts GROUP BY region, urgency),
           answered AS (
               SELECT r.region, r.urgency, count(*)::int AS answers,
                   (count(*) FILTER (WHERE o.state <> 'expired'))::int AS in_time,
                   (percentile_disc(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM o.answered_at - o.offered_at)) / 60)::int
                       AS answer_median,
                   (percentile_disc(0.9) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM o.answered_at - o.offered_at)) / 60)::int
                       AS answer_p90
               FROM reported r JOIN offers o USING (region_code, case_id)
               WHERE o.state IN ('accepted', 'declined', 'expired')
               GROUP BY r.region, r.urgency)
           SELECT w.region AS "region!", w.urgency, w.offers AS "offers!", w.offer_median,
               w.offer_p90, w.acceptances AS "acceptances!", w.acceptance_median, w.acceptance_p90,
               COALESCE(a.answers, 0) AS "answers!", COALESCE(a.in_time, 0) AS "in_time!", a.answer_median, a.answer_p90
           FROM waited w LEFT JOIN answered a USING (region, urgency)
           ORDER BY w.region, CASE w.urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END"#,
        code_length(extent.rows()),
        from,
        until,
        scope_pattern(extent.region())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Timeliness::try_from).collect()
}
