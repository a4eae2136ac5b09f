//! Requests of persons: the row becomes the state enum here and nowhere else.

use serasi_domain::id::{CaseId, PersonId, SubjectRequestId};
use serasi_domain::subject::{RefusalReason, RequestKind, RequestState, SubjectRequest};
use serasi_geography::RegionCode;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, regency, scope_pattern};

/// Which requests to list; `None` matches all.
#[derive(Clone, Debug)]
pub struct RequestFilter {
    pub scope: RegionCode,
    pub person: Option<PersonId>,
    pub kind: Option<RequestKind>,
    pub open_only: bool,
    /// By the database's clock.
    pub overdue_only: bool,
    /// Due time and id of the last one of the page before.
    pub after: Option<(OffsetDateTime, SubjectRequestId)>,
    pub limit: i64,
}

#[derive(Debug)]
struct RequestRow {
    region_code: String,
    subject_request_id: Uuid,
    version: i64,
    case_id: Uuid,
    person_id: Uuid,
    kind: String,
    requester: String,
    state: String,
    received_at: OffsetDateTime,
    due_at: OffsetDateTime,
    recorded_by: String,
    answered_at: Option<OffsetDateTime>,
    answered_by: Option<String>,
    refusal: Option<String>,
}

impl TryFrom<RequestRow> for SubjectRequest {
    type Error = StoreError;

    fn try_from(row: RequestRow) -> Result<Self, Self::Error> {
        let home = regency("subject_requests", &row.region_code)?;
        let id = SubjectRequestId::new(home, row.subject_request_id);
        let context = Row {
            table: "subject_requests",
            id: &id,
        };
        let answered = || {
            let at = context.present("answered_at", row.answered_at)?;
            let by = context.present("answered_by", row.answered_by.clone())?;
            Ok::<_, StoreError>((at, by))
        };
        let state = match row.state.as_str() {
            "open" => RequestState::Open,
            "fulfilled" => {
                let (at, by) = answered()?;
                RequestState::Fulfilled { at, by }
            }
            "refused" => {
                let (at, by) = answered()?;
                let reason = context.present("refusal", row.refusal.clone())?;
                let reason = context.code("refusal", &reason)?;
                RequestState::Refused { at, by, reason }
            }
            _ => return Err(context.impossible("state")),
        };
        Ok(Self {
            id,
            version: row.version,
            person: PersonId::new(home, row.person_id),
            case: CaseId::new(home, row.case_id),
            kind: context.code("kind", &row.kind)?,
            requester: context.code("requester", &row.requester)?,
            state,
            received_at: row.received_at,
            due_at: row.due_at,
            recorded_by: row.recorded_by,
        })
    }
}

/// Adds an OPEN request. `false` = the same requester has an open one of this kind.
pub async fn insert(conn: &mut PgConnection, request: &SubjectRequest) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO subject_requests (region_code, subject_request_id, version, case_id, person_id, kind, requester,
             state, received_at, due_at, recorded_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'open', $8, $9, $10)
         ON CONFLICT (region_code, person_id, kind, requester) WHERE state = 'open' DO NOTHING",
        request.id.home().to_string(),
        request.id.uuid(),
        request.version,
        request.case.uuid(),
        request.person.uuid(),
        request.kind.code(),
        request.requester.code(),
        request.received_at,
        request.due_at,
        request.recorded_by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes the answer to one that was open. `false` = somebody else was first, or there is no answer.
pub async fn answer(conn: &mut PgConnection, request: &SubjectRequest) -> Result<bool, StoreError> {
    let (at, by, reason) = match &request.state {
        RequestState::Open => return Ok(false),
        RequestState::Fulfilled { at, by } => (*at, by, None),
        RequestState::Refused { at, by, reason } => (*at, by, Some(*reason)),
    };
    let done = sqlx::query!(
        "UPDATE subject_requests SET version = version + 1, state = $4, answered_at = $5, answered_by = $6, refusal = $7
         WHERE region_code = $1 AND subject_request_id = $2 AND version = $3 AND state = 'open'",
        request.id.home().to_string(),
        request.id.uuid(),
        request.version,
        request.state.code(),
        at,
        by,
        reason.map(RefusalReason::code)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub async fn get(
    conn: &mut PgConnection,
    id: SubjectRequestId,
) -> Result<Option<SubjectRequest>, StoreError> {
    let row = sqlx::query_as!(
        RequestRow,
        "SELECT region_code, subject_request_id, version, case_id, person_id, kind, requester, state, received_at,
             due_at, recorded_by, answered_at, answered_by, refusal
         FROM subject_requests WHERE region_code = $1 AND subject_request_id = $2",
        id.home().to_string(),
        id.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(SubjectRequest::try_from).transpose()
}

/// One page, the first due first.
pub async fn list(
    conn: &mut PgConnection,
    filter: &RequestFilter,
) -> Result<Vec<SubjectRequest>, StoreError> {
    let rows = sqlx::query_as!(
        RequestRow,
        "SELECT region_code, subject_request_id, version, case_id, person_id, kind, requester, state, received_at,
             due_at, recorded_by, answered_at, answered_by, refusal
         FROM subject_requests
         WHERE region_code LIKE $1 AND ($2::text IS NULL OR region_code = $2 AND person_id = $3)
             AND ($4::text IS NULL OR kind = $4) AND (NOT $5 OR state = 'open')
             AND (NOT $6 OR state = 'open' AND due_at <= now())
             AND ($7::timestamptz IS NULL OR (due_at, region_code, subject_request_id) > ($7, $8, $9))
         ORDER BY due_at, region_code, subject_request_id LIMIT $10",
        scope_pattern(filter.scope),
        filter.person.map(|id| id.home().to_string()),
        filter.person.map(PersonId::uuid),
        filter.kind.map(RequestKind::code),
        filter.open_only,
        filter.overdue_only,
        filter.after.map(|(at, _)| at),
        filter.after.map(|(_, id)| id.home().to_string()),
        filter.after.map(|(_, id)| id.uuid()),
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(SubjectRequest::try_from).collect()
}

/// The requests about a person, the oldest first, at most `limit`.
pub async fn of_person(
    conn: &mut PgConnection,
    person: PersonId,
    limit: i64,
) -> Result<Vec<SubjectRequest>, StoreError> {
    let filter = RequestFilter {
        scope: RegionCode::NATION,
        person: Some(person),
        kind: None,
        open_only: false,
        overdue_only: false,
        after: None,
        limit,
    };
    list(conn, &filter).await
}
