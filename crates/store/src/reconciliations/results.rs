//! What was decided about rows that came near somebody, and what a human said of them.

use std::collections::HashMap;

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::registry::{Edition, RegistryCode, RegistryId};
use serde_json::Value;
use sqlx::PgConnection;
use uuid::Uuid;

use super::CandidatePosition;
use super::candidates::{MAX_PAGE, cell, columns, number, position};
use crate::columns::{Row, regency};
use crate::seal::KeptKey;
use crate::{Kept, Sealer, StoreError};

/// What was decided about one of them.
#[derive(Clone, Debug)]
pub struct Decided {
    pub person: PersonId,
    pub row: u64,
    /// `exact`, `probable`, `ambiguous`, `rejected`.
    pub result: String,
    pub weight: f64,
    pub probability: f64,
    pub why: Value,
}

/// The same, with the run that made it and the row's key. `None` = erased.
#[derive(Clone, Debug)]
pub struct RowResult {
    pub reconciliation: ReconciliationId,
    /// Keys of two registries have nothing to do with each other.
    pub edition: Edition,
    pub decided: Decided,
    pub registry_id: Option<RegistryId>,
}

/// Writes down what was decided about rows.
pub async fn decide(
    conn: &mut PgConnection,
    reconciliation: ReconciliationId,
    decided: &[Decided],
) -> Result<(), StoreError> {
    let (decided_regions, decided_ids) = columns(decided.iter().map(|decided| decided.person));
    let rows: Vec<i64> = decided.iter().map(|decided| number(decided.row)).collect();
    let results: Vec<String> = decided.iter().map(|decided| decided.result.clone()).collect();
    let weights: Vec<f64> = decided.iter().map(|decided| decided.weight).collect();
    let probabilities: Vec<f64> = decided.iter().map(|decided| decided.probability).collect();
    let why: Vec<Value> = decided.iter().map(|decided| decided.why.clone()).collect();
    sqlx::query!(
        "UPDATE reconciliation_candidates c SET result = d.result, weight = d.weight, probability = d.probability,
             why = d.why
         FROM UNNEST($2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::float8[], $7::float8[], $8::jsonb[])
             AS d (region_code, person_id, row_number, result, weight, probability, why)
         WHERE c.region_code = d.region_code AND c.person_id = d.person_id AND c.reconciliation_id = $1 AND c.run_region = $9
             AND c.row_number = d.row_number AND c.result IS NULL AND c.person_id = ANY ($3)",
        reconciliation.uuid(),
        &decided_regions,
        &decided_ids,
        &rows,
        &results,
        &weights,
        &probabilities,
        &why,
        reconciliation.home().to_string()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Keys of the rows of a run that came near these persons. A key is left out where the person was erased.
pub async fn keys(
    conn: &mut PgConnection,
    sealer: &Sealer,
    reconciliation: ReconciliationId,
    persons: &[PersonId],
) -> Result<HashMap<(PersonId, u64), RegistryId>, StoreError> {
    let (regions, ids) = columns(persons.iter().copied());
    let rows = sqlx::query!(
        r#"SELECT c.region_code, c.person_id, c.row_number, c.registry_key, k.key_id AS "key_id?",
               k.data_key_id AS "data_key_id?", k.wrapped AS "wrapped?"
           FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
           CROSS JOIN LATERAL (
               SELECT * FROM reconciliation_candidates r
               WHERE r.region_code = wanted.region_code AND r.person_id = wanted.person_id
               OFFSET 0) c
           LEFT JOIN LATERAL (
               SELECT * FROM subject_keys s
               WHERE s.region_code = c.region_code AND s.subject_id = c.person_id AND s.class = 'identity'
               OFFSET 0) k ON true
           WHERE c.reconciliation_id = $3 AND c.run_region = $4 AND NOT c.is_refused"#,
        &regions,
        &ids,
        reconciliation.uuid(),
        reconciliation.home().to_string()
    )
    .fetch_all(conn)
    .await?;
    let mut keys = HashMap::with_capacity(rows.len());
    for row in rows {
        let person = PersonId::new(
            regency("reconciliation_candidates", &row.region_code)?,
            row.person_id,
        );
        let number = u64::try_from(row.row_number).unwrap_or(u64::MAX);
        let key = KeptKey::of_row(row.key_id, row.data_key_id, row.wrapped);
        let cell = cell(reconciliation.uuid(), person, number);
        let kept: Kept<RegistryId> = sealer.open(cell, key.as_ref(), &row.registry_key)?;
        keys.extend(kept.there().map(|key| ((person, number), key)));
    }
    Ok(keys)
}

/// Results of a run in the order of rows, after `last`: without the keys.
pub async fn results(
    conn: &mut PgConnection,
    reconciliation: ReconciliationId,
    last: Option<CandidatePosition>,
) -> Result<Vec<Decided>, StoreError> {
    let (row, person) = position(last);
    let rows = sqlx::query!(
        r#"SELECT region_code, person_id, row_number, result AS "result!", weight AS "weight!",
               probability AS "probability!"
           FROM reconciliation_candidates
           WHERE run_region = $1 AND reconciliation_id = $2 AND result IS NOT NULL AND (row_number, person_id) > ($3, $4)
           ORDER BY row_number, person_id LIMIT $5"#,
        reconciliation.home().to_string(),
        reconciliation.uuid(),
        row,
        person,
        MAX_PAGE
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Decided {
                person: PersonId::new(
                    regency("reconciliation_candidates", &row.region_code)?,
                    row.person_id,
                ),
                row: u64::try_from(row.row_number).unwrap_or(u64::MAX),
                result: row.result,
                weight: row.weight,
                probability: row.probability,
                why: Value::Null,
            })
        })
        .collect()
}

/// What all runs have decided about rows of these persons, the newest run last, with the keys of the rows.
pub async fn of_persons(
    conn: &mut PgConnection,
    sealer: &Sealer,
    persons: &[PersonId],
) -> Result<Vec<RowResult>, StoreError> {
    let (regions, ids) = columns(persons.iter().copied());
    let rows = sqlx::query!(
        r#"SELECT c.region_code, c.person_id, r.region_code AS home, r.registry, r.edition,
               c.reconciliation_id, c.row_number, c.registry_key, c.result AS "result!",
               c.weight AS "weight!", c.probability AS "probability!", c.why AS "why!", k.key_id AS "key_id?",
               k.data_key_id AS "data_key_id?", k.wrapped AS "wrapped?"
           FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
           CROSS JOIN LATERAL (
               SELECT * FROM reconciliation_candidates a
               WHERE a.region_code = wanted.region_code AND a.person_id = wanted.person_id
               OFFSET 0) c
           JOIN reconciliations r
             ON r.reconciliation_id = c.reconciliation_id AND (r.region_code = c.run_region OR c.run_region = '')
           LEFT JOIN LATERAL (
               SELECT * FROM subject_keys s
               WHERE s.region_code = c.region_code AND s.subject_id = c.person_id AND s.class = 'identity'
               OFFSET 0) k ON true
           WHERE c.result IS NOT NULL
           ORDER BY r.started_at, c.weight DESC, c.row_number"#,
        &regions,
        &ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let person = PersonId::new(
                regency("reconciliation_candidates", &row.region_code)?,
                row.person_id,
            );
            let number = u64::try_from(row.row_number).unwrap_or(u64::MAX);
            let key = KeptKey::of_row(row.key_id, row.data_key_id, row.wrapped);
            let cell = cell(row.reconciliation_id, person, number);
            let registry_id: Kept<RegistryId> = sealer.open(cell, key.as_ref(), &row.registry_key)?;
            let run = ReconciliationId::new(regency("reconciliations", &row.home)?, row.reconciliation_id);
            let context = Row {
                table: "reconciliations",
                id: &run,
            };
            let registry: RegistryCode = context.code("registry", &row.registry)?;
            Ok(RowResult {
                reconciliation: run,
                edition: Edition::new(registry, &row.edition).map_err(|_| context.impossible("edition"))?,
                decided: Decided {
                    person,
                    row: number,
                    result: row.result,
                    weight: row.weight,
                    probability: row.probability,
                    why: row.why,
                },
                registry_id: registry_id.there(),
            })
        })
        .collect()
}

/// A human says of rows of runs that they are not this person.
pub async fn reject(
    conn: &mut PgConnection,
    person: PersonId,
    rows: &[(ReconciliationId, u64)],
) -> Result<(), StoreError> {
    let homes: Vec<String> = rows.iter().map(|(run, _)| run.home().to_string()).collect();
    let runs: Vec<Uuid> = rows.iter().map(|(run, _)| run.uuid()).collect();
    let rows: Vec<i64> = rows.iter().map(|(_, row)| number(*row)).collect();
    sqlx::query!(
        "UPDATE reconciliation_candidates SET result = 'rejected'
         WHERE region_code = $1 AND person_id = $2
             AND EXISTS (SELECT FROM UNNEST($3::text[], $4::uuid[], $5::bigint[]) AS d (home, run, number)
                 WHERE run = reconciliation_id AND number = row_number AND run_region IN (home, ''))
             AND result IN ('exact', 'probable', 'ambiguous')",
        person.home().to_string(),
        person.uuid(),
        &homes,
        &runs,
        &rows
    )
    .execute(conn)
    .await?;
    Ok(())
}
