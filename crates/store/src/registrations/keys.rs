//! Keys of persons' rows in the registry, sealed under the person's own key.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::privacy::DataClass;
use serasi_domain::registry::{ObligationState, Registration, RegistryId, Standing};
use sqlx::PgConnection;

use crate::rotation::reseal_case;
use crate::seal::Cell;
use crate::subject_keys::{find, open, seal};
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
