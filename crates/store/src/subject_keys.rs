//! The rows that keep subjects' keys.

use std::collections::HashMap;

use serasi_domain::id::{CaseId, Regency};
use serasi_domain::privacy::DataClass;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::columns::{column, regency};
use crate::seal::{Cell, KeptKey, NewKey, SubjectKey};
use crate::{Kept, Sealer, StoreError};

/// A column of a case's own row, or of one that belongs to the case, with what was said in words.
pub(crate) const fn story_cell(table: &'static str, column: &'static str, row: Uuid, case: CaseId) -> Cell {
    Cell {
        table,
        column,
        row,
        home: case.home(),
        subject: case.uuid(),
        class: DataClass::Story,
    }
}

/// The same for words that get a key of their own, because they may be written after the case's own were erased. The key
/// goes when the story of the case goes.
pub(crate) const fn words_cell(table: &'static str, column: &'static str, row: Uuid, home: Regency) -> Cell {
    Cell {
        table,
        column,
        row,
        home,
        subject: row,
        class: DataClass::Story,
    }
}

/// Seals with the key of the cell's subject, which is made if there is none yet.
pub(crate) async fn seal<T: Serialize>(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    cell: Cell,
    value: &T,
) -> Result<Vec<u8>, StoreError> {
    let key = find_or_make(conn, sealer, case, cell).await?;
    Ok(sealer.seal(cell, &key, value))
}

/// Opens with the key of the cell's subject.
pub(crate) async fn open<T: DeserializeOwned>(
    conn: &mut PgConnection,
    sealer: &Sealer,
    cell: Cell,
    content: &[u8],
) -> Result<Kept<T>, StoreError> {
    let key = find(conn, cell).await?;
    sealer.open(cell, key.as_ref(), content)
}

pub(crate) async fn find_or_make(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    cell: Cell,
) -> Result<SubjectKey, StoreError> {
    let Cell {
        home, subject, class, ..
    } = cell;
    let mut kept = find(conn, cell).await?;
    if kept.is_none() {
        let new = sealer.new_key(home, subject, class)?;
        if insert(conn, case, cell, &new).await? {
            return Ok(new.key);
        }
        // Somebody else made one meanwhile.
        kept = find(conn, cell).await?;
    }
    let gone = || StoreError::Impossible {
        table: "subject_keys",
        column: "erased_at",
        row: subject.to_string(),
    };
    let kept = kept.ok_or_else(gone)?;
    // Nothing new is written about somebody who was erased.
    sealer.subject_key(home, subject, class, kept.there().ok_or_else(gone)?)
}

pub(crate) async fn find(conn: &mut PgConnection, cell: Cell) -> Result<Option<KeptKey>, StoreError> {
    let row = sqlx::query!(
        "SELECT key_id, data_key_id, wrapped FROM subject_keys
         WHERE region_code = $1 AND subject_id = $2 AND class = $3",
        cell.home.to_string(),
        cell.subject,
        cell.class.code()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| KeptKey::of_row(Some(row.key_id), row.data_key_id, row.wrapped)))
}

/// The same for many subjects of one class, by home and id. Who has no key yet is not among them.
pub(crate) async fn find_many(
    conn: &mut PgConnection,
    cells: &[Cell],
) -> Result<HashMap<(Regency, Uuid), KeptKey>, StoreError> {
    let rows = sqlx::query!(
        "SELECT k.region_code, k.subject_id, k.key_id, k.data_key_id, k.wrapped
         FROM UNNEST($1::text[], $2::uuid[], $3::text[]) AS wanted (region_code, subject_id, class)
         CROSS JOIN LATERAL (
             SELECT * FROM subject_keys s
             WHERE s.region_code = wanted.region_code AND s.subject_id = wanted.subject_id AND s.class = wanted.class
             OFFSET 0) k",
        &column(cells, |cell| cell.home.to_string()),
        &column(cells, |cell| cell.subject),
        &column(cells, |cell| cell.class.code()) as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let mut keys = HashMap::with_capacity(rows.len());
    for row in rows {
        let home = regency("subject_keys", &row.region_code)?;
        let key = KeptKey::of_row(Some(row.key_id), row.data_key_id, row.wrapped);
        keys.extend(key.map(|key| ((home, row.subject_id), key)));
    }
    Ok(keys)
}

async fn insert(conn: &mut PgConnection, case: CaseId, cell: Cell, new: &NewKey) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO subject_keys (region_code, subject_id, class, case_id, key_id, data_key_id, wrapped, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, now()) ON CONFLICT ON CONSTRAINT subject_keys_key DO NOTHING",
        cell.home.to_string(),
        cell.subject,
        cell.class.code(),
        case.uuid(),
        new.key.id(),
        new.data_key_id,
        new.wrapped
    )
    .execute(conn)
    .await
    .map_err(|error| stale(cell.home, error))?;
    Ok(done.rows_affected() == 1)
}

/// A data key that a rotation has destroyed while this replica still had it in memory: it must look again.
pub(crate) fn stale(home: Regency, error: impl Into<StoreError>) -> StoreError {
    match error.into() {
        StoreError::Constraint(name) if name == "subject_keys_data_key_exists" => StoreError::KeyNeeded(home),
        error => error,
    }
}
