//! Cases: the row becomes the state enum here and nowhere else.

use serasi_domain::case::ending::CloseReason;
use serasi_domain::case::{Case, CaseState};
use serasi_domain::cluster::Cluster;
use serasi_domain::id::CaseId;
use sqlx::PgConnection;
use time::OffsetDateTime;

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

/// Adds a case in whatever state its first routing left it. The source key must have been claimed before.
pub async fn insert(conn: &mut PgConnection, case: &Case) -> Result<(), StoreError> {
    let columns = StateColumns::of(case);
    sqlx::query!(
        "INSERT INTO cases (region_code, case_id, version, state, channel, urgency, cluster, source_system, source_ref,
             facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, offer_id, placement_id,
             waiting_since, escalations, created_at, changed_at, episode, episode_began_at, finish_before)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20, $21, $22,
             $23)",
        case.id.home().to_string(),
        case.id.uuid(),
        case.version,
        case.state.code(),
        case.channel.code(),
        case.facts.urgency.code(),
        case.facts.cluster.map(Cluster::code),
        case.source.system_name(),
        case.source.reference(),
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
        case.created_at,
        case.episode.number,
        case.episode.began_at,
        case.finish.map(|finish| finish.before)
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
             close_reason, ended_at, created_at, changed_at
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
             close_reason, ended_at, created_at, changed_at
         FROM cases WHERE region_code = $1 AND case_id = $2 FOR UPDATE",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Case::try_from).transpose()
}
