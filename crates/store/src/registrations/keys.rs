//! Keys of persons' rows in the registry, sealed under the person's own key.

use std::collections::HashMap;

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::privacy::DataClass;
use serasi_domain::registry::{ObligationState, Registration, RegistryCode, RegistryId, Standing};
use sqlx::PgConnection;

use crate::columns::{column, regency};
use crate::rotation::reseal_case;
use crate::seal::{Cell, KeptKey};
use crate::subject_keys::{find, find_many, open, seal};
use crate::{Kept, Sealer, StoreError};

/// Who said which row it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// A reconciliation.
    Match,
    /// The dinas.
    Registered,
}

const fn cell(person: PersonId, kind: KeyKind) -> Cell {
    Cell {
        table: "registrations",
        column: match kind {
            KeyKind::Match => "match_key",
            KeyKind::Registered => "registered_key",
        },
        row: person.uuid(),
        home: person.home(),
        subject: person.uuid(),
        class: DataClass::Identity,
    }
}

/// Keeps the key of somebody's row. `false` = their identity was erased, or they are not there, and nothing is written.
pub async fn set_key(
    conn: &mut PgConnection,
    sealer: &Sealer,
    (person, case): (PersonId, CaseId),
    kind: KeyKind,
    value: &RegistryId,
) -> Result<bool, StoreError> {
    let cell = cell(person, kind);
    let mut kept = find(conn, cell).await?;
    if kept.is_none() {
        // What the first release sealed gets keys of its own first.
        reseal_case(conn, sealer, case).await?;
        kept = find(conn, cell).await?;
    }
    if kept.is_some_and(|key| key.there().is_none()) {
        return Ok(false);
    }
    let content = seal(conn, sealer, case, cell, value).await?;
    let done = sqlx::query!(
        "UPDATE registrations SET match_key = CASE WHEN $3 THEN $4 ELSE match_key END,
             registered_key = CASE WHEN $3 THEN registered_key ELSE $4 END
         WHERE region_code = $1 AND person_id = $2",
        person.home().to_string(),
        person.uuid(),
        kind == KeyKind::Match,
        content
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Keeps the keys that a reconciliation has found, of whose identity is there still.
pub async fn set_keys(
    conn: &mut PgConnection,
    sealer: &Sealer,
    kind: KeyKind,
    keys: &[(PersonId, CaseId, RegistryId)],
) -> Result<(), StoreError> {
    let cells = column(keys, |(person, ..)| cell(*person, kind));
    let mut kept = find_many(conn, &cells).await?;
    let (mut persons, mut contents) = (Vec::with_capacity(keys.len()), Vec::with_capacity(keys.len()));
    for ((person, case, value), cell) in keys.iter().zip(cells) {
        let Some(key) = kept.remove(&(person.home(), person.uuid())) else {
            // What the first release sealed gets keys of its own first.
            set_key(conn, sealer, (*person, *case), kind, value).await?;
            continue;
        };
        if let Some(key) = key.there() {
            let key = sealer.subject_key(cell.home, cell.subject, cell.class, key)?;
            persons.push(*person);
            contents.push(sealer.seal(cell, &key, value));
        }
    }
    sqlx::query!(
        "UPDATE registrations r SET match_key = CASE WHEN $4 THEN k.content ELSE r.match_key END,
             registered_key = CASE WHEN $4 THEN r.registered_key ELSE k.content END
         FROM UNNEST($1::text[], $2::uuid[], $3::bytea[]) AS k (region_code, person_id, content)
         WHERE r.region_code = k.region_code AND r.person_id = k.person_id AND r.person_id = ANY ($2)",
        &column(&persons, |person| person.home().to_string()),
        &column(&persons, |person| person.uuid()),
        &contents,
        kind == KeyKind::Match
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The key of somebody's row: of the match while there is one, else as the dinas said as long as they are registered.
/// `None` = not known, or erased.
pub async fn key(
    conn: &mut PgConnection,
    sealer: &Sealer,
    person: &Registration,
) -> Result<Option<RegistryId>, StoreError> {
    let id = person.person;
    let row = sqlx::query!(
        "SELECT match_key, registered_key FROM registrations WHERE region_code = $1 AND person_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_one(&mut *conn)
    .await?;
    let (kind, content) = match &person.standing {
        Standing::Matched { .. } => (KeyKind::Match, row.match_key),
        Standing::Unchecked => return Ok(None),
        Standing::Ambiguous { .. } | Standing::NotFound { .. } | Standing::NoIdentity { .. } => {
            let owed = person.standing.obligation();
            if !owed.is_some_and(|owed| matches!(owed.state, ObligationState::Registered { .. })) {
                return Ok(None);
            }
            (KeyKind::Registered, row.registered_key)
        }
    };
    let Some(content) = content else { return Ok(None) };
    let kept: Kept<RegistryId> = open(conn, sealer, cell(id, kind), &content).await?;
    Ok(kept.there())
}

/// The row of a registry that somebody is known to be.
#[derive(Clone, Debug)]
pub struct KnownKey {
    pub key: RegistryId,
    /// A human has said so.
    pub is_said: bool,
}

/// Keys by which these persons are known in a registry: of the match while there is one, else as the dinas said as long as
/// they are registered.
pub async fn known_keys(
    conn: &mut PgConnection,
    sealer: &Sealer,
    registry: RegistryCode,
    persons: &[PersonId],
) -> Result<HashMap<PersonId, KnownKey>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT r.region_code, r.person_id, r.state = 'matched' AS "is_match!",
               r.state <> 'matched' OR r.match_class = 'reviewed' AS "is_said!",
               CASE WHEN r.state = 'matched' THEN r.match_key ELSE r.registered_key END AS content,
               k.key_id AS "key_id?", k.data_key_id AS "data_key_id?", k.wrapped AS "wrapped?"
           FROM UNNEST($1::text[], $2::uuid[]) AS wanted (region_code, person_id)
           CROSS JOIN LATERAL (
               SELECT * FROM registrations
               WHERE region_code = wanted.region_code AND person_id = wanted.person_id AND erased_at IS NULL
               OFFSET 0) r
           LEFT JOIN LATERAL (
               SELECT * FROM subject_keys
               WHERE region_code = r.region_code AND subject_id = r.person_id AND class = 'identity'
               OFFSET 0) k ON true
           WHERE (r.state = 'matched' AND starts_with(r.edition, $3 || ' ')
                   OR r.state <> 'matched' AND r.obligation_state = 'registered' AND r.registry = $3)"#,
        &column(persons, |id| id.home().to_string()),
        &column(persons, |id| id.uuid()),
        registry.code()
    )
    .fetch_all(conn)
    .await?;
    let mut keys = HashMap::with_capacity(rows.len());
    for row in rows {
        let person = PersonId::new(regency("registrations", &row.region_code)?, row.person_id);
        let kind = if row.is_match {
            KeyKind::Match
        } else {
            KeyKind::Registered
        };
        let Some(content) = row.content else { continue };
        let kept = KeptKey::of_row(row.key_id, row.data_key_id, row.wrapped);
        let opened: Kept<RegistryId> = sealer.open(cell(person, kind), kept.as_ref(), &content)?;
        let is_said = row.is_said;
        keys.extend(opened.there().map(|key| (person, KnownKey { key, is_said })));
    }
    Ok(keys)
}
