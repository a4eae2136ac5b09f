//! Records of a case: assessments, plans, conferences, services, indicators. What they say is sealed; nothing is changed
//! or removed.

use enumset::{EnumSet, EnumSetType};
use serasi_domain::case::Case;
use serasi_domain::case::record::{
    AchievedPercent, CaseFile, CaseRecord, DurationDays, FundingSource, NewRecord, RecordFact, RecordKind,
    WorkerId,
};
use serasi_domain::id::{CaseId, RecordId};
use serasi_domain::privacy::DataClass;
use serasi_domain::text::Text;
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::columns::Row;
use crate::seal::Cell;
use crate::subject_keys::{find, seal};
use crate::{Kept, Sealer, StoreError};

/// All that was written down in a case is erased together.
const fn cell(record: RecordId, case: CaseId) -> Cell {
    Cell {
        table: "case_records",
        column: "content",
        row: record.uuid(),
        home: case.home(),
        subject: case.uuid(),
        class: DataClass::Assessment,
    }
}

fn codes<T: EnumSetType + ToString>(set: EnumSet<T>) -> Vec<String> {
    set.iter().map(|value| value.to_string()).collect()
}

/// Adds a record.
pub async fn insert(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    record: &CaseRecord,
    text: &Text<8000>,
) -> Result<(), StoreError> {
    let (id, content) = (record.id, &record.content);
    let words = seal(conn, sealer, case, cell(id, case), &text.as_str()).await?;
    sqlx::query!(
        "INSERT INTO case_records (region_code, record_id, case_id, episode, kind, profession, author, recorded_at,
             aspects, bases, forms, funding, duration_days, content)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        id.home().to_string(),
        id.uuid(),
        case.uuid(),
        record.episode,
        content.kind.code(),
        content.profession.code(),
        record.author.as_str(),
        record.recorded_at,
        &codes(content.aspects),
        &codes(content.bases),
        &codes(content.forms),
        content.funding.map(FundingSource::code),
        content.duration.map(|days| i32::from(days.get())),
        words
    )
    .execute(&mut *conn)
    .await?;
    let (kinds, percents): (Vec<String>, Vec<i32>) = content
        .indicators
        .iter()
        .map(|(kind, percent)| (kind.to_string(), i32::from(percent.get())))
        .unzip();
    sqlx::query!(
        "INSERT INTO case_indicators (region_code, record_id, kind, achieved_percent, case_id, measured_at)
         SELECT $1, $2, kind, percent, $3, $4 FROM UNNEST($5::text[], $6::int[]) AS i (kind, percent)",
        id.home().to_string(),
        id.uuid(),
        case.uuid(),
        record.recorded_at,
        &kinds,
        &percents
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How many records a case has.
pub async fn count(conn: &mut PgConnection, case: CaseId) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM case_records WHERE region_code = $1 AND case_id = $2"#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_one(conn)
    .await?)
}

/// What is on file of the present episode, without what it says.
pub async fn file_of(conn: &mut PgConnection, case: &Case) -> Result<CaseFile, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT r.kind, r.author, bool_or(r.duration_days IS NOT NULL) AS "sets_duration!",
               array_remove(array_agg(DISTINCT a.aspect), NULL) AS "aspects!",
               array_remove(array_agg(DISTINCT i.kind), NULL) AS "indicators!"
           FROM case_records r
               LEFT JOIN LATERAL unnest(r.aspects) AS a (aspect) ON true
               LEFT JOIN case_indicators i USING (region_code, record_id)
           WHERE r.region_code = $1 AND r.case_id = $2 AND r.episode = $3
           GROUP BY r.kind, r.author"#,
        case.id.home().to_string(),
        case.id.uuid(),
        case.episode.number
    )
    .fetch_all(conn)
    .await?;
    let context = Row {
        table: "case_records",
        id: &case.id,
    };
    let facts = rows.into_iter().map(|row| {
        Ok(RecordFact {
            kind: context.code("kind", &row.kind)?,
            author: WorkerId::new(&row.author),
            aspects: context.set("aspects", &row.aspects)?,
            indicators: context.set("indicators", &row.indicators)?,
            sets_duration: row.sets_duration,
        })
    });
    Ok(CaseFile::new(facts.collect::<Result<_, StoreError>>()?))
}

/// How long the service is to last, as it was decided last in the present episode.
pub async fn duration_of(conn: &mut PgConnection, case: &Case) -> Result<Option<DurationDays>, StoreError> {
    let days = sqlx::query_scalar!(
        r#"SELECT duration_days AS "days!" FROM case_records
           WHERE region_code = $1 AND case_id = $2 AND episode = $3 AND duration_days IS NOT NULL
           ORDER BY recorded_at DESC, record_id DESC LIMIT 1"#,
        case.id.home().to_string(),
        case.id.uuid(),
        case.episode.number
    )
    .fetch_optional(conn)
    .await?;
    let context = Row {
        table: "case_records",
        id: &case.id,
    };
    days.map(|days| context.number("duration_days", days)).transpose()
}

/// Records of a case with what they say as far as it is left, the oldest first, after `last`.
pub async fn list(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    kinds: &[RecordKind],
    page: (Option<(OffsetDateTime, RecordId)>, i64),
) -> Result<Vec<(CaseRecord, Kept<String>)>, StoreError> {
    let (last, limit) = page;
    let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
    let rows = sqlx::query!(
        r#"SELECT record_id, episode, kind, profession, author, recorded_at, aspects, bases, forms, funding, duration_days,
               content,
               ARRAY(SELECT i.kind FROM case_indicators i
                   WHERE i.region_code = r.region_code AND i.record_id = r.record_id ORDER BY i.kind) AS "kinds!",
               ARRAY(SELECT i.achieved_percent FROM case_indicators i
                   WHERE i.region_code = r.region_code AND i.record_id = r.record_id ORDER BY i.kind) AS "percents!"
           FROM case_records r
           WHERE region_code = $1 AND case_id = $2 AND (cardinality($3::text[]) = 0 OR kind = ANY ($3))
               AND ($4::timestamptz IS NULL OR (recorded_at, record_id) > ($4, $5))
           ORDER BY recorded_at, record_id LIMIT $6"#,
        case.home().to_string(),
        case.uuid(),
        &kinds,
        last.map(|(at, _)| at),
        last.map(|(_, id)| id.uuid()),
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let Some(first) = rows.first().map(|row| RecordId::new(case.home(), row.record_id)) else {
        return Ok(vec![]);
    };
    // One key for all of them.
    let key = find(conn, cell(first, case)).await?;
    rows.into_iter()
        .map(|row| {
            let id = RecordId::new(case.home(), row.record_id);
            let context = Row {
                table: "case_records",
                id: &id,
            };
            let text = sealer.open(cell(id, case), key.as_ref(), &row.content)?;
            let indicators = row.kinds.iter().zip(row.percents).map(|(kind, percent)| {
                let percent: AchievedPercent = context.number("achieved_percent", percent)?;
                Ok((context.code("kind", kind)?, percent))
            });
            let record = CaseRecord {
                id,
                episode: row.episode,
                author: WorkerId::new(&row.author),
                recorded_at: row.recorded_at,
                content: NewRecord {
                    kind: context.code("kind", &row.kind)?,
                    profession: context.code("profession", &row.profession)?,
                    aspects: context.set("aspects", &row.aspects)?,
                    bases: context.set("bases", &row.bases)?,
                    forms: context.set("forms", &row.forms)?,
                    funding: row
                        .funding
                        .map(|code| context.code("funding", &code))
                        .transpose()?,
                    duration: row
                        .duration_days
                        .map(|days| context.number("duration_days", days))
                        .transpose()?,
                    indicators: indicators.collect::<Result<_, StoreError>>()?,
                },
            };
            Ok((record, text))
        })
        .collect()
}
