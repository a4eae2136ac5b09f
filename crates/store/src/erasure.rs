//! The end of personal data (UU 27/2022 Ps. 42-44): the keys of the subjects are destroyed and what they sealed is
//! overwritten. What routing and reports need - sex, age, place, what was decided - names nobody and stays.

use serasi_domain::id::CaseId;
use serasi_domain::privacy::{DataClass, HoldReason};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::columns::{Row, regency};
use crate::rotation::reseal_case;
use crate::{Sealer, StoreError};

/// What was erased of a case, and what keeps the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privacy {
    pub erased: Vec<DataClass>,
    /// Why the case must be kept, if it must.
    pub hold: Option<HoldReason>,
}

pub async fn of_case(conn: &mut PgConnection, case: CaseId) -> Result<Privacy, StoreError> {
    let row = sqlx::query!(
        r#"SELECT c.erased, h.reason AS "reason?" FROM cases c
           LEFT JOIN legal_holds h
             ON h.region_code = c.region_code AND h.case_id = c.case_id AND h.lifted_at IS NULL
           WHERE c.region_code = $1 AND c.case_id = $2"#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_one(conn)
    .await?;
    let context = Row {
        table: "cases",
        id: &case,
    };
    let erased = row.erased.iter().map(|class| context.code("erased", class));
    Ok(Privacy {
        erased: erased.collect::<Result<_, _>>()?,
        hold: row
            .reason
            .map(|reason| context.code("legal_holds.reason", &reason))
            .transpose()?,
    })
}

/// Selects of the cases that ended before `$1` and whose data of class `$2` may go, those for which the rest of the
/// statement holds, too.
macro_rules! select_due {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query!(
            r#"SELECT region_code AS "region_code!", case_id AS "case_id!", changed_at AS "changed_at!" FROM (
                 SELECT region_code, case_id, changed_at FROM cases
                 WHERE state IN ('closed', 'resolved_directly') AND cardinality(erased) < 4 AND NOT ($2 = ANY (erased))
                 UNION ALL
                 -- Words that were written after the story was erased.
                 SELECT region_code, case_id, changed_at FROM cases w
                 WHERE state IN ('closed', 'resolved_directly') AND $2 = 'story' AND $2 = ANY (erased)
                     AND EXISTS (SELECT 1 FROM subject_keys k
                         WHERE k.region_code = w.region_code AND k.case_id = w.case_id AND k.class = 'story'
                             AND k.subject_id <> k.case_id AND k.erased_at IS NULL)
             ) c
             WHERE changed_at < $1
                 AND NOT EXISTS (SELECT 1 FROM legal_holds h
                     WHERE h.region_code = c.region_code AND h.case_id = c.case_id AND h.lifted_at IS NULL)
                 -- What follows another case is kept as long as that one goes on, is held or has its time.
                 AND NOT EXISTS (SELECT 1 FROM case_links l JOIN cases m ON m.region_code = l.main_region
                         AND m.case_id = l.main_case_id
                     WHERE l.region_code = c.region_code AND l.case_id = c.case_id AND l.unlinked_at IS NULL
                         AND (m.next_deadline IS NOT NULL OR m.changed_at >= $1
                             OR EXISTS (SELECT 1 FROM legal_holds h WHERE h.region_code = m.region_code
                                 AND h.case_id = m.case_id AND h.lifted_at IS NULL)))
                 -- Who reviews an opening reads why it was made.
                 AND NOT ($2 = 'story' AND EXISTS (SELECT 1 FROM break_glass b
                     WHERE b.region_code = c.region_code AND b.case_id = c.case_id AND b.reviewed_at IS NULL))
                 AND "# + $rest,
            $($argument),+
        )
    };
}

/// Cases whose data of a class may go, for they ended before `cutoff`; the longest ended first, after `last`.
pub async fn due(
    conn: &mut PgConnection,
    class: DataClass,
    cutoff: OffsetDateTime,
    last: Option<(OffsetDateTime, CaseId)>,
    limit: i64,
) -> Result<Vec<(OffsetDateTime, CaseId)>, StoreError> {
    let rows = select_due!(
        "($3::timestamptz IS NULL OR (changed_at, region_code, case_id) > ($3, $4, $5))
         ORDER BY changed_at, region_code, case_id LIMIT $6",
        cutoff,
        class.code(),
        last.map(|(changed_at, _)| changed_at),
        last.map(|(_, id)| id.home().to_string()),
        last.map(|(_, id)| id.uuid()),
        limit,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = CaseId::new(regency("cases", &row.region_code)?, row.case_id);
            Ok((row.changed_at, id))
        })
        .collect()
}

/// Whether a case is one of them. It is locked, and so is the case that it follows: a hold on either takes turns with
/// whoever asks.
pub async fn is_due(
    conn: &mut PgConnection,
    class: DataClass,
    cutoff: OffsetDateTime,
    case: CaseId,
) -> Result<bool, StoreError> {
    let found = select_due!(
        "region_code = $3 AND case_id = $4",
        cutoff,
        class.code(),
        case.home().to_string(),
        case.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(found.is_some())
}

/// Erases a class of a case that is locked and due, again if something of it was written since; the case gets its next
/// version. `false` = the version moved.
pub async fn erase(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    version: i64,
    class: DataClass,
) -> Result<bool, StoreError> {
    let (home, uuid) = (case.home().to_string(), case.uuid());
    let done = sqlx::query!(
        "UPDATE cases SET version = version + 1,
             erased = CASE WHEN $4 = ANY (erased) THEN erased ELSE array_append(erased, $4) END
         WHERE region_code = $1 AND case_id = $2 AND version = $3 AND state IN ('closed', 'resolved_directly')",
        home,
        uuid,
        version,
        class.code()
    )
    .execute(&mut *conn)
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    // The first release sealed all classes together: they are parted before one of them goes.
    reseal_case(conn, sealer, case).await?;
    sqlx::query!(
        "UPDATE subject_keys SET wrapped = NULL, data_key_id = NULL, erased_at = now()
         WHERE region_code = $1 AND case_id = $2 AND class = $3 AND erased_at IS NULL",
        home,
        uuid,
        class.code()
    )
    .execute(&mut *conn)
    .await?;
    match class {
        DataClass::Identity => overwrite_identities(conn, case).await?,
        DataClass::Contact => overwrite_contacts(conn, case).await?,
        DataClass::Story => overwrite_stories(conn, case).await?,
        DataClass::Assessment => overwrite_assessments(conn, case).await?,
    }
    Ok(true)
}

async fn overwrite_identities(conn: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    let (home, uuid) = (case.home().to_string(), case.uuid());
    sqlx::query!(
        "DELETE FROM name_index WHERE region_code = $1 AND person_id IN (
             SELECT person_id FROM persons WHERE region_code = $1 AND case_id = $2)",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    forget_index(conn, case, "nik").await?;
    sqlx::query!(
        "UPDATE identity_bindings SET nik = '' WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE persons SET content = '' WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE registrations SET match_key = CASE WHEN match_key IS NOT NULL THEN ''::bytea END,
             registered_key = CASE WHEN registered_key IS NOT NULL THEN ''::bytea END,
             domicile_code = NULL, answer_before = NULL, erased_at = COALESCE(erased_at, now())
         WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn overwrite_contacts(conn: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    forget_index(conn, case, "phone").await?;
    sqlx::query!(
        "UPDATE persons SET contact = '' WHERE region_code = $1 AND case_id = $2 AND contact IS NOT NULL",
        case.home().to_string(),
        case.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn forget_index(conn: &mut PgConnection, case: CaseId, kind: &str) -> Result<(), StoreError> {
    sqlx::query!(
        "DELETE FROM identity_index WHERE kind = $3 AND region_code = $1 AND person_id IN (
             SELECT person_id FROM persons WHERE region_code = $1 AND case_id = $2)",
        case.home().to_string(),
        case.uuid(),
        kind
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn overwrite_assessments(conn: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    sqlx::query!(
        "UPDATE case_records SET content = '' WHERE region_code = $1 AND case_id = $2",
        case.home().to_string(),
        case.uuid()
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn overwrite_papers(conn: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    let (home, uuid) = (case.home().to_string(), case.uuid());
    sqlx::query!(
        "DELETE FROM public_code_index WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE public_codes SET code = '' WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE documents SET content = '' WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn overwrite_stories(conn: &mut PgConnection, case: CaseId) -> Result<(), StoreError> {
    overwrite_papers(conn, case).await?;
    let (home, uuid) = (case.home().to_string(), case.uuid());
    sqlx::query!(
        "UPDATE intakes SET content = '' WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE placements SET end_note = '' WHERE region_code = $1 AND case_id = $2 AND end_note IS NOT NULL",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE cases SET resolution = CASE WHEN resolution IS NOT NULL THEN ''::bytea END,
             close_note = CASE WHEN close_note IS NOT NULL THEN ''::bytea END
         WHERE region_code = $1 AND case_id = $2 AND (resolution IS NOT NULL OR close_note IS NOT NULL)",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE offers SET decline_note = CASE WHEN decline_note IS NOT NULL THEN ''::bytea END,
             withdraw_note = CASE WHEN withdraw_note IS NOT NULL THEN ''::bytea END
         WHERE region_code = $1 AND case_id = $2 AND (decline_note IS NOT NULL OR withdraw_note IS NOT NULL)",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE break_glass SET words = '', review_words = CASE WHEN review_words IS NOT NULL THEN ''::bytea END
         WHERE region_code = $1 AND case_id = $2",
        home,
        uuid
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE legal_holds SET note = '' WHERE region_code = $1 AND case_id = $2 AND note IS NOT NULL",
        home,
        uuid
    )
    .execute(conn)
    .await?;
    Ok(())
}
