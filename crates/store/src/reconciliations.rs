//! Reconciliations: how far each is. Every change names the version it was made from, so that a stream that was taken over
//! by another replica writes nothing any more.

use serasi_domain::id::{PersonId, ReconciliationId};
use serasi_domain::registry::{
    Edition, PersonCounts, Progress, Reconciliation, RegistryCode, RowCounts, SourceDigest,
};
use serasi_domain::text::Text;
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, regency, scope_pattern};

mod candidates;
mod persons;
mod results;

pub use candidates::{
    Agreement, CandidatePosition, CandidateRow, NewCandidate, adopt, forget, keep, of_reconciliation,
    with_leftovers,
};
pub use persons::{Sought, Unsettled, sought, unsettled};
pub use results::{Decided, RowResult, decide, keys, of_persons, reject, results};

#[derive(Debug)]
struct ReconciliationRow {
    region_code: String,
    reconciliation_id: Uuid,
    version: i64,
    scope: String,
    registry: String,
    edition: String,
    kind: String,
    state: String,
    source_digest: Vec<u8>,
    is_whole: bool,
    broke_off: bool,
    rows_at_least: i64,
    principal: String,
    weights_version: String,
    last_row: i64,
    rows_read: i64,
    rows_refused: i64,
    rows_exact: i64,
    rows_probable: i64,
    rows_ambiguous: i64,
    decided_region: Option<String>,
    decided_person: Option<Uuid>,
    persons_decided: i64,
    persons_matched: i64,
    persons_ambiguous: i64,
    persons_not_found: i64,
    persons_left: i64,
    persons_held: i64,
    started_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

impl TryFrom<ReconciliationRow> for Reconciliation {
    type Error = StoreError;

    fn try_from(row: ReconciliationRow) -> Result<Self, Self::Error> {
        let home = regency("reconciliations", &row.region_code)?;
        let id = ReconciliationId::new(home, row.reconciliation_id);
        let context = Row {
            table: "reconciliations",
            id: &id,
        };
        let count = |column, value: i64| u64::try_from(value).map_err(|_| context.impossible(column));
        let registry: RegistryCode = context.code("registry", &row.registry)?;
        let digest: [u8; 32] = row
            .source_digest
            .as_slice()
            .try_into()
            .map_err(|_| context.impossible("source_digest"))?;
        Ok(Self {
            id,
            version: row.version,
            edition: Edition::new(registry, &row.edition).map_err(|_| context.impossible("edition"))?,
            kind: context.code("kind", &row.kind)?,
            scope: context.code("scope", &row.scope)?,
            source: SourceDigest(digest),
            is_whole: row.is_whole,
            broke_off: row.broke_off,
            rows_at_least: count("rows_at_least", row.rows_at_least)?,
            weights_version: Text::new(&row.weights_version)
                .map_err(|_| context.impossible("weights_version"))?,
            started_at: row.started_at,
            progress: read_progress(&row, context)?,
            rows: RowCounts {
                read: count("rows_read", row.rows_read)?,
                refused: count("rows_refused", row.rows_refused)?,
                exact: count("rows_exact", row.rows_exact)?,
                probable: count("rows_probable", row.rows_probable)?,
                ambiguous: count("rows_ambiguous", row.rows_ambiguous)?,
            },
            persons: PersonCounts {
                decided: count("persons_decided", row.persons_decided)?,
                matched: count("persons_matched", row.persons_matched)?,
                ambiguous: count("persons_ambiguous", row.persons_ambiguous)?,
                not_found: count("persons_not_found", row.persons_not_found)?,
                left: count("persons_left", row.persons_left)?,
                held: count("persons_held", row.persons_held)?,
            },
            principal: row.principal,
        })
    }
}

fn read_progress(
    row: &ReconciliationRow,
    context: Row<'_, ReconciliationId>,
) -> Result<Progress, StoreError> {
    let last_row = u64::try_from(row.last_row).map_err(|_| context.impossible("last_row"))?;
    let at = || context.present("ended_at", row.ended_at);
    Ok(match row.state.as_str() {
        "open" => Progress::Open { last_row },
        "deciding" => Progress::Deciding {
            last_row,
            after: match (row.decided_region.as_deref(), row.decided_person) {
                (Some(region), Some(person)) => {
                    Some(PersonId::new(regency("reconciliations", region)?, person))
                }
                (None, None) => None,
                (Some(_), None) | (None, Some(_)) => return Err(context.impossible("decided_person")),
            },
        },
        "done" => Progress::Done { last_row, at: at()? },
        "abandoned" => Progress::Abandoned { last_row, at: at()? },
        _ => return Err(context.impossible("state")),
    })
}

/// Begins one. `false` = there is one with this id.
pub async fn insert(conn: &mut PgConnection, new: &Reconciliation) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO reconciliations (region_code, reconciliation_id, version, scope, registry, edition, kind, state,
             source_digest, is_whole, principal, weights_version, last_row, rows_read, rows_refused, rows_exact, rows_probable,
             rows_ambiguous, persons_decided, persons_matched, persons_ambiguous, persons_not_found, persons_left,
             rows_at_least, started_at, changed_at)
         VALUES ($1, $2, 1, $3, $4, $5, $6, 'open', $7, true, $8, $9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, $11, $10, $10)
         ON CONFLICT ON CONSTRAINT reconciliations_key DO NOTHING",
        new.id.home().to_string(),
        new.id.uuid(),
        new.scope.to_string(),
        new.edition.registry().code(),
        new.edition.period(),
        new.kind.code(),
        new.source.0.as_slice(),
        new.principal,
        new.weights_version.as_str(),
        new.started_at,
        number(new.rows_at_least)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(
    conn: &mut PgConnection,
    id: ReconciliationId,
) -> Result<Option<Reconciliation>, StoreError> {
    let row = sqlx::query_as!(
        ReconciliationRow,
        "SELECT region_code, reconciliation_id, version, scope, registry, edition, kind, state, source_digest, is_whole,
             broke_off, rows_at_least, principal, weights_version, last_row, rows_read, rows_refused, rows_exact, rows_probable, rows_ambiguous,
             decided_region, decided_person, persons_decided, persons_matched, persons_ambiguous, persons_not_found,
             persons_left, persons_held, started_at, ended_at
         FROM reconciliations WHERE region_code = $1 AND reconciliation_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Reconciliation::try_from).transpose()
}

/// The one that is open, or deciding, for the same persons and registry.
pub async fn running(
    conn: &mut PgConnection,
    beside: &Reconciliation,
) -> Result<Option<Reconciliation>, StoreError> {
    let row = sqlx::query_as!(
        ReconciliationRow,
        "SELECT region_code, reconciliation_id, version, scope, registry, edition, kind, state, source_digest, is_whole,
             broke_off, rows_at_least, principal, weights_version, last_row, rows_read, rows_refused, rows_exact, rows_probable, rows_ambiguous,
             decided_region, decided_person, persons_decided, persons_matched, persons_ambiguous, persons_not_found,
             persons_left, persons_held, started_at, ended_at
         FROM reconciliations
         WHERE region_code = $1 AND scope = $2 AND registry = $3 AND state IN ('open', 'deciding')",
        beside.id.home().to_string(),
        beside.scope.to_string(),
        beside.edition.registry().code()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Reconciliation::try_from).transpose()
}

/// Rows of the last whole snapshot of its registry that a run can be measured by: one of its scope, or of more.
pub async fn rows_of_whole(
    conn: &mut PgConnection,
    beside: &Reconciliation,
) -> Result<Option<u64>, StoreError> {
    let row = sqlx::query!(
        "SELECT rows_read FROM reconciliations
         WHERE registry = $1 AND kind = 'snapshot' AND is_whole AND state = 'done'
             AND (scope = 'ID' OR scope = $2 OR starts_with($2, scope || '.'))
         ORDER BY started_at DESC LIMIT 1",
        beside.edition.registry().code(),
        beside.scope.to_string()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.and_then(|row| u64::try_from(row.rows_read).ok()))
}

/// Where a page ended.
pub type ReconciliationPosition = (OffsetDateTime, ReconciliationId);

/// Those of persons in `scope`, the newest first.
pub async fn list(
    conn: &mut PgConnection,
    scope: RegionCode,
    before: Option<ReconciliationPosition>,
    limit: i64,
) -> Result<Vec<Reconciliation>, StoreError> {
    let rows = sqlx::query_as!(
        ReconciliationRow,
        "SELECT region_code, reconciliation_id, version, scope, registry, edition, kind, state, source_digest, is_whole,
             broke_off, rows_at_least, principal, weights_version, last_row, rows_read, rows_refused, rows_exact, rows_probable, rows_ambiguous,
             decided_region, decided_person, persons_decided, persons_matched, persons_ambiguous, persons_not_found,
             persons_left, persons_held, started_at, ended_at
         FROM reconciliations
         WHERE scope LIKE $1
             AND ($2::timestamptz IS NULL OR (started_at, region_code, reconciliation_id) < ($2, $3, $4))
         ORDER BY started_at DESC, region_code DESC, reconciliation_id DESC LIMIT $5",
        scope_pattern(scope),
        before.map(|(at, _)| at),
        before.map(|(_, id)| id.home().to_string()),
        before.map(|(_, id)| id.uuid()),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Reconciliation::try_from).collect()
}

/// Writes the next version over `old` and gives it its number. `None` = somebody else goes on with it.
pub async fn update(
    conn: &mut PgConnection,
    mut next: Reconciliation,
    old: &Reconciliation,
) -> Result<Option<Reconciliation>, StoreError> {
    let after = match next.progress {
        Progress::Deciding { after, .. } => after,
        Progress::Open { .. } | Progress::Done { .. } | Progress::Abandoned { .. } => None,
    };
    let done = sqlx::query!(
        "UPDATE reconciliations SET version = version + 1, state = $5, last_row = $6, rows_read = $7, rows_refused = $8,
             rows_exact = $9, rows_probable = $10, rows_ambiguous = $11, decided_region = $12, decided_person = $13,
             persons_decided = $14, persons_matched = $15, persons_ambiguous = $16, persons_not_found = $17,
             persons_left = $18, ended_at = $19, is_whole = $20, persons_held = $21,
             broke_off = $22, rows_at_least = $23, changed_at = now()
         WHERE region_code = $1 AND reconciliation_id = $2 AND version = $3 AND state = $4",
        next.id.home().to_string(),
        next.id.uuid(),
        old.version,
        old.progress.code(),
        next.progress.code(),
        number(next.progress.last_row()),
        number(next.rows.read),
        number(next.rows.refused),
        number(next.rows.exact),
        number(next.rows.probable),
        number(next.rows.ambiguous),
        after.map(|person| person.home().to_string()),
        after.map(PersonId::uuid),
        number(next.persons.decided),
        number(next.persons.matched),
        number(next.persons.ambiguous),
        number(next.persons.not_found),
        number(next.persons.left),
        next.progress.ended_at(),
        next.is_whole,
        number(next.persons.held),
        next.broke_off,
        number(next.rows_at_least)
    )
    .execute(conn)
    .await?;
    next.version = old.version + 1;
    Ok((done.rows_affected() == 1).then_some(next))
}

/// Rows of a registry are far below 2^63.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
