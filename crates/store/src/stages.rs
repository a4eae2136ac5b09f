//! The stages of a case: which have begun, until when, and who signed.

use serasi_domain::case::Case;
use serasi_domain::case::course::{Begun, Course, Signature};
use serasi_domain::case::record::WorkerId;
use serasi_domain::case::stage::Stage;
use serasi_domain::id::CaseId;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::columns::Row;

/// The stages of the case's present episode. Where none is kept the first one began with the episode.
pub async fn course_of(conn: &mut PgConnection, case: &Case) -> Result<Course, StoreError> {
    let rows = sqlx::query!(
        "SELECT stage, begun_at, due_at, signed_at, signed_by FROM case_stages
         WHERE region_code = $1 AND case_id = $2 AND episode = $3",
        case.id.home().to_string(),
        case.id.uuid(),
        case.episode.number
    )
    .fetch_all(conn)
    .await?;
    if rows.is_empty() {
        return Ok(Course::begin(case.episode.began_at));
    }
    let context = Row {
        table: "case_stages",
        id: &case.id,
    };
    let mut begun = rows
        .into_iter()
        .map(|row| {
            let signature = row.signed_at.zip(row.signed_by).map(|(at, by)| Signature {
                by: WorkerId::new(&by),
                at,
            });
            Ok(Begun {
                stage: context.code("stage", &row.stage)?,
                begun_at: row.begun_at,
                due_at: row.due_at,
                signed: signature,
            })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    begun.sort_by_key(|begun| begun.stage);
    Course::of(begun).ok_or_else(|| context.impossible("stage"))
}

/// Keeps the stages; the case is locked. A signature that stands is never changed.
pub async fn keep(conn: &mut PgConnection, case: &Case, course: &Course) -> Result<(), StoreError> {
    let begun = course.begun();
    let stages: Vec<String> = begun.iter().map(|begun| begun.stage.code().to_owned()).collect();
    let begun_at: Vec<OffsetDateTime> = begun.iter().map(|begun| begun.begun_at).collect();
    let due_at: Vec<Option<OffsetDateTime>> = begun.iter().map(|begun| begun.due_at).collect();
    let signed_at: Vec<Option<OffsetDateTime>> = begun
        .iter()
        .map(|begun| begun.signed.as_ref().map(|signature| signature.at))
        .collect();
    let signed_by: Vec<Option<String>> = begun
        .iter()
        .map(|begun| Some(begun.signed.as_ref()?.by.as_str().to_owned()))
        .collect();
    sqlx::query!(
        "INSERT INTO case_stages AS s
             (region_code, case_id, episode, stage, begun_at, due_at, signed_at, signed_by)
         SELECT $1, $2, $3, stage, begun_at, due_at, signed_at, signed_by
         FROM UNNEST($4::text[], $5::timestamptz[], $6::timestamptz[], $7::timestamptz[], $8::text[])
             AS t (stage, begun_at, due_at, signed_at, signed_by)
         ON CONFLICT ON CONSTRAINT case_stages_key DO UPDATE
             SET due_at = excluded.due_at, signed_at = excluded.signed_at, signed_by = excluded.signed_by
             WHERE s.signed_at IS NULL",
        case.id.home().to_string(),
        case.id.uuid(),
        case.episode.number,
        &stages,
        &begun_at,
        &due_at as &[Option<OffsetDateTime>],
        &signed_at as &[Option<OffsetDateTime>],
        &signed_by as &[Option<String>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether the last stage of an episode is signed: the programme is terminated (P16 Ps.25(4)).
pub async fn is_terminated(conn: &mut PgConnection, case: CaseId, episode: i32) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM case_stages
               WHERE region_code = $1 AND case_id = $2 AND episode = $3 AND stage = $4
                   AND signed_at IS NOT NULL) AS "exists!""#,
        case.home().to_string(),
        case.uuid(),
        episode,
        Stage::Aftercare.code()
    )
    .fetch_one(conn)
    .await?)
}
