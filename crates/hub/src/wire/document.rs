//! Documents.

use serasi_domain::document::{DocumentKind, OwedDocument};
use serasi_domain::intake::DocumentReference;
use serasi_domain::need_to_know::Sight;
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::documents::KeptDocument;

use super::codes::{FromWire, optional};
use super::parse::Parse;
use super::time::to_timestamp;

/// Reads where a document is; `title` is what its sender calls it.
pub(crate) fn reference(
    parse: &mut Parse,
    title: &str,
    document: &v1::DocumentReference,
) -> Option<DocumentReference> {
    let kind = parse.take("kind", Text::new(title));
    let url = parse.take("url", Text::new(&document.url));
    let has_scheme = ["https://", "s3://"]
        .iter()
        .any(|scheme| document.url.trim().starts_with(scheme));
    if url.is_some() && !has_scheme {
        parse.wrong("url", "must start with https:// or s3://");
    }
    let digest = document.sha256.trim().to_ascii_lowercase();
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    let sha256 = Text::new(&digest).ok().filter(|_| is_digest);
    let sha256 = parse.require("sha256", sha256, "must be the SHA-256 of the file, 64 hex digits");
    Some(DocumentReference {
        kind: kind?,
        url: url?,
        sha256: sha256?,
    })
}

/// Reads a document to be added.
pub(crate) fn new_document(
    parse: &mut Parse,
    request: &v1::AddDocumentRequest,
) -> Option<(DocumentKind, DocumentReference)> {
    let kind: Option<DocumentKind> = parse.required("kind", request.kind);
    let is_named = !request.title.trim().is_empty();
    if kind == Some(DocumentKind::Other) && !is_named {
        parse.wrong("title", "must say what it is, since kind is OTHER");
    }
    let by_kind = kind.unwrap_or(DocumentKind::Other).code();
    let title = if is_named { request.title.as_str() } else { by_kind };
    let sent = v1::DocumentReference {
        kind: String::new(),
        url: request.url.clone(),
        sha256: request.sha256.clone(),
    };
    Some((kind?, reference(parse, title, &sent)?))
}

/// As the contract has it; `sight` says what is left of it.
pub(crate) fn document_to_wire(document: &KeptDocument, sight: Sight) -> v1::Document {
    let reference = document.reference.clone().there().filter(|_| sight.is_whole());
    v1::Document {
        document_id: document.id.to_string(),
        kind: document.kind.to_wire(),
        reference: reference.map(|reference| v1::DocumentReference {
            kind: reference.kind.as_str().to_owned(),
            url: reference.url.as_str().to_owned(),
            sha256: reference.sha256.as_str().to_owned(),
        }),
        add_time: Some(to_timestamp(document.added_at)),
        added_by: sight.whole(document.added_by.clone()),
        remove_time: document.removed_at.map(to_timestamp),
    }
}

/// As the contract has it.
pub(crate) fn owed_to_wire(owed: OwedDocument) -> v1::OwedDocument {
    v1::OwedDocument {
        kind: optional(owed.kind),
        words: owed.words,
        due_time: owed.due.map(to_timestamp),
    }
}
