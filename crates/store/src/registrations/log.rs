//! Every step on the registry axis, for good: who was told, who took it, what became of it.

use serasi_domain::id::PersonId;
use serasi_domain::registry::{MatchClass, RefusalReason, UndoReason};
use sqlx::PgConnection;
use time::{Date, OffsetDateTime};

use crate::StoreError;
use crate::columns::Row;

/// Steps of one person that are read.
const MAX_STEPS: i64 = 200;

/// A step as it was recorded: codes, as they were then.
#[derive(Clone, Debug)]
pub struct Step {
    pub state: String,
    pub obligation_state: Option<String>,
    pub addressee: Option<String>,
    pub round: Option<i32>,
    pub outcome_on: Option<Date>,
    pub refusal: Option<RefusalReason>,
    /// How sure the link is that the step made.
    pub match_class: Option<MatchClass>,
    /// Why the step undid a link.
    pub undo_reason: Option<UndoReason>,
    pub principal: String,
    pub logged_at: OffsetDateTime,
}

/// The steps of one person, the oldest first.
pub async fn steps(conn: &mut PgConnection, person: PersonId) -> Result<Vec<Step>, StoreError> {
    let rows = sqlx::query!(
        "SELECT state, obligation_state, addressee, round, outcome_on, refusal, match_class, undo_reason, principal, logged_at
         FROM registration_log WHERE region_code = $1 AND person_id = $2 ORDER BY version LIMIT $3",
        person.home().to_string(),
        person.uuid(),
        MAX_STEPS
    )
    .fetch_all(conn)
    .await?;
    let context = Row {
        table: "registration_log",
        id: &person,
    };
    rows.into_iter()
        .map(|row| {
            let refusal = row.refusal.as_deref();
            Ok(Step {
                refusal: refusal.map(|code| context.code("refusal", code)).transpose()?,
                match_class: match row.match_class.as_deref() {
                    Some(code) => Some(context.code("match_class", code)?),
                    None => None,
                },
                undo_reason: match row.undo_reason.as_deref() {
                    Some(code) => Some(context.code("undo_reason", code)?),
                    None => None,
                },
                state: row.state,
                obligation_state: row.obligation_state,
                addressee: row.addressee,
                round: row.round,
                outcome_on: row.outcome_on,
                principal: row.principal,
                logged_at: row.logged_at,
            })
        })
        .collect()
}
