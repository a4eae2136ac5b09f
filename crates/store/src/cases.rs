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

/// Writes the next versions of locked cases, each over the state it had. `false` = the version or state of one of them
/// moved meanwhile: nothing of it may be committed.
pub async fn update(
    conn: &mut PgConnection,
    cases: &[(&Case, &CaseState)],
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let columns = column(cases, |(case, _)| StateColumns::of(case));
    let done = sqlx::query!(
        "UPDATE cases c SET version = n.version + 1, state = n.state, urgency = n.urgency, cluster = n.cluster,
             facts = n.facts, owner_kind = n.owner_kind, owner_reference = n.owner_reference,
             next_deadline = n.next_deadline, policy_version = n.policy_version, refusals = n.refusals,
             offer_id = n.offer_id, placement_id = n.placement_id, waiting_since = n.waiting_since,
             escalations = n.escalations, changed_at = $5, episode = n.episode, episode_began_at = n.episode_began_at,
             finish_before = n.finish_before, finish_has_rung = n.finish_has_rung,
             facility_reference = n.facility_reference, transfer_waiting_since = n.transfer_waiting_since,
             transfer_offer_id = n.transfer_offer_id, transfer_placement_id = n.transfer_placement_id,
             transfer_facility_reference = n.transfer_facility_reference, close_reason = n.close_reason,
             ended_at = n.ended_at
         FROM UNNEST($1::text[], $2::uuid[], $3::bigint[], $4::text[], $6::text[], $7::text[], $8::text[], $9::jsonb[],
             $10::text[], $11::text[], $12::timestamptz[], $13::text[], $14::int[], $15::uuid[], $16::uuid[],
             $17::timestamptz[], $18::int[], $19::int[], $20::timestamptz[], $21::timestamptz[], $22::bool[],
             $23::text[], $24::timestamptz[], $25::uuid[], $26::uuid[], $27::text[], $28::text[], $29::timestamptz[])
             AS n (region_code, case_id, version, old_state, state, urgency, cluster, facts, owner_kind, owner_reference,
                 next_deadline, policy_version, refusals, offer_id, placement_id, waiting_since, escalations, episode,
                 episode_began_at, finish_before, finish_has_rung, facility_reference, transfer_waiting_since,
                 transfer_offer_id, transfer_placement_id, transfer_facility_reference, close_reason, ended_at)
         WHERE c.region_code = n.region_code AND c.case_id = n.case_id AND c.version = n.version
             AND c.state = n.old_state",
        &column(cases, |(case, _)| case.id.home().to_string()),
        &column(cases, |(case, _)| case.id.uuid()),
        &column(cases, |(case, _)| case.version),
        &column(cases, |(_, old_state)| old_state.code()) as &[&str],
        now,
        &column(cases, |(case, _)| case.state.code()) as &[&str],
        &column(cases, |(case, _)| case.facts.urgency.code()) as &[&str],
        &column(cases, |(case, _)| case.facts.cluster.map(Cluster::code)) as &[Option<&str>],
        &column(cases, |(case, _)| facts_json(case)),
        &column(&columns, |row| row.owner_kind) as &[&str],
        &column(&columns, |row| row.owner_reference.as_str()) as &[&str],
        &column(cases, |(case, _)| case.next_deadline) as &[Option<OffsetDateTime>],
        &column(cases, |(case, _)| case.policy_version.as_str()) as &[&str],
        &column(cases, |(case, _)| case.refusals),
        &column(&columns, |row| row.offer) as &[Option<Uuid>],
        &column(&columns, |row| row.placement) as &[Option<Uuid>],
        &column(&columns, |row| row.waiting_since) as &[Option<OffsetDateTime>],
        &column(cases, |(case, _)| case.escalations),
        &column(cases, |(case, _)| case.episode.number),
        &column(cases, |(case, _)| case.episode.began_at),
        &column(cases, |(case, _)| case.finish.map(|finish| finish.before)) as &[Option<OffsetDateTime>],
        &column(cases, |(case, _)| case.finish.is_some_and(|finish| finish.has_rung)),
        &column(&columns, |row| row.facility.as_deref()) as &[Option<&str>],
        &column(&columns, |row| row.transfer_since) as &[Option<OffsetDateTime>],
        &column(&columns, |row| row.transfer_offer) as &[Option<Uuid>],
        &column(&columns, |row| row.transfer_placement) as &[Option<Uuid>],
        &column(&columns, |row| row.transfer_facility.as_deref()) as &[Option<&str>],
        &column(&columns, |row| row.close_reason.map(CloseReason::code)) as &[Option<&str>],
        &column(&columns, |row| row.ended_at) as &[Option<OffsetDateTime>]
    )
    .execute(conn)
    .await?;
    Ok(usize::try_from(done.rows_affected()).is_ok_and(|written| written == cases.len()))
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

/// Those of these cases that nobody else has locked, locked until the transaction ends; nobody is waited for.
pub async fn get_at_hand_for_change(
    conn: &mut PgConnection,
    ids: &[CaseId],
) -> Result<Vec<Case>, StoreError> {
    let rows = sqlx::query_as!(
        CaseRow,
        "SELECT c.region_code, c.case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, episode, episode_began_at, finish_before, finish_has_rung, facility_reference,
             transfer_waiting_since, transfer_offer_id, transfer_placement_id, transfer_facility_reference,
             close_reason, ended_at, frozen, created_at, changed_at
         FROM cases c JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, case_id)
             ON c.region_code = wanted.region_code AND c.case_id = wanted.case_id
         FOR UPDATE OF c SKIP LOCKED",
        &column(ids, |id| id.home().to_string()),
        &column(ids, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Case::try_from).collect()
}
