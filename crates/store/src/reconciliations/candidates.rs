//! Rows that may be a person. The key of the row in the registry is sealed under the person's own key and goes when the
//! person's identity goes; how far the fields agree says nothing of what they hold.

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::privacy::DataClass;
use serasi_domain::registry::RegistryId;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::columns::{column, regency};
use crate::persons::cases_of;
use crate::rotation::reseal_case;
use crate::seal::{Cell, KeptKey};
use crate::subject_keys::{find, find_many};
use crate::{Sealer, StoreError};

/// How far the fields of a row and a person agree, as linkage writes it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Agreement {
    pub levels: [u8; 6],
    pub bits: f32,
    pub name_bits: (f32, f32),
}

/// A row that came near somebody.
#[derive(Clone, Debug)]
pub struct NewCandidate {
    pub person: PersonId,
    pub row: u64,
    pub agreement: Agreement,
    pub registry_id: RegistryId,
    /// The row was refused: it says that the person stands there, and nothing else.
    pub is_refused: bool,
}

/// The same as it is kept.
#[derive(Clone, Debug)]
pub struct CandidateRow {
    pub person: PersonId,
    pub row: u64,
    pub agreement: Agreement,
    pub is_refused: bool,
}

/// Where reading ended.
pub type CandidatePosition = (u64, PersonId);

/// Candidates of one statement.
pub(super) const MAX_PAGE: i64 = 5_000;

/// Each sealed key is bound to its row, too.
pub(super) const fn cell(reconciliation: Uuid, person: PersonId, row: u64) -> Cell {
    Cell {
        table: "reconciliation_candidates",
        column: "registry_key",
        row: Uuid::from_u128(reconciliation.as_u128() ^ row as u128),
        home: person.home(),
        subject: person.uuid(),
        class: DataClass::Identity,
    }
}

/// Keeps candidates; one that is kept already stays as it is, and nothing is written about who was erased.
pub async fn keep(
    conn: &mut PgConnection,
    sealer: &Sealer,
    reconciliation: ReconciliationId,
    new: &[NewCandidate],
) -> Result<(), StoreError> {
    let cells = column(new, |new| cell(reconciliation.uuid(), new.person, new.row));
    let keys = find_many(conn, &cells).await?;
    let mut columns = Columns::default();
    for (candidate, cell) in new.iter().zip(cells) {
        let person = candidate.person;
        let kept = match keys.get(&(cell.home, cell.subject)) {
            Some(key) => Some(key.clone()),
            None => first_key(conn, sealer, person, cell).await?,
        };
        let Some(kept) = kept.as_ref().and_then(KeptKey::there) else {
            continue;
        };
        let key = sealer.subject_key(cell.home, cell.subject, cell.class, kept)?;
        columns.add(candidate, sealer.seal(cell, &key, &candidate.registry_id));
    }
    sqlx::query!(
        "INSERT INTO reconciliation_candidates (region_code, person_id, reconciliation_id, row_number, levels, bits,
             name_bits, mother_name_bits, registry_key, run_region, is_refused)
         SELECT region_code, person_id, $1, row_number, levels, bits, name_bits, mother_name_bits, registry_key, $10,
             is_refused
         FROM UNNEST($2::text[], $3::uuid[], $4::bigint[], $5::bytea[], $6::real[], $7::real[], $8::real[], $9::bytea[],
                 $11::bool[])
             AS c (region_code, person_id, row_number, levels, bits, name_bits, mother_name_bits, registry_key, is_refused)
         ON CONFLICT ON CONSTRAINT reconciliation_candidates_key DO NOTHING",
        reconciliation.uuid(),
        &columns.regions,
        &columns.persons,
        &columns.rows,
        &columns.levels,
        &columns.bits,
        &columns.name_bits,
        &columns.mother_name_bits,
        &columns.keys,
        reconciliation.home().to_string(),
        &columns.refused
    )
    .execute(conn)
    .await?;
    Ok(())
}

#[derive(Default)]
struct Columns {
    regions: Vec<String>,
    persons: Vec<Uuid>,
    rows: Vec<i64>,
    levels: Vec<Vec<u8>>,
    bits: Vec<f32>,
    name_bits: Vec<f32>,
    mother_name_bits: Vec<f32>,
    keys: Vec<Vec<u8>>,
    refused: Vec<bool>,
}

impl Columns {
    fn add(&mut self, candidate: &NewCandidate, key: Vec<u8>) {
        let (name_bits, mother_name_bits) = candidate.agreement.name_bits;
        self.regions.push(candidate.person.home().to_string());
        self.persons.push(candidate.person.uuid());
        self.rows.push(number(candidate.row));
        self.levels.push(candidate.agreement.levels.to_vec());
        self.bits.push(candidate.agreement.bits);
        self.name_bits.push(name_bits);
        self.mother_name_bits.push(mother_name_bits);
        self.keys.push(key);
        self.refused.push(candidate.is_refused);
    }
}

/// What the first release sealed gets keys of its own first.
async fn first_key(
    conn: &mut PgConnection,
    sealer: &Sealer,
    person: PersonId,
    cell: Cell,
) -> Result<Option<KeptKey>, StoreError> {
    if let Some((_, case)) = cases_of(conn, &[person]).await?.first() {
        reseal_case(conn, sealer, *case).await?;
    }
    find(conn, cell).await
}

/// All that was kept, in the order of rows, after `last`.
pub async fn of_reconciliation(
    conn: &mut PgConnection,
    reconciliation: ReconciliationId,
    last: Option<CandidatePosition>,
) -> Result<Vec<CandidateRow>, StoreError> {
    let (row, person) = position(last);
    let rows = sqlx::query!(
        "SELECT region_code, person_id, row_number, levels, bits, name_bits, mother_name_bits, is_refused
         FROM reconciliation_candidates
         WHERE run_region = $1 AND reconciliation_id = $2 AND (row_number, person_id) > ($3, $4)
         ORDER BY row_number, person_id LIMIT $5",
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
            let impossible = |column| StoreError::Impossible {
                table: "reconciliation_candidates",
                column,
                row: row.person_id.to_string(),
            };
            let levels = row.levels.as_slice().try_into();
            Ok(CandidateRow {
                person: PersonId::new(
                    regency("reconciliation_candidates", &row.region_code)?,
                    row.person_id,
                ),
                row: u64::try_from(row.row_number).map_err(|_| impossible("row_number"))?,
                agreement: Agreement {
                    levels: levels.map_err(|_| impossible("levels"))?,
                    bits: row.bits,
                    name_bits: (row.name_bits, row.mother_name_bits),
                },
                is_refused: row.is_refused,
            })
        })
        .collect()
}

/// Lets what was not chosen go when a run has ended, some at a time: until then it competes with what is not decided yet.
/// `false` = none is left.
pub async fn forget(conn: &mut PgConnection, reconciliation: ReconciliationId) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "DELETE FROM reconciliation_candidates
         WHERE (region_code, person_id, run_region, reconciliation_id, row_number) IN (
             SELECT region_code, person_id, run_region, reconciliation_id, row_number FROM reconciliation_candidates
             WHERE run_region = $1 AND reconciliation_id = $2 AND result IS NULL LIMIT $3)",
        reconciliation.home().to_string(),
        reconciliation.uuid(),
        MAX_PAGE
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Takes rows over that the release before kept without the home of their run, some at a time. `false` = none is left.
pub async fn adopt(conn: &mut PgConnection, reconciliation: ReconciliationId) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE reconciliation_candidates SET run_region = $1
         WHERE run_region = '' AND (region_code, person_id, reconciliation_id, row_number) IN (
             SELECT region_code, person_id, reconciliation_id, row_number FROM reconciliation_candidates
             WHERE run_region = '' AND reconciliation_id = $2 LIMIT $3)",
        reconciliation.home().to_string(),
        reconciliation.uuid(),
        MAX_PAGE
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A run that has ended and has left rows that nobody will look at, or that nobody has taken over.
pub async fn with_leftovers(conn: &mut PgConnection) -> Result<Option<ReconciliationId>, StoreError> {
    let row = sqlx::query!(
        "SELECT region_code, reconciliation_id FROM reconciliations r
         WHERE state IN ('done', 'abandoned')
             AND (EXISTS (SELECT FROM reconciliation_candidates c
                     WHERE c.run_region = r.region_code AND c.reconciliation_id = r.reconciliation_id
                         AND c.result IS NULL)
                 OR EXISTS (SELECT FROM reconciliation_candidates c
                     WHERE c.run_region = '' AND c.reconciliation_id = r.reconciliation_id))
         LIMIT 1"
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let home = regency("reconciliations", &row.region_code)?;
        Ok(ReconciliationId::new(home, row.reconciliation_id))
    })
    .transpose()
}

/// Where to read on: rows are numbered from 1.
pub(super) fn position(last: Option<CandidatePosition>) -> (i64, Uuid) {
    last.map_or((0, Uuid::nil()), |(row, person)| (number(row), person.uuid()))
}

pub(super) fn columns(persons: impl Iterator<Item = PersonId>) -> (Vec<String>, Vec<Uuid>) {
    persons
        .map(|person| (person.home().to_string(), person.uuid()))
        .unzip()
}

pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
