//! Reports as they were sent, sealed; the persons in them are kept apart, each under keys of their own.
//!
//! What a report leaves is sealed before a transaction opens and written for many at once.

use serasi_domain::id::CaseId;
use serasi_domain::intake::Intake;
use sqlx::PgConnection;

use crate::seal::KeptKey;
use crate::subject_keys::story_cell;
use crate::{Kept, Sealer, StoreError};

mod new;

pub use new::{NewReport, SealedReports, insert};

/// The first report of a case. Its persons are `persons::of_case`; in a report of the first release they are here, too.
pub async fn first_of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Option<Kept<Intake>>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT i.intake_id, i.content, k.key_id AS "key_id?", k.data_key_id, k.wrapped
           FROM intakes i LEFT JOIN subject_keys k
             ON k.region_code = i.region_code AND k.subject_id = i.case_id AND k.class = 'story'
           WHERE i.region_code = $1 AND i.case_id = $2 ORDER BY i.received_at, i.intake_id LIMIT 1"#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(|row| {
        let key = KeptKey::of_row(row.key_id, row.data_key_id, row.wrapped);
        let cell = story_cell("intakes", "content", row.intake_id, case);
        sealer.open(cell, key.as_ref(), &row.content)
    })
    .transpose()
}

/// Whether a report of `case` came from `principal`.
pub async fn is_reported_by(
    conn: &mut PgConnection,
    case: CaseId,
    principal: &str,
) -> Result<bool, StoreError> {
    let is_reporter = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM intakes WHERE region_code = $1 AND case_id = $2 AND received_from = $3)
               AS "is_reporter!""#,
        case.home().to_string(),
        case.uuid(),
        principal
    )
    .fetch_one(conn)
    .await?;
    Ok(is_reporter)
}
