//! Requests about the papers and the people of a case.

use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::{intake, request_id, submit};

use crate::scene::case as case_of;

use super::samples::{Sample, id};
use super::stage::Stage;

/// Adds a document to a case; gives its id.
pub(super) async fn document(client: &mut Client, case_id: &str) -> String {
    let request = kk(request_id(), case_id.to_owned());
    let added = client.cases.add_document(request).await.unwrap();
    added.into_inner().document_id
}

/// The person of a case.
pub(super) async fn person(client: &mut Client, case_id: &str) -> String {
    case_of(client, case_id).await.persons[0].person_id.clone()
}

/// The code of a case that nobody else looks at.
pub(super) async fn code(client: &mut Client) -> String {
    let mut report = submit(intake("code"));
    report.route_later = true;
    let answer = client.intake.submit_intake(report).await.unwrap();
    answer.into_inner().public_code
}

/// A request of ProposeLinks: who may, may look everywhere.
pub(super) fn proposal() -> Sample {
    Sample::of(&v1::ProposeLinksRequest {
        name: "Melati Contoh".to_owned(),
        ..v1::ProposeLinksRequest::default()
    })
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
        // Bound already: who may is told so.
        "BindIdentity" => Sample::of(&v1::BindIdentityRequest {
            request_id: id(),
            case_id: open(),
            person_id: stage.person.clone(),
            nik: "3273014107160001".to_owned(),
            evidence: v1::IdentityEvidence::Kk as i32,
        })
        .about(&open()),
        "UnbindIdentity" => Sample::of(&v1::UnbindIdentityRequest {
            request_id: id(),
            case_id: open(),
            person_id: stage.person.clone(),
            reason: v1::UnbindReason::Withdrawn as i32,
        })
        .about(&open()),
        "GetIdentity" => Sample::of(&v1::GetIdentityRequest {
            case_id: open(),
            person_id: stage.person.clone(),
        })
        .about(&open()),
        "GetPublicStatus" => Sample::of(&v1::GetPublicStatusRequest {
            code: stage.code.clone(),
        }),
        "ListDocuments" => Sample::of(&v1::ListDocumentsRequest { case_id: placed() }).about(&placed()),
        _ => return None,
    })
}
