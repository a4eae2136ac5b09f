//! Documents of a case: the kind in the open, where the file is and its digest sealed with the words of the case.

use serasi_domain::document::DocumentKind;
use serasi_domain::id::{CaseId, DocumentId};
use serasi_domain::intake::DocumentReference;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::columns::Row;
use crate::seal::{Cell, KeptKey, SubjectKey};
use crate::subject_keys::{find_or_make, story_cell};
use crate::{Kept, Sealer, StoreError};

/// A document to be kept.
#[derive(Debug)]
pub struct NewDocument<'a> {
    pub id: DocumentId,
    pub kind: DocumentKind,
    pub reference: &'a DocumentReference,
}

/// A document as far as anything is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptDocument {
    pub id: DocumentId,
    pub kind: DocumentKind,
    pub reference: Kept<DocumentReference>,
    pub added_at: OffsetDateTime,
    pub added_by: String,
    pub removed_at: Option<OffsetDateTime>,
}

/// What the facility asks for that is asked, or has taken the case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    pub documents: Vec<String>,
    /// When it accepted, and until when the persons should come.
    pub accepted: Option<(OffsetDateTime, OffsetDateTime)>,
}

/// Documents as they are kept: one column each.
#[derive(Clone, Debug, Default)]
pub(crate) struct SealedDocuments {
    homes: Vec<String>,
    cases: Vec<Uuid>,
    ids: Vec<Uuid>,
    kinds: Vec<String>,
    contents: Vec<Vec<u8>>,
    by: Vec<String>,
}

impl SealedDocuments {
    pub(crate) fn add(
        &mut self,
        sealer: &Sealer,
        key: &SubjectKey,
        (case, new, by): (CaseId, &NewDocument<'_>, &str),
    ) {
        let cell = document_cell(case, new.id.uuid());
        self.homes.push(case.home().to_string());
        self.cases.push(case.uuid());
        self.ids.push(new.id.uuid());
        self.kinds.push(new.kind.code().to_owned());
        self.contents.push(sealer.seal(cell, key, new.reference));
        self.by.push(by.to_owned());
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        self.homes.append(&mut other.homes);
        self.cases.append(&mut other.cases);
        self.ids.append(&mut other.ids);
        self.kinds.append(&mut other.kinds);
        self.contents.append(&mut other.contents);
        self.by.append(&mut other.by);
    }
}

const fn document_cell(case: CaseId, document: Uuid) -> Cell {
    story_cell("documents", "content", document, case)
}

/// Adds a document to a case whose words are not erased.
pub async fn add(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
    new: &NewDocument<'_>,
    by: &str,
) -> Result<(), StoreError> {
    let key = find_or_make(conn, sealer, case, document_cell(case, new.id.uuid())).await?;
    let mut rows = SealedDocuments::default();
    rows.add(sealer, &key, (case, new, by));
    insert(conn, &rows).await
}

pub(crate) async fn insert(conn: &mut PgConnection, documents: &SealedDocuments) -> Result<(), StoreError> {
    if documents.ids.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO documents (region_code, document_id, case_id, kind, content, added_at, added_by)
         SELECT region_code, document_id, case_id, kind, content, now(), added_by
         FROM UNNEST($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::bytea[], $6::text[])
             AS d (region_code, document_id, case_id, kind, content, added_by)",
        &documents.homes,
        &documents.ids,
        &documents.cases,
        &documents.kinds,
        &documents.contents,
        &documents.by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets where a document of `case` was. `false` = it was removed before, or there is no such document.
pub async fn remove(
    conn: &mut PgConnection,
    case: CaseId,
    document: Uuid,
    by: &str,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE documents SET content = '', removed_at = now(), removed_by = $4
         WHERE region_code = $1 AND case_id = $2 AND document_id = $3 AND removed_at IS NULL",
        case.home().to_string(),
        case.uuid(),
        document,
        by
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether the case has, or had, the document.
pub async fn is_there(conn: &mut PgConnection, case: CaseId, document: Uuid) -> Result<bool, StoreError> {
    let is_there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM documents WHERE region_code = $1 AND case_id = $2 AND document_id = $3)
               AS "is_there!""#,
        case.home().to_string(),
        case.uuid(),
        document
    )
    .fetch_one(conn)
    .await?;
    Ok(is_there)
}

/// All documents of a case, the oldest first, removed ones too.
pub async fn of_case(
    conn: &mut PgConnection,
    sealer: &Sealer,
    case: CaseId,
) -> Result<Vec<KeptDocument>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT d.document_id, d.kind, d.content, d.added_at, d.added_by, d.removed_at,
               k.key_id AS "key_id?", k.data_key_id, k.wrapped
           FROM documents d LEFT JOIN subject_keys k
             ON k.region_code = d.region_code AND k.subject_id = d.case_id AND k.class = 'story'
           WHERE d.region_code = $1 AND d.case_id = $2 ORDER BY d.added_at, d.document_id"#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let id = DocumentId::new(case.home(), row.document_id);
            let context = Row {
                table: "documents",
                id: &id,
            };
            let key = KeptKey::of_row(row.key_id, row.data_key_id, row.wrapped);
            let cell = document_cell(case, row.document_id);
            Ok(KeptDocument {
                id,
                kind: context.code("kind", &row.kind)?,
                reference: sealer.open(cell, key.as_ref(), &row.content)?,
                added_at: row.added_at,
                added_by: row.added_by,
                removed_at: row.removed_at,
            })
        })
        .collect()
}

/// `None` = nobody is asked, and nobody has the case.
pub async fn asked_for(conn: &mut PgConnection, case: CaseId) -> Result<Option<Asked>, StoreError> {
    let row = sqlx::query!(
        r#"SELECT o.documents, p.reserved_at AS "reserved_at?", p.admit_before AS "admit_before?"
           FROM offers o LEFT JOIN placements p ON p.region_code = o.region_code AND p.offer_id = o.offer_id
           WHERE o.region_code = $1 AND o.case_id = $2
               AND (o.state IN ('offered', 'seen') OR p.state IN ('reserved', 'admitted'))
           ORDER BY o.offered_at DESC, o.offer_id LIMIT 1"#,
        case.home().to_string(),
        case.uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Asked {
        documents: row.documents,
        accepted: row.reserved_at.zip(row.admit_before),
    }))
}
