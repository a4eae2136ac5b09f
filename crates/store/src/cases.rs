//! Cases: the row becomes the state enum here and nowhere else.

use serasi_domain::case::ending::CloseReason;
use serasi_domain::case::{Case, CaseState};
use serasi_domain::cluster::Cluster;
use serasi_domain::id::CaseId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::column;
use crate::seal::Cell;
use crate::subject_keys::{open, seal, story_cell};
use crate::{Kept, Sealer, StoreError};

mod due;
mod list;
mod row;

pub use due::{QueuePosition, get_many, near, overdue, waiting};
pub use list::{CaseFilter, CaseOrder, CasePosition, list};
use row::{CaseRow, StateColumns};
pub(crate) use row::{owner_columns, read_owner};

fn facts_json(case: &Case) -> serde_json::Value {
    serde_json::to_value(&case.facts).expect("facts are plain data")
}

/// Adds cases in whatever state their first routing left them. Their source keys must have been claimed before.
pub async fn insert(conn: &mut PgConnection, cases: &[&Case]) -> Result<(), StoreError> {
    let columns: Vec<_> = cases.iter().map(|case| StateColumns::of(case)).collect();
    sqlx::query!(
        "INSERT INTO cases (region_code, case_id, version, state, channel, urgency, cluster, source_system, source_ref,
             facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, offer_id, placement_id,
             waiting_since, escalations, created_at, changed_at, episode, episode_began_at, finish_before)
         SELECT region_code, case_id, version, state, channel, urgency, cluster, source_system, source_ref,
             facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, offer_id, placement_id,
             waiting_since, escalations, created_at, created_at, episode, episode_began_at, finish_before
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
             $9::text[], $10::jsonb[], $11::text[], $12::text[], $13::timestamptz[], $14::text[], $15::int[],
             $16::uuid[], $17::uuid[], $18::timestamptz[], $19::int[], $20::timestamptz[], $21::int[],
             $22::timestamptz[], $23::timestamptz[])
             AS c (region_code, case_id, version, state, channel, urgency, cluster, source_system, source_ref,
                 facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, offer_id, placement_id,
                 waiting_since, escalations, created_at, episode, episode_began_at, finish_before)",
        &column(cases, |case| case.id.home().to_string()),
        &column(cases, |case| case.id.uuid()),
        &column(cases, |case| case.version),
        &column(cases, |case| case.state.code()) as &[&str],
        &column(cases, |case| case.channel.code()) as &[&str],
        &column(cases, |case| case.facts.urgency.code()) as &[&str],
        &column(cases, |case| case.facts.cluster.map(Cluster::code)) as &[Option<&str>],
        &column(cases, |case| case.source.system_name()) as &[&str],
        &column(cases, |case| case.source.reference()) as &[&str],
        &column(cases, |case| facts_json(case)),
        &column(&columns, |row| row.owner_kind) as &[&str],
        &column(&columns, |row| row.owner_reference.as_str()) as &[&str],
        &column(cases, |case| case.next_deadline) as &[Option<OffsetDateTime>],
        &column(cases, |case| case.policy_version.as_str()) as &[&str],
        &column(cases, |case| case.refusals),
        &column(&columns, |row| row.offer) as &[Option<Uuid>],
        &column(&columns, |row| row.placement) as &[Option<Uuid>],
        &column(&columns, |row| row.waiting_since) as &[Option<OffsetDateTime>],
        &column(cases, |case| case.escalations),
        &column(cases, |case| case.created_at),
        &column(cases, |case| case.episode.number),
        &column(cases, |case| case.episode.began_at),
        &column(cases, |case| case.finish.map(|finish| finish.before)) as &[Option<OffsetDateTime>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Writes the next version of a case that `get_for_change` gave. `false` = the version or state moved meanwhile.
pub async fn update(
    conn: &mut PgConnection,
    case: &Case,
    old_state: &CaseState,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let columns = StateColumns::of(case);
    let done = sqlx::query!(
        "UPDATE cases SET version = version + 1, state = $5, urgency = $6, cluster = $7, facts = $8, owner_kind = $9,
             owner_reference = $10, next_deadline = $11, policy_version = $12, refusals = $13, offer_id = $14,
             placement_id = $15, waiting_since = $16, escalations = $17, changed_at = $18, episode = $19,
             episode_began_at = $20, finish_before = $21, finish_has_rung = $22, facility_reference = $23,
             transfer_waiting_since = $24, transfer_offer_id = $25, transfer_placement_id = $26,
             transfer_facility_reference = $27, close_reason = $28, ended_at = $29
         WHERE region_code = $1 AND case_id = $2 AND version = $3 AND state = $4",
        case.id.home().to_string(),
        case.id.uuid(),
        case.version,
        old_state.code(),
        case.state.code(),
        case.facts.urgency.code(),
        case.facts.cluster.map(Cluster::code),
        facts_json(case),
        columns.owner_kind,
        columns.owner_reference,
        case.next_deadline,
        case.policy_version,
        case.refusals,
        columns.offer,
        columns.placement,
        columns.waiting_since,
        case.escalations,
        now,
        case.episode.number,
        case.episode.began_at,
        case.finish.map(|finish| finish.before),
        case.finish.is_some_and(|finish| finish.has_rung),
        columns.facility,
        columns.transfer_since,
        columns.transfer_offer,
        columns.transfer_placement,
        columns.transfer_facility,
        columns.close_reason.map(CloseReason::code),
        columns.ended_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

const fn resolution_cell(case: CaseId) -> Cell {
    story_cell("cases", "resolution", case.uuid(), case)
}

/// Keeps what was done, sealed.
pub async fn set_resolution(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    resolution: &str,
) -> Result<(), StoreError> {
    let content = seal(conn, sealer, case, resolution_cell(case), &resolution).await?;
    sqlx::query!(
        "UPDATE cases SET resolution = $3 WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid(),
        content
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was done, if the case was ended with words.
pub async fn resolution(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Option<Kept<String>>, StoreError> {
    let kept = sqlx::query_scalar!(
        "SELECT resolution FROM cases WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten();
    match kept {
        None => Ok(None),
        Some(kept) => open(conn, sealer, resolution_cell(case), &kept).await.map(Some),
    }
}

const fn close_cell(case: CaseId) -> Cell {
    story_cell("cases", "close_note", case.uuid(), case)
}

/// Keeps the words about the end, sealed.
pub async fn set_close_note(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    note: &str,
) -> Result<(), StoreError> {
    let content = seal(conn, sealer, case, close_cell(case), &note).await?;
    sqlx::query!(
        "UPDATE cases SET close_note = $3 WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid(),
        content
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The words about an end belong to it: a case that goes on will have another.
pub async fn forget_close_note(conn: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE cases SET close_note = NULL WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Words about the end, if there are any.
pub async fn close_note(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Option<Kept<String>>, StoreError> {
    let kept = sqlx::query_scalar!(
        "SELECT close_note FROM cases WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?
    .flatten();
    match kept {
        None => Ok(None),
        Some(kept) => open(conn, sealer, close_cell(case), &kept).await.map(Some),
    }
}

pub async fn get(conn: &mut PgConnection, id: CaseId) -> Result<Option<Case>, StoreError> {
    let row = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, frozen, created_at, changed_at
         FROM cases WHERE region_code = $1 AND case_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Case::try_from).transpose()
}

/// The case, its row locked until the transaction ends: verbs on one case take turns.
pub async fn get_for_change(conn: &mut PgConnection, id: CaseId) -> Result<Option<Case>, StoreError> {
    let row = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, frozen, created_at, changed_at
         FROM cases WHERE region_code = $1 AND case_id = $2 FOR UPDATE",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Case::try_from).transpose()
}
