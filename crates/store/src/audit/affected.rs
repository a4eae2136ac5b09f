//! Whose data were shown or changed by somebody in a time: the list for the notice of a breach (UU 27/2022 Ps. 46). One
//! regency at a time, along its index: no statement reads the log of the nation.

use serasi_domain::case::CaseFacts;
use serasi_domain::id::{CaseId, PersonId, Regency};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, regency};

/// Acts by whom, by which method, in which time.
#[derive(Clone, Debug)]
pub struct Breach {
    pub principal: Option<String>,
    pub verb: Option<String>,
    pub from: OffsetDateTime,
    /// Before this moment; `None` = up to now.
    pub until: Option<OffsetDateTime>,
}

/// A case that was touched.
#[derive(Clone, Debug)]
pub struct Affected {
    pub case: CaseId,
    pub persons: Vec<PersonId>,
    pub facts: CaseFacts,
    pub first_at: OffsetDateTime,
    pub last_at: OffsetDateTime,
    pub acts: i64,
    pub verbs: Vec<String>,
}

/// Those of `regions` that have a log, in order.
pub async fn recorded(conn: &mut PgConnection, regions: &[Regency]) -> Result<Vec<Regency>, StoreError> {
    let codes: Vec<String> = regions.iter().map(ToString::to_string).collect();
    let found = sqlx::query_scalar!(
        r#"SELECT code AS "code!" FROM UNNEST($1::text[]) AS wanted (code)
           WHERE EXISTS (SELECT 1 FROM audit_entries e WHERE e.region_code = code) ORDER BY code"#,
        &codes
    )
    .fetch_all(conn)
    .await?;
    found.iter().map(|code| regency("audit_entries", code)).collect()
}

/// Cases of one regency that were touched, by id, after `after`.
pub async fn of_region(
    conn: &mut PgConnection,
    breach: &Breach,
    region: Regency,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Affected>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH acts AS MATERIALIZED (
               SELECT subject_id, min(at) AS first_at, max(at) AS last_at, count(*) AS acts,
                   array_agg(DISTINCT verb) AS verbs
               FROM audit_entries
               WHERE region_code = $1 AND at >= $2 AND ($3::timestamptz IS NULL OR at < $3)
                   AND ($4::text IS NULL OR principal = $4) AND ($5::text IS NULL OR verb = $5)
               GROUP BY subject_id),
           about AS MATERIALIZED (
               SELECT right(subject_id, 36)::uuid AS id, first_at, last_at, acts, verbs FROM acts
               WHERE subject_id ~ '^[0-9]{4}-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'),
           owned AS (
               SELECT c.case_id, a.* FROM about a JOIN cases c ON c.region_code = $1 AND c.case_id = a.id
               UNION ALL SELECT x.case_id, a.* FROM about a JOIN persons x ON x.region_code = $1 AND x.person_id = a.id
               UNION ALL SELECT x.case_id, a.* FROM about a JOIN offers x ON x.region_code = $1 AND x.offer_id = a.id
               UNION ALL SELECT x.case_id, a.* FROM about a
                   JOIN placements x ON x.region_code = $1 AND x.placement_id = a.id
               UNION ALL SELECT x.case_id, a.* FROM about a
                   JOIN decisions x ON x.region_code = $1 AND x.decision_id = a.id
               UNION ALL SELECT x.case_id, a.* FROM about a
                   JOIN break_glass x ON x.region_code = $1 AND x.break_glass_id = a.id),
           page AS (
               SELECT case_id, min(first_at) AS first_at, max(last_at) AS last_at, sum(acts)::bigint AS acts,
                   array_agg(DISTINCT verb) AS verbs
               FROM (SELECT case_id, id, first_at, last_at, CASE place WHEN 1 THEN acts ELSE 0 END AS acts, verb
                     FROM owned, UNNEST(verbs) WITH ORDINALITY AS v (verb, place)) AS each
               WHERE $6::uuid IS NULL OR case_id > $6
               GROUP BY case_id ORDER BY case_id LIMIT $7)
           SELECT page.case_id AS "case_id!", first_at AS "first_at!", last_at AS "last_at!", page.acts AS "acts!",
               verbs AS "verbs!", c.facts AS "facts!",
               ARRAY(SELECT p.person_id FROM persons p WHERE p.region_code = $1 AND p.case_id = page.case_id
                   ORDER BY p.position) AS "persons!"
           FROM page JOIN cases c ON c.region_code = $1 AND c.case_id = page.case_id ORDER BY page.case_id"#,
        region.to_string(),
        breach.from,
        breach.until,
        breach.principal,
        breach.verb,
        after,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let case = CaseId::new(region, row.case_id);
            let context = Row {
                table: "cases",
                id: &case,
            };
            Ok(Affected {
                case,
                persons: row
                    .persons
                    .into_iter()
                    .map(|id| PersonId::new(region, id))
                    .collect(),
                facts: serde_json::from_value(row.facts).map_err(|_| context.impossible("facts"))?,
                first_at: row.first_at,
                last_at: row.last_at,
                acts: row.acts,
                verbs: row.verbs,
            })
        })
        .collect()
}

/// Looks at lists, which are on record with one regency as one entry each: their subject is no id.
pub async fn list_looks(
    conn: &mut PgConnection,
    breach: &Breach,
    region: Regency,
) -> Result<i64, StoreError> {
    let looks = sqlx::query_scalar!(
        r#"SELECT count(*) AS "looks!" FROM audit_entries
           WHERE region_code = $1 AND at >= $2 AND ($3::timestamptz IS NULL OR at < $3)
               AND ($4::text IS NULL OR principal = $4) AND ($5::text IS NULL OR verb = $5)
               AND verb IN ('ListCases', 'ListOffers', 'ListBreakGlass', 'ListSubjectRequests')
               AND subject_id !~ '^[0-9]{4}-'"#,
        region.to_string(),
        breach.from,
        breach.until,
        breach.principal,
        breach.verb
    )
    .fetch_one(conn)
    .await?;
    Ok(looks)
}
