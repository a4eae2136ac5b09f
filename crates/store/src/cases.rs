//! Cases: the row becomes the state enum here and nowhere else.

use serasi_domain::case::{Case, CaseState, Owner};
use serasi_domain::cluster::Cluster;
use serasi_domain::id::{CaseId, OfferId, PlacementId, Regency};
use serasi_domain::intake::SourceKey;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::{Row, regency};
use crate::seal::Cell;
use crate::subject_keys::{open, seal, story_cell};
use crate::{Kept, Sealer, StoreError};

mod due;
mod list;

pub use due::{QueuePosition, get_many, overdue, waiting};
pub use list::{CaseFilter, CaseOrder, CasePosition, list};

#[derive(Debug)]
struct CaseRow {
    region_code: String,
    case_id: Uuid,
    version: i64,
    state: String,
    channel: String,
    source_system: String,
    source_ref: String,
    facts: serde_json::Value,
    owner_kind: String,
    owner_reference: String,
    next_deadline: Option<OffsetDateTime>,
    policy_version: String,
    refusals: i32,
    escalations: i32,
    offer_id: Option<Uuid>,
    placement_id: Option<Uuid>,
    waiting_since: Option<OffsetDateTime>,
    frozen: bool,
    created_at: OffsetDateTime,
    changed_at: OffsetDateTime,
}

impl TryFrom<CaseRow> for Case {
    type Error = StoreError;

    fn try_from(row: CaseRow) -> Result<Self, Self::Error> {
        let home = regency("cases", &row.region_code)?;
        let id = CaseId::new(home, row.case_id);
        let context = Row {
            table: "cases",
            id: &id,
        };
        let owner = match row.owner_kind.as_str() {
            "coordinator" => Owner::Coordinator(context.code("owner_reference", &row.owner_reference)?),
            "facility" => Owner::Facility(context.code("owner_reference", &row.owner_reference)?),
            _ => return Err(context.impossible("owner_kind")),
        };
        Ok(Self {
            id,
            version: row.version,
            state: read_state(&row, home, &context)?,
            channel: context.code("channel", &row.channel)?,
            source: SourceKey::new(&row.source_system, &row.source_ref)
                .map_err(|_| context.impossible("source_ref"))?,
            facts: serde_json::from_value(row.facts).map_err(|_| context.impossible("facts"))?,
            owner,
            next_deadline: row.next_deadline,
            policy_version: row.policy_version,
            refusals: row.refusals,
            escalations: row.escalations,
            is_frozen: row.frozen,
            created_at: row.created_at,
            changed_at: row.changed_at,
        })
    }
}

fn read_state(row: &CaseRow, home: Regency, context: &Row<'_, CaseId>) -> Result<CaseState, StoreError> {
    let offer = || {
        context
            .present("offer_id", row.offer_id)
            .map(|id| OfferId::new(home, id))
    };
    let placement = || {
        context
            .present("placement_id", row.placement_id)
            .map(|id| PlacementId::new(home, id))
    };
    let since = || context.present("waiting_since", row.waiting_since);
    Ok(match row.state.as_str() {
        "received" => CaseState::Received,
        "triaged" => CaseState::Triaged,
        "offered" => CaseState::Offered { offer: offer()? },
        "waiting" => CaseState::Waiting { since: since()? },
        "no_candidate" => CaseState::NoCandidate { since: since()? },
        "placed" => CaseState::Placed {
            placement: placement()?,
        },
        "in_service" => CaseState::InService {
            placement: placement()?,
        },
        "aftercare" => CaseState::Aftercare {
            placement: placement()?,
        },
        "closed" => CaseState::Closed,
        "resolved_directly" => CaseState::ResolvedDirectly,
        _ => return Err(context.impossible("state")),
    })
}

/// The columns that belong to a state.
struct StateColumns {
    offer: Option<Uuid>,
    placement: Option<Uuid>,
    waiting_since: Option<OffsetDateTime>,
    owner_kind: &'static str,
    owner_reference: String,
}

impl StateColumns {
    fn of(case: &Case) -> Self {
        let (offer, placement, waiting_since) = match &case.state {
            CaseState::Offered { offer } => (Some(offer.uuid()), None, None),
            CaseState::Placed { placement }
            | CaseState::InService { placement }
            | CaseState::Aftercare { placement } => (None, Some(placement.uuid()), None),
            CaseState::Waiting { since } | CaseState::NoCandidate { since } => (None, None, Some(*since)),
            CaseState::Received | CaseState::Triaged | CaseState::Closed | CaseState::ResolvedDirectly => {
                (None, None, None)
            }
        };
        let (owner_kind, owner_reference) = match case.owner {
            Owner::Coordinator(region) => ("coordinator", region.to_string()),
            Owner::Facility(facility) => ("facility", facility.to_string()),
        };
        Self {
            offer,
            placement,
            waiting_since,
            owner_kind,
            owner_reference,
        }
    }
}

fn facts_json(case: &Case) -> serde_json::Value {
    serde_json::to_value(&case.facts).expect("facts are plain data")
}

/// Adds a case in whatever state its first routing left it. The source key must have been claimed before.
pub async fn insert(conn: &mut PgConnection, case: &Case) -> Result<(), StoreError> {
    let columns = StateColumns::of(case);
    sqlx::query!(
        "INSERT INTO cases (region_code, case_id, version, state, channel, urgency, cluster, source_system, source_ref,
             facts, owner_kind, owner_reference, next_deadline, policy_version, refusals, offer_id, placement_id,
             waiting_since, escalations, created_at, changed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $20)",
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
        case.created_at
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
             placement_id = $15, waiting_since = $16, escalations = $17, changed_at = $18
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
        now
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

pub async fn get(conn: &mut PgConnection, id: CaseId) -> Result<Option<Case>, StoreError> {
    let row = sqlx::query_as!(
        CaseRow,
        "SELECT region_code, case_id, version, state, channel, source_system, source_ref, facts, owner_kind,
             owner_reference, next_deadline, policy_version, refusals, escalations, offer_id, placement_id,
             waiting_since, frozen, created_at, changed_at
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
             waiting_since, frozen, created_at, changed_at
         FROM cases WHERE region_code = $1 AND case_id = $2 FOR UPDATE",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Case::try_from).transpose()
}
