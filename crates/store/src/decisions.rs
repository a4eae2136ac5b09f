//! Stored decisions: the bytes of the record as they were made, and what they were made of.

use std::collections::HashMap;

use serasi_domain::cluster::Cluster;
use serasi_domain::id::{CaseId, DecisionId};
use serasi_domain::routing::Decision;
use serasi_domain::routing::replay::DecisionInputs;
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, column, regency, scope_pattern};

/// A decision as it was made.
#[derive(Clone, Debug)]
pub struct NewDecision<'a> {
    pub id: DecisionId,
    pub case: CaseId,
    pub decision: &'a Decision,
    pub inputs: &'a DecisionInputs,
    /// How far the board had read.
    pub position: &'a str,
}

/// A decision as it is kept.
#[derive(Clone, Debug)]
pub struct StoredDecision {
    pub case: CaseId,
    pub decision: Decision,
    /// The record, byte for byte.
    pub record: Vec<u8>,
    /// `None` for decisions of a release that did not keep them, or not in this form.
    pub made_of: Option<MadeOf>,
}

/// What it takes to make a decision again, besides the policy.
#[derive(Clone, Debug)]
pub struct MadeOf {
    pub inputs: DecisionInputs,
    pub position: String,
}

impl NewDecision<'_> {
    fn nearest_miss(&self) -> Option<&str> {
        let miss = self.decision.near_misses.first()?;
        Some(miss.rejection.as_ref()?.rule.as_str())
    }

    fn inputs_json(&self) -> Vec<u8> {
        serde_json::to_vec(self.inputs).expect("inputs are plain data")
    }
}

/// Keeps decisions.
pub async fn insert(conn: &mut PgConnection, new: &[NewDecision<'_>]) -> Result<(), StoreError> {
    sqlx::query!(
        "INSERT INTO decisions (region_code, decision_id, case_id, decided_at, outcome, policy_version, record, inputs,
             board_position, cluster, nearest_miss_rule)
         SELECT region_code, decision_id, case_id, decided_at, outcome, policy_version, record, inputs,
             board_position, cluster, nearest_miss_rule
         FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::text[], $6::text[], $7::bytea[],
             $8::bytea[], $9::text[], $10::text[], $11::text[])
             AS d (region_code, decision_id, case_id, decided_at, outcome, policy_version, record, inputs,
                 board_position, cluster, nearest_miss_rule)",
        &column(new, |new| new.id.home().to_string()),
        &column(new, |new| new.id.uuid()),
        &column(new, |new| new.case.uuid()),
        &column(new, |new| new.decision.decided_at),
        &column(new, |new| new.decision.outcome.code()) as &[&str],
        &column(new, |new| new.decision.policy_version.as_str()) as &[&str],
        &column(new, |new| new.decision.to_bytes()),
        &column(new, NewDecision::inputs_json),
        &column(new, |new| new.position) as &[&str],
        &column(new, |new| new.inputs.facts.cluster.map(Cluster::code)) as &[Option<&str>],
        &column(new, NewDecision::nearest_miss) as &[Option<&str>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Debug)]
struct DecisionRow {
    region_code: String,
    decision_id: Uuid,
    case_id: Uuid,
    record: Vec<u8>,
    inputs: Option<Vec<u8>>,
    board_position: Option<String>,
}

impl DecisionRow {
    fn read(self) -> Result<(DecisionId, StoredDecision), StoreError> {
        let id = DecisionId::new(regency("decisions", &self.region_code)?, self.decision_id);
        let context = Row {
            table: "decisions",
            id: &id,
        };
        let decision = serde_json::from_slice(&self.record).map_err(|_| context.impossible("record"))?;
        // Of another release: good enough to read the decision, not to make it again.
        let inputs = self
            .inputs
            .and_then(|inputs| serde_json::from_slice(&inputs).ok());
        let made_of = inputs.zip(self.board_position);
        let stored = StoredDecision {
            case: CaseId::new(id.home(), self.case_id),
            decision,
            record: self.record,
            made_of: made_of.map(|(inputs, position)| MadeOf { inputs, position }),
        };
        Ok((id, stored))
    }
}

/// One decision; `None` = there is none of this id.
pub async fn get(conn: &mut PgConnection, id: DecisionId) -> Result<Option<StoredDecision>, StoreError> {
    let row = sqlx::query_as!(
        DecisionRow,
        "SELECT region_code, decision_id, case_id, record, inputs, board_position FROM decisions
         WHERE region_code = $1 AND decision_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| row.read().map(|(_, stored)| stored)).transpose()
}

/// Whether the case was ever searched for.
pub async fn has_any(conn: &mut PgConnection, case: CaseId) -> Result<bool, StoreError> {
    let found = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM decisions WHERE region_code = $1 AND case_id = $2) AS "found!""#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// A decision of a period, and how far the board had read when it was made.
#[derive(Clone, Debug)]
pub struct DecisionKey {
    pub id: DecisionId,
    pub decided_at: OffsetDateTime,
    /// `None` for decisions of a release that did not keep it.
    pub position: Option<String>,
}

/// Decisions in `scope` from `from` on and before `until`, the oldest first.
pub async fn of_period(
    conn: &mut PgConnection,
    scope: RegionCode,
    (from, until): (OffsetDateTime, OffsetDateTime),
    limit: i64,
) -> Result<Vec<DecisionKey>, StoreError> {
    let rows = sqlx::query!(
        "SELECT region_code, decision_id, decided_at, board_position FROM decisions
         WHERE decided_at >= $1 AND decided_at < $2 AND region_code LIKE $3
         ORDER BY decided_at, region_code, decision_id LIMIT $4",
        from,
        until,
        scope_pattern(scope),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(DecisionKey {
                id: DecisionId::new(regency("decisions", &row.region_code)?, row.decision_id),
                decided_at: row.decided_at,
                position: row.board_position,
            })
        })
        .collect()
}

/// These decisions, by id.
pub async fn get_many(
    conn: &mut PgConnection,
    ids: &[DecisionId],
) -> Result<HashMap<DecisionId, StoredDecision>, StoreError> {
    let regions: Vec<String> = ids.iter().map(|id| id.home().to_string()).collect();
    let uuids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        DecisionRow,
        "SELECT d.region_code, d.decision_id, d.case_id, d.record, d.inputs, d.board_position
         FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, decision_id)
         JOIN decisions d USING (region_code, decision_id)",
        &regions,
        &uuids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(DecisionRow::read).collect()
}
