//! Masked cases that somebody opened: who, why, until when, and what the second person said. Words are sealed.

use serasi_domain::break_glass::{BreakGlass, Justification, Review};
use serasi_domain::id::{BreakGlassId, CaseId};
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::{Row, regency, scope_pattern};
use crate::seal::Cell;
use crate::subject_keys::{open, seal, words_cell};
use crate::{Kept, Sealer, StoreError};

/// Which openings to list; `None` matches all.
#[derive(Clone, Debug)]
pub struct BreakGlassFilter {
    pub scope: RegionCode,
    pub case: Option<CaseId>,
    pub unreviewed_only: bool,
    /// Time and id of the last one of the page before.
    pub before: Option<(OffsetDateTime, BreakGlassId)>,
    pub limit: i64,
}

/// What was written; the second only after the review. Empty = erased with the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub opener: String,
    pub reviewer: Option<String>,
}

#[derive(Debug)]
struct BreakGlassRow {
    region_code: String,
    break_glass_id: Uuid,
    version: i64,
    case_id: Uuid,
    principal: String,
    reason: String,
    opened_at: OffsetDateTime,
    expires_at: OffsetDateTime,
    review_before: OffsetDateTime,
    reviewed_at: Option<OffsetDateTime>,
    reviewed_by: Option<String>,
    verdict: Option<String>,
}

impl TryFrom<BreakGlassRow> for BreakGlass {
    type Error = StoreError;

    fn try_from(row: BreakGlassRow) -> Result<Self, Self::Error> {
        let home = regency("break_glass", &row.region_code)?;
        let id = BreakGlassId::new(home, row.break_glass_id);
        let context = Row {
            table: "break_glass",
            id: &id,
        };
        let review = match (row.reviewed_at, row.reviewed_by, row.verdict) {
            (None, None, None) => Review::Due {
                before: row.review_before,
            },
            (Some(at), Some(by), Some(verdict)) => Review::Done {
                at,
                by,
                verdict: context.code("verdict", &verdict)?,
            },
            (Some(_) | None, Some(_) | None, Some(_) | None) => return Err(context.impossible("reviewed_at")),
        };
        Ok(Self {
            id,
            version: row.version,
            case: CaseId::new(home, row.case_id),
            principal: row.principal,
            reason: context.code("reason", &row.reason)?,
            opened_at: row.opened_at,
            expires_at: row.expires_at,
            review,
        })
    }
}

const fn cell(column: &'static str, id: BreakGlassId) -> Cell {
    words_cell("break_glass", column, id.uuid(), id.home())
}

/// Adds one that was just opened and is to be reviewed before `review_before`.
pub async fn insert(
    conn: &mut PgConnection,
    sealer: &Sealer,
    glass: &BreakGlass,
    review_before: OffsetDateTime,
    words: &Justification,
) -> Result<(), StoreError> {
    let words = seal(conn, sealer, glass.case, cell("words", glass.id), &words.as_str()).await?;
    sqlx::query!(
        "INSERT INTO break_glass (region_code, break_glass_id, version, case_id, principal, reason, words, opened_at,
             expires_at, review_before)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        glass.id.home().to_string(),
        glass.id.uuid(),
        glass.version,
        glass.case.uuid(),
        glass.principal,
        glass.reason.code(),
        words,
        glass.opened_at,
        glass.expires_at,
        review_before
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The one by which `case` is open to `principal` now, by the database's clock.
pub async fn open_to(
    conn: &mut PgConnection,
    case: CaseId,
    principal: &str,
) -> Result<Option<BreakGlassId>, StoreError> {
    let id = sqlx::query_scalar!(
        "SELECT break_glass_id FROM break_glass
         WHERE region_code = $1 AND case_id = $2 AND principal = $3 AND opened_at <= now() AND expires_at > now()
         ORDER BY expires_at DESC, break_glass_id LIMIT 1",
        case.home().to_string(),
        case.uuid(),
        principal
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(|id| BreakGlassId::new(case.home(), id)))
}

/// Cases whose opening by `principal` nobody has reviewed: those opened after `since`, and `case`, whenever that was. Until
/// the transaction ends, openings of one principal take turns.
pub async fn unreviewed_of(
    conn: &mut PgConnection,
    principal: &str,
    case: CaseId,
    since: OffsetDateTime,
) -> Result<Vec<CaseId>, StoreError> {
    // The end of somebody else's transaction is seen only by a statement that begins after it.
    sqlx::query!(
        "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
        format!("break_glass {principal}")
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!(
        "SELECT region_code, case_id FROM break_glass
         WHERE principal = $1 AND reviewed_at IS NULL
             AND (opened_at > $2 OR region_code = $3 AND case_id = $4)",
        principal,
        since,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CaseId::new(
                regency("break_glass", &row.region_code)?,
                row.case_id,
            ))
        })
        .collect()
}

pub async fn get(conn: &mut PgConnection, id: BreakGlassId) -> Result<Option<BreakGlass>, StoreError> {
    let row = sqlx::query_as!(
        BreakGlassRow,
        "SELECT region_code, break_glass_id, version, case_id, principal, reason, opened_at, expires_at, review_before,
             reviewed_at, reviewed_by, verdict
         FROM break_glass WHERE region_code = $1 AND break_glass_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(BreakGlass::try_from).transpose()
}

/// What opener and reviewer wrote.
pub async fn words(
    conn: &mut PgConnection,
    sealer: &Sealer,
    id: BreakGlassId,
) -> Result<Option<Words>, StoreError> {
    let row = sqlx::query!(
        "SELECT words, review_words FROM break_glass WHERE region_code = $1 AND break_glass_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(&mut *conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let opener: Kept<String> = open(conn, sealer, cell("words", id), &row.words).await?;
    let reviewer: Option<Kept<String>> = match row.review_words {
        None => None,
        Some(words) => Some(open(conn, sealer, cell("review_words", id), &words).await?),
    };
    Ok(Some(Words {
        opener: opener.there().unwrap_or_default(),
        reviewer: reviewer.map(|words| words.there().unwrap_or_default()),
    }))
}

/// Writes the review of one that had none. `false` = somebody else was first, or there is no review.
pub async fn review(
    conn: &mut PgConnection,
    sealer: &Sealer,
    glass: &BreakGlass,
    words: &Justification,
) -> Result<bool, StoreError> {
    let (at, by, verdict) = match &glass.review {
        Review::Done { at, by, verdict } => (*at, by.as_str(), verdict.code()),
        Review::Due { .. } => return Ok(false),
    };
    let cell = cell("review_words", glass.id);
    let words = seal(conn, sealer, glass.case, cell, &words.as_str()).await?;
    let done = sqlx::query!(
        "UPDATE break_glass SET version = version + 1, reviewed_at = $4, reviewed_by = $5, verdict = $6,
             review_words = $7
         WHERE region_code = $1 AND break_glass_id = $2 AND version = $3 AND reviewed_at IS NULL",
        glass.id.home().to_string(),
        glass.id.uuid(),
        glass.version,
        at,
        by,
        verdict,
        words
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One page, newest first.
pub async fn list(conn: &mut PgConnection, filter: &BreakGlassFilter) -> Result<Vec<BreakGlass>, StoreError> {
    let rows = sqlx::query_as!(
        BreakGlassRow,
        "SELECT region_code, break_glass_id, version, case_id, principal, reason, opened_at, expires_at, review_before,
             reviewed_at, reviewed_by, verdict
         FROM break_glass
         WHERE region_code LIKE $1 AND ($2::text IS NULL OR region_code = $2 AND case_id = $3)
             AND (NOT $4 OR reviewed_at IS NULL)
             AND ($5::timestamptz IS NULL OR (opened_at, region_code, break_glass_id) < ($5, $6, $7))
         ORDER BY opened_at DESC, region_code DESC, break_glass_id DESC LIMIT $8",
        scope_pattern(filter.scope),
        filter.case.map(|id| id.home().to_string()),
        filter.case.map(CaseId::uuid),
        filter.unreviewed_only,
        filter.before.map(|(at, _)| at),
        filter.before.map(|(_, id)| id.home().to_string()),
        filter.before.map(|(_, id)| id.uuid()),
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(BreakGlass::try_from).collect()
}
