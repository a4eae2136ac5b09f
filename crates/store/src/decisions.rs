//! Stored decisions: the bytes of the record as they were made, and what they were made of.

use serasi_domain::id::{CaseId, DecisionId};
use serasi_domain::routing::Decision;
use serasi_domain::routing::replay::DecisionInputs;
use sqlx::PgConnection;

use crate::StoreError;
use crate::columns::Row;

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
    /// `None` for decisions of a release that did not keep them.
    pub made_of: Option<MadeOf>,
}

/// What it takes to make a decision again, besides the policy.
#[derive(Clone, Debug)]
pub struct MadeOf {
    pub inputs: DecisionInputs,
    pub position: String,
}

pub async fn insert(conn: &mut PgConnection, new: &NewDecision<'_>) -> Result<(), StoreError> {
    let inputs = serde_json::to_vec(new.inputs).expect("inputs are plain data");
    let decision = new.decision;
    let nearest_miss = decision.near_misses.first();
    let nearest_miss = nearest_miss.and_then(|miss| Some(miss.rejection.as_ref()?.rule.as_str()));
    sqlx::query!(
        "INSERT INTO decisions (region_code, decision_id, case_id, decided_at, outcome, policy_version, record, inputs,
             board_position, cluster, nearest_miss_rule)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        new.id.home().to_string(),
        new.id.uuid(),
        new.case.uuid(),
        decision.decided_at,
        decision.outcome.code(),
        decision.policy_version,
        decision.to_bytes(),
        inputs,
        new.position,
        new.inputs.facts.cluster.map(serasi_domain::cluster::Cluster::code),
        nearest_miss
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One decision; `None` = there is none of this id.
pub async fn get(conn: &mut PgConnection, id: DecisionId) -> Result<Option<StoredDecision>, StoreError> {
    let row = sqlx::query!(
        "SELECT case_id, record, inputs, board_position FROM decisions WHERE region_code = $1 AND decision_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    let context = Row {
        table: "decisions",
        id: &id,
    };
    row.map(|row| {
        let decision = serde_json::from_slice(&row.record).map_err(|_| context.impossible("record"))?;
        let inputs = row
            .inputs
            .map(|inputs| serde_json::from_slice(&inputs).map_err(|_| context.impossible("inputs")))
            .transpose()?;
        let made_of = inputs.zip(row.board_position);
        Ok(StoredDecision {
            case: CaseId::new(id.home(), row.case_id),
            decision,
            record: row.record,
            made_of: made_of.map(|(inputs, position)| MadeOf { inputs, position }),
        })
    })
    .transpose()
}
