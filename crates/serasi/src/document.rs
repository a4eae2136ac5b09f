//! `serasi case add-document` and what is shown of documents.

use std::{fs, io};

use serasi_proto::v1::{
    AddDocumentRequest, Case, Document, DocumentKind, ListDocumentsRequest, OwedDocument,
};
use sha2::{Digest, Sha256};

use crate::cli::{AddDocumentArgs, ClientOptions};
use crate::client::Hub;
use crate::codes::label;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local_time::Clock;
use crate::output::Output;
use crate::request_id;
use crate::table::records;

/// Adds a document to a case.
pub(crate) async fn add(
    options: &ClientOptions,
    args: &AddDocumentArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let sha256 = digest(args).map_err(|source| CliError::Unreadable {
        path: args.file.clone(),
        source,
    })?;
    let request = AddDocumentRequest {
        request_id: request_id::fresh().to_string(),
        case_id: args.case.case_id.clone(),
        kind: args.kind.into(),
        title: args.title.clone(),
        url: args.url.clone(),
        sha256,
    };
    let hub = Hub::connect(options).await?;
    let added = hub.cases().add_document(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&added)?;
    } else {
        output.line(format!("added: {}", added.document_id))?;
    }
    Ok(Exit::Done)
}

/// All documents of a case, and what is owed.
pub(crate) async fn list(
    options: &ClientOptions,
    case_id: &str,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    let request = ListDocumentsRequest {
        case_id: case_id.to_owned(),
    };
    let hub = Hub::connect(options).await?;
    let found = hub.cases().list_documents(request).await?.into_inner();
    if output.is_json() {
        output.json_line(&found)?;
    } else {
        output.line(text(&found.documents, &found.owed, Clock::Utc).unwrap_or_else(|| "none".to_owned()))?;
    }
    Ok(Exit::Done)
}

/// The documents of a case that is shown.
pub(crate) fn of_case(case: &Case, clock: Clock) -> Option<String> {
    text(&case.documents, &case.owed_documents, clock)
}

fn text(documents: &[Document], owed: &[OwedDocument], clock: Clock) -> Option<String> {
    let there = documents.iter().map(|document| {
        let reference = document.reference.clone().unwrap_or_default();
        let added = clock.show(document.add_time.as_ref());
        let state = match &document.remove_time {
            Some(removed) => format!("removed {}", clock.show(Some(removed))),
            None => format!("there since {added}"),
        };
        vec![
            label::<DocumentKind>(document.kind),
            reference.kind,
            state,
            reference.url,
        ]
    });
    let owed = owed.iter().map(|owed| {
        let due = owed.due_time.as_ref();
        let due = due.map_or_else(|| "admission".to_owned(), |due| clock.show(Some(due)));
        vec![
            label::<DocumentKind>(owed.kind),
            owed.words.clone(),
            format!("owed until {due}"),
            String::new(),
        ]
    });
    let rows: Vec<_> = there.chain(owed).collect();
    let header = ["document", "title", "state", "where"];
    (!rows.is_empty()).then(|| records(&header, rows))
}

fn digest(args: &AddDocumentArgs) -> io::Result<String> {
    let digest = Sha256::digest(fs::read(&args.file)?);
    Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}
