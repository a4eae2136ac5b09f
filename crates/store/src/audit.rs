//! Who did or looked at what; written in the same transaction as the act. Ids and verbs only, never personal data.
//!
//! An entry is never changed. Its place in a Merkle tree is given shortly after (`seal`), so that no transaction waits
//! for another; what an outsider needs to check the trees is read by `tree`.

use serasi_domain::id::{CaseId, Regency};
use serasi_geography::RegionCode;
use serasi_ledger::Entry;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{column, regency, scope_pattern};

pub mod affected;
pub mod heads;
pub mod seal;
pub mod tree;

/// Which entries to list; `None` matches all.
#[derive(Clone, Debug)]
pub struct AuditFilter {
    pub scope: RegionCode,
    pub principal: Option<String>,
    pub verb: Option<String>,
    pub from: Option<OffsetDateTime>,
    /// Before this moment.
    pub until: Option<OffsetDateTime>,
    /// Time and id of the last entry of the page before.
    pub before: Option<(OffsetDateTime, Uuid)>,
    pub limit: i64,
}

/// An entry, and where it stands in the tree of its regency if it is sealed.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub entry: Entry,
    pub leaf_index: Option<i64>,
}

#[derive(Debug)]
struct EntryRow {
    region_code: String,
    audit_id: Uuid,
    at: OffsetDateTime,
    principal: String,
    roles: Vec<String>,
    verb: String,
    subject_id: String,
    request_id: Option<Uuid>,
    leaf_index: Option<i64>,
}

impl TryFrom<EntryRow> for Recorded {
    type Error = StoreError;

    fn try_from(row: EntryRow) -> Result<Self, Self::Error> {
        Ok(Self {
            entry: Entry {
                region: regency("audit_entries", &row.region_code)?,
                id: row.audit_id,
                at: row.at,
                principal: row.principal,
                roles: row.roles,
                verb: row.verb,
                subject: row.subject_id,
                request: row.request_id,
            },
            leaf_index: row.leaf_index,
        })
    }
}

/// Writes entries down and puts them into the queue of those to be sealed.
pub async fn append(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH entry AS (
             INSERT INTO audit_entries (region_code, audit_id, at, principal, roles, verb, subject_id, request_id)
             SELECT region_code, audit_id, at, principal, ARRAY (SELECT jsonb_array_elements_text(roles)), verb,
                 subject_id, request_id
             FROM UNNEST($1::text[], $2::uuid[], $3::timestamptz[], $4::text[], $5::jsonb[], $6::text[], $7::text[],
                 $8::uuid[]) AS e (region_code, audit_id, at, principal, roles, verb, subject_id, request_id))
         INSERT INTO audit_unsealed (region_code, audit_id) SELECT * FROM UNNEST($1, $2)",
        &column(entries, |entry| entry.region.to_string()),
        &column(entries, |entry| entry.id),
        &column(entries, |entry| entry.at),
        &column(entries, |entry| entry.principal.as_str()) as &[&str],
        &column(entries, |entry| serde_json::Value::from(entry.roles.clone())),
        &column(entries, |entry| entry.verb.as_str()) as &[&str],
        &column(entries, |entry| entry.subject.as_str()) as &[&str],
        &column(entries, |entry| entry.request) as &[Option<Uuid>]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What belongs to the case that `id` is, or that the person `id` is of: case, persons, offers, placements, decisions and
/// openings of the glass.
pub async fn related(conn: &mut PgConnection, id: CaseId) -> Result<Vec<String>, StoreError> {
    let home = id.home();
    let ids = sqlx::query_scalar!(
        r#"WITH about AS (
               SELECT $2::uuid AS case_id
               UNION SELECT case_id FROM persons WHERE region_code = $1 AND person_id = $2)
           SELECT case_id AS "id!" FROM about
           UNION SELECT person_id FROM persons WHERE region_code = $1 AND case_id IN (SELECT case_id FROM about)
           UNION SELECT offer_id FROM offers WHERE region_code = $1 AND case_id IN (SELECT case_id FROM about)
           UNION SELECT placement_id FROM placements WHERE region_code = $1 AND case_id IN (SELECT case_id FROM about)
           UNION SELECT decision_id FROM decisions WHERE region_code = $1 AND case_id IN (SELECT case_id FROM about)
           UNION SELECT break_glass_id FROM break_glass WHERE region_code = $1 AND case_id IN (SELECT case_id FROM about)"#,
        home.to_string(),
        id.uuid()
    )
    .fetch_all(conn)
    .await?;
    // Ids of every kind look alike.
    Ok(ids
        .into_iter()
        .map(|id| CaseId::new(home, id).to_string())
        .collect())
}

/// Entries about any of `subjects`, whose home is `home`, the newest first.
pub async fn about(
    conn: &mut PgConnection,
    home: Regency,
    subjects: &[String],
    filter: &AuditFilter,
) -> Result<Vec<Recorded>, StoreError> {
    let (before_at, before_id) = before(filter);
    let rows = sqlx::query_as!(
        EntryRow,
        r#"SELECT e.region_code, e.audit_id, e.at, e.principal, e.roles, e.verb, e.subject_id, e.request_id,
               l.leaf_index AS "leaf_index?"
           FROM audit_entries e LEFT JOIN audit_leaves l USING (region_code, audit_id)
           WHERE e.region_code = $1 AND e.subject_id = ANY ($2) AND e.region_code LIKE $3
               AND ($4::text IS NULL OR e.principal = $4) AND ($5::text IS NULL OR e.verb = $5)
               AND ($6::timestamptz IS NULL OR e.at >= $6) AND ($7::timestamptz IS NULL OR e.at < $7)
               AND ($8::timestamptz IS NULL OR (e.at, e.audit_id) < ($8, $9))
           ORDER BY e.at DESC, e.audit_id DESC LIMIT $10"#,
        home.to_string(),
        subjects,
        scope_pattern(filter.scope),
        filter.principal,
        filter.verb,
        filter.from,
        filter.until,
        before_at,
        before_id,
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Recorded::try_from).collect()
}

/// Entries of a time, the newest first.
pub async fn list(conn: &mut PgConnection, filter: &AuditFilter) -> Result<Vec<Recorded>, StoreError> {
    let (before_at, before_id) = before(filter);
    let rows = sqlx::query_as!(
        EntryRow,
        r#"SELECT e.region_code, e.audit_id, e.at, e.principal, e.roles, e.verb, e.subject_id, e.request_id,
               l.leaf_index AS "leaf_index?"
           FROM audit_entries e LEFT JOIN audit_leaves l USING (region_code, audit_id)
           WHERE e.region_code LIKE $1 AND ($2::text IS NULL OR e.principal = $2) AND ($3::text IS NULL OR e.verb = $3)
               AND ($4::timestamptz IS NULL OR e.at >= $4) AND ($5::timestamptz IS NULL OR e.at < $5)
               AND ($6::timestamptz IS NULL OR (e.at, e.audit_id) < ($6, $7))
           ORDER BY e.at DESC, e.audit_id DESC LIMIT $8"#,
        scope_pattern(filter.scope),
        filter.principal,
        filter.verb,
        filter.from,
        filter.until,
        before_at,
        before_id,
        filter.limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Recorded::try_from).collect()
}

fn before(filter: &AuditFilter) -> (Option<OffsetDateTime>, Uuid) {
    let (at, id) = filter.before.unzip();
    (at, id.unwrap_or_default())
}
