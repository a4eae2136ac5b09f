//! Whose NIK it is, with its history. What was reported stays as it was; what holds is the binding that was not undone,
//! or the reported NIK as long as nobody has undone that.

use serasi_domain::id::{CaseId, PersonId, Regency};
use serasi_domain::person::{Evidence, Nik, UnbindReason};
use serasi_domain::privacy::DataClass;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::Row;
use crate::persons::index::IndexRows;
use crate::seal::{Cell, KeptKey};
use crate::subject_keys::seal;
use crate::{Kept, Sealer, StoreError};

/// A NIK to be bound to a person of a case that is locked.
#[derive(Debug)]
pub struct NewBinding<'a> {
    pub id: Uuid,
    pub nik: &'a Nik,
    pub evidence: Evidence,
    /// The principal that binds.
    pub by: &'a str,
}

/// A binding as far as anything is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    pub nik: Kept<Nik>,
    pub evidence: Evidence,
    pub bound_at: OffsetDateTime,
    pub bound_by: String,
    pub end: Option<Unbound>,
}

/// How a binding was undone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    pub at: OffsetDateTime,
    pub by: String,
    pub reason: UnbindReason,
}

/// Where the NIK of a binding is kept.
pub(crate) const fn nik_cell(home: Regency, person: Uuid, binding: Uuid) -> Cell {
    Cell {
        table: "identity_bindings",
        column: "nik",
        row: binding,
        home,
        subject: person,
        class: DataClass::Identity,
    }
}

/// Binds. `false` = the person has a NIK, and that must be unbound first.
pub async fn bind(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    person: PersonId,
    new: &NewBinding<'_>,
) -> Result<bool, StoreError> {
    if !set_provisional(conn, person, false).await? {
        return Ok(false);
    }
    let cell = nik_cell(case.home(), person.uuid(), new.id);
    let nik = seal(conn, sealer, case, cell, new.nik).await?;
    let mut rows = IndexRows::default();
    rows.add_nik(sealer.index(), case.home(), person.uuid(), new.nik);
    sqlx::query!(
        "WITH identified AS (
             INSERT INTO identity_index (blind_index, kind, key_version, region_code, person_id)
             SELECT blind_index, 'nik', key_version, $1, $3 FROM UNNEST($8::bytea[], $9::int[]) AS x (blind_index, key_version)
             ON CONFLICT ON CONSTRAINT identity_index_key DO NOTHING)
         INSERT INTO identity_bindings (region_code, binding_id, person_id, case_id, nik, evidence, bound_at, bound_by)
         VALUES ($1, $2, $3, $4, $5, $6, now(), $7)",
        case.home().to_string(),
        new.id,
        person.uuid(),
        case.uuid(),
        nik,
        new.evidence.code(),
        new.by,
        &rows.values,
        &rows.value_versions
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// Undoes what holds; `reported` is the NIK of the report, which becomes a row of its own with the id `new_id`.
/// `false` = the person has no NIK.
pub async fn unbind(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    person: PersonId,
    undo: &Undo<'_>,
) -> Result<bool, StoreError> {
    if !set_provisional(conn, person, true).await? {
        return Ok(false);
    }
    let (home, uuid) = (case.home().to_string(), person.uuid());
    sqlx::query!(
        "DELETE FROM identity_index WHERE kind = 'nik' AND region_code = $1 AND person_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    let ended = sqlx::query!(
        "UPDATE identity_bindings SET unbound_at = now(), unbound_by = $3, unbind_reason = $4
         WHERE region_code = $1 AND person_id = $2 AND unbound_at IS NULL",
        home,
        uuid,
        undo.by,
        undo.reason.code()
    )
    .execute(&mut *conn)
    .await?;
    if ended.rows_affected() == 1 {
        return Ok(true);
    }
    let nik = match undo.reported {
        None => vec![],
        Some(nik) => {
            let cell = nik_cell(case.home(), uuid, undo.new_id);
            seal(conn, sealer, case, cell, nik).await?
        }
    };
    sqlx::query!(
        "INSERT INTO identity_bindings (region_code, binding_id, person_id, case_id, nik, evidence, bound_at, bound_by,
             unbound_at, unbound_by, unbind_reason)
         SELECT $1, $2, $3, i.case_id, $5, 'report', i.received_at, i.received_from, now(), $6, $7
         FROM intakes i WHERE i.region_code = $1 AND i.case_id = $4 ORDER BY i.received_at, i.intake_id LIMIT 1",
        home,
        undo.new_id,
        uuid,
        case.uuid(),
        nik,
        undo.by,
        undo.reason.code()
    )
    .execute(conn)
    .await?;
    Ok(true)
}

/// How a binding is undone.
#[derive(Debug)]
pub struct Undo<'a> {
    pub new_id: Uuid,
    pub reported: Option<&'a Nik>,
    pub reason: UnbindReason,
    /// The principal that unbinds.
    pub by: &'a str,
}

/// `false` = it was so already.
async fn set_provisional(
    conn: &mut PgConnection,
    person: PersonId,
    provisional: bool,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE persons SET provisional = $3 WHERE region_code = $1 AND person_id = $2 AND provisional <> $3",
        person.home().to_string(),
        person.uuid(),
        provisional
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Every binding of a person, the oldest first. A reported NIK that holds is not among them: it stands in the report.
pub async fn history(
    conn: &mut PgConnection,
    sealer: &Sealer,
    person: PersonId,
) -> Result<Vec<Binding>, StoreError> {
    let home = person.home();
    let rows = sqlx::query!(
        r#"SELECT b.binding_id, b.nik, b.evidence, b.bound_at, b.bound_by, b.unbound_at, b.unbound_by, b.unbind_reason,
               k.key_id AS "key_id?", k.data_key_id, k.wrapped
           FROM identity_bindings b LEFT JOIN subject_keys k
             ON k.region_code = b.region_code AND k.subject_id = b.person_id AND k.class = 'identity'
           WHERE b.region_code = $1 AND b.person_id = $2 ORDER BY b.bound_at, b.binding_id"#,
        home.to_string(),
        person.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let context = Row {
                table: "identity_bindings",
                id: &person,
            };
            let key = KeptKey::of_row(row.key_id, row.data_key_id, row.wrapped);
            let cell = nik_cell(home, person.uuid(), row.binding_id);
            let reason = row.unbind_reason.as_deref();
            let reason = reason
                .map(|code| context.code("unbind_reason", code))
                .transpose()?;
            let end = row.unbound_at.zip(row.unbound_by).zip(reason);
            Ok(Binding {
                nik: sealer.open(cell, key.as_ref(), &row.nik)?,
                evidence: context.code("evidence", &row.evidence)?,
                bound_at: row.bound_at,
                bound_by: row.bound_by,
                end: end.map(|((at, by), reason)| Unbound { at, by, reason }),
            })
        })
        .collect()
}
