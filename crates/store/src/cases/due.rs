//! What the hub's own jobs look for: cases that wait for a place, and cases on which nobody acted in time.

use std::collections::BTreeMap;

use serasi_domain::case::Case;
use serasi_domain::id::{CaseId, Regency};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::CaseRow;
use crate::StoreError;
use crate::columns::regency;

/// Where a round through the waiting cases stands: urgency, time and case of the last one seen.
pub type QueuePosition = (i32, OffsetDateTime, Uuid);

/// Cases and transfers nobody has been found for and that waited at `started`, the most urgent and then the oldest first, after
/// `last`. A case that begins to wait while somebody goes through the queue is not met again and again.
pub async fn waiting(
    conn: &mut PgConnection,
    last: Option<QueuePosition>,
    started: OffsetDateTime,
    limit: i64,
) -> Result<Vec<(QueuePosition, CaseId)>, StoreError> {
    let (urgency, since, id) = last.unwrap_or((-1, OffsetDateTime::UNIX_EPOCH, Uuid::nil()));
    let rows = sqlx::query!(
        r#"SELECT region_code, case_id, created_at AS "since!",
               CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END AS "rank!"
           FROM cases
           WHERE (state IN ('waiting', 'no_candidate') OR transfer_waiting_since IS NOT NULL)
               AND COALESCE(waiting_since, transfer_waiting_since) <= $4
               AND (CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, created_at, case_id)
                   > ($1, $2, $3)
           ORDER BY CASE urgency WHEN 'emergency' THEN 0 WHEN 'urgent' THEN 1 ELSE 2 END, created_at, case_id
           LIMIT $5"#,
        urgency,
        since,
        id,
        started,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let home = regency("cases", &row.region_code)?;
            Ok(((row.rank, row.since, row.case_id), CaseId::new(home, row.case_id)))
        })
        .collect()
}

/// Many cases at once, without a lock. One that cannot be read is an error of its own.
pub async fn get_many(
    conn: &mut PgConnection,
    ids: impl Iterator<Item = CaseId>,
) -> Result<BTreeMap<CaseId, Result<Case, StoreError>>, StoreError> {
    let (regions, uuids): (Vec<String>, Vec<Uuid>) = ids.map(|id| (id.home().to_string(), id.uuid())).unzip();
    let rows = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, created_at, changed_at
         FROM cases JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, case_id)
             USING (region_code, case_id)",
        &regions,
        &uuids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = CaseId::new(regency("cases", &row.region_code)?, row.case_id);
            Ok((id, Case::try_from(row)))
        })
        .collect()
}

/// Cases of a regency that were taken down in a time, the newest first.
pub async fn near(
    conn: &mut PgConnection,
    home: Regency,
    (from, until): (OffsetDateTime, OffsetDateTime),
    limit: i64,
) -> Result<Vec<Case>, StoreError> {
    let rows = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, created_at, changed_at
         FROM cases WHERE region_code = $1 AND created_at BETWEEN $2 AND $3
         ORDER BY created_at DESC, case_id LIMIT $4",
        home.to_string(),
        from,
        until,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Case::try_from).collect()
}

/// Cases whose deadline has passed, by the database's clock, the longest overdue first, after `last`. A facility's time to
/// answer is the offer's own: of an offered case only the clock of the whole way counts.
pub async fn overdue(
    conn: &mut PgConnection,
    last: Option<(OffsetDateTime, CaseId)>,
    limit: i64,
) -> Result<Vec<(OffsetDateTime, CaseId)>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT region_code, case_id, next_deadline AS "due_at!" FROM cases
           WHERE next_deadline <= now()
               AND (state <> 'offered' OR next_deadline = finish_before AND NOT finish_has_rung)
               AND ($1::timestamptz IS NULL OR (next_deadline, region_code, case_id) > ($1, $2, $3))
           ORDER BY next_deadline, region_code, case_id LIMIT $4"#,
        last.map(|(due_at, _)| due_at),
        last.map(|(_, id)| id.home().to_string()),
        last.map(|(_, id)| id.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok((
                row.due_at,
                CaseId::new(regency("cases", &row.region_code)?, row.case_id),
            ))
        })
        .collect()
}
