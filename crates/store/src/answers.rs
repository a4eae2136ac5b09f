//! How facilities answer, counted from their offers.

use serasi_domain::answers::AnswerRecord;
use sqlx::PgConnection;

use crate::StoreError;

/// Records older than this are counted again although nobody has answered: answers leave the window.
const RECOUNT_AFTER_HOURS: i32 = 24;
/// Old records counted again at a time.
const MAX_RECOUNTED: i64 = 500;

/// Counts the answers of those who have answered, or let an offer run out, in the last `minutes`. Gives the number of
/// records that changed.
pub async fn count_recent(conn: &mut PgConnection, minutes: i32) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "WITH wanted AS (
             SELECT facility_region AS region_code, facility_id FROM offers
             WHERE answered_at >= now() - make_interval(mins => $1)
             UNION
             (SELECT region_code, facility_id FROM answer_records
              WHERE counted_at < now() - make_interval(hours => $2) ORDER BY counted_at LIMIT $3)),
         counted AS (
             SELECT w.region_code, w.facility_id,
                 (percentile_disc(0.5) WITHIN GROUP (ORDER BY EXTRACT(epoch FROM o.answered_at - o.offered_at)) / 60)::int
                     AS median_answer_minutes,
                 (count(*) FILTER (WHERE o.decline_reason = 'full' AND o.holds_places))::int AS false_full
             FROM wanted w LEFT JOIN offers o ON o.facility_region = w.region_code AND o.facility_id = w.facility_id
                 AND o.offered_at >= now() - make_interval(days => $4)
                 AND o.state IN ('accepted', 'declined', 'expired')
             GROUP BY w.region_code, w.facility_id),
         written AS (
             INSERT INTO answer_records AS a (region_code, facility_id, version, median_answer_minutes, false_full,
                 changed_at, counted_at)
             SELECT region_code, facility_id, 1, median_answer_minutes, false_full, now(), now() FROM counted
             ON CONFLICT ON CONSTRAINT answer_records_key DO UPDATE
                 SET version = a.version + CASE WHEN (a.median_answer_minutes, a.false_full)
                         IS DISTINCT FROM (excluded.median_answer_minutes, excluded.false_full) THEN 1 ELSE 0 END,
                     median_answer_minutes = excluded.median_answer_minutes, false_full = excluded.false_full,
                     changed_at = CASE WHEN (a.median_answer_minutes, a.false_full)
                         IS DISTINCT FROM (excluded.median_answer_minutes, excluded.false_full) THEN now()
                         ELSE a.changed_at END,
                     counted_at = now()
             RETURNING *)
         INSERT INTO answer_log (region_code, facility_id, version, median_answer_minutes, false_full, changed_at)
         SELECT region_code, facility_id, version, median_answer_minutes, false_full, changed_at FROM written
         ON CONFLICT ON CONSTRAINT answer_log_key DO NOTHING",
        minutes,
        RECOUNT_AFTER_HOURS,
        MAX_RECOUNTED,
        AnswerRecord::WINDOW_DAYS
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
