//! Cases that follow a main case, and what they were before.

use std::collections::BTreeSet;

use serasi_domain::case::ending::Parked;
use serasi_domain::case::{Case, CaseState};
use serasi_domain::id::CaseId;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::cases::{owner_columns, read_owner};
use crate::columns::{Row, column, regency};

/// Longest list of followers that is shown.
const MAX_SHOWN: i64 = 100;

/// Puts down that `case`, which was `parked`, follows `main`. `false` = it follows one already.
pub async fn insert(
    conn: &mut PgConnection,
    case: CaseId,
    main: CaseId,
    parked: &Parked,
    now: OffsetDateTime,
) -> Result<bool, StoreError> {
    let (owner_kind, owner_reference) = owner_columns(parked.owner);
    let done = sqlx::query!(
        "INSERT INTO case_links (region_code, case_id, main_region, main_case_id, linked_at, state, owner_kind,
             owner_reference, next_deadline, waiting_since)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
         ON CONFLICT ON CONSTRAINT case_links_key DO UPDATE
             SET main_region = excluded.main_region, main_case_id = excluded.main_case_id,
                 linked_at = excluded.linked_at, state = excluded.state, owner_kind = excluded.owner_kind,
                 owner_reference = excluded.owner_reference, next_deadline = excluded.next_deadline,
                 waiting_since = excluded.waiting_since, unlinked_at = NULL
             WHERE case_links.unlinked_at IS NOT NULL",
        case.home().to_string(),
        case.uuid(),
        main.home().to_string(),
        main.uuid(),
        now,
        parked.state.code(),
        owner_kind,
        owner_reference,
        parked.next_deadline.unwrap_or(now),
        parked.state.seeks_since()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends the link of a case, and gives what it followed and what it was before.
pub async fn end(
    conn: &mut PgConnection,
    case: &Case,
    now: OffsetDateTime,
) -> Result<Option<(CaseId, Parked)>, StoreError> {
    let row = sqlx::query!(
        "UPDATE case_links SET unlinked_at = $3
         WHERE region_code = $1 AND case_id = $2 AND unlinked_at IS NULL
         RETURNING main_region, main_case_id, state, owner_kind, owner_reference, next_deadline, waiting_since",
        case.id.home().to_string(),
        case.id.uuid(),
        now
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let context = Row {
        table: "case_links",
        id: &case.id,
    };
    let since = || context.present("waiting_since", row.waiting_since);
    let state = match row.state.as_str() {
        "received" => CaseState::Received,
        "triaged" => CaseState::Triaged,
        "waiting" => CaseState::Waiting { since: since()? },
        "no_candidate" => CaseState::NoCandidate { since: since()? },
        _ => return Err(context.impossible("state")),
    };
    let parked = Parked {
        state,
        owner: read_owner(&context, &row.owner_kind, &row.owner_reference)?,
        next_deadline: Some(row.next_deadline),
    };
    let main = CaseId::new(regency("case_links", &row.main_region)?, row.main_case_id);
    Ok(Some((main, parked)))
}

/// The case that `case` follows.
pub async fn main_of(conn: &mut PgConnection, case: CaseId) -> Result<Option<CaseId>, StoreError> {
    let row = sqlx::query!(
        "SELECT main_region, main_case_id FROM case_links
         WHERE region_code = $1 AND case_id = $2 AND unlinked_at IS NULL",
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        Ok(CaseId::new(
            regency("case_links", &row.main_region)?,
            row.main_case_id,
        ))
    })
    .transpose()
}

/// The cases that follow `main`, in the order in which they were linked.
pub async fn followers_of(conn: &mut PgConnection, main: CaseId) -> Result<Vec<CaseId>, StoreError> {
    let rows = sqlx::query!(
        "SELECT region_code, case_id FROM case_links
         WHERE main_region = $1 AND main_case_id = $2 AND unlinked_at IS NULL
         ORDER BY linked_at, region_code, case_id LIMIT $3",
        main.home().to_string(),
        main.uuid(),
        MAX_SHOWN
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok(CaseId::new(regency("case_links", &row.region_code)?, row.case_id)))
        .collect()
}

/// Those of these cases that others follow.
pub async fn that_lead(conn: &mut PgConnection, cases: &[CaseId]) -> Result<BTreeSet<CaseId>, StoreError> {
    let rows = sqlx::query!(
        "SELECT DISTINCT main_region, main_case_id
         FROM case_links JOIN UNNEST($1::text[], $2::uuid[]) AS wanted (main_region, main_case_id)
             USING (main_region, main_case_id)
         WHERE unlinked_at IS NULL",
        &column(cases, |id| id.home().to_string()),
        &column(cases, |id| id.uuid())
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(CaseId::new(
                regency("case_links", &row.main_region)?,
                row.main_case_id,
            ))
        })
        .collect()
}
