//! Requests about the papers and the people of a case.

use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::request_id;

use super::samples::{Sample, id};
use super::stage::Stage;

/// Adds a document to a case; gives its id.
pub(super) async fn document(client: &mut Client, case_id: &str) -> String {
    let request = kk(request_id(), case_id.to_owned());
    let added = client.cases.add_document(request).await.unwrap();
    added.into_inner().document_id
}

fn kk(request_id: String, case_id: String) -> v1::AddDocumentRequest {
    v1::AddDocumentRequest {
        request_id,
        case_id,
        kind: v1::DocumentKind::Kk as i32,
        title: String::new(),
        url: "https://berkas.contoh.go.id/kk.pdf".to_owned(),
        sha256: "0".repeat(64),
    }
}

pub(super) fn case(method: &str, stage: &Stage) -> Option<Sample> {
    let open = || stage.offered.case_id.clone();
    let placed = || stage.placed.case_id.clone();
    Some(match method {
        "AddDocument" => Sample::of(&kk(id(), placed())).about(&placed()),
        "RemoveDocument" => Sample::of(&v1::RemoveDocumentRequest {
            request_id: id(),
            case_id: open(),
            document_id: stage.document.clone(),
        })
        .about(&open()),
        "ListDocuments" => Sample::of(&v1::ListDocumentsRequest { case_id: placed() }).about(&placed()),
        _ => return None,
    })
}
