//! What is done about the papers and the people of a case, each once.

use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::request_id;

pub(super) async fn everything_once(hub: &TestHub, offer: &v1::Offer) {
    let mut client = hub.coordinator();
    let case_id = || offer.case_id.clone();
    let add = v1::AddDocumentRequest {
        request_id: request_id(),
        case_id: case_id(),
        kind: v1::DocumentKind::Ktp as i32,
        title: String::new(),
        url: "https://berkas.contoh.go.id/ktp.pdf".to_owned(),
        sha256: "0".repeat(64),
    };
    let added = client.cases.add_document(add).await.unwrap().into_inner();
    let ask = v1::ProposeLinksRequest {
        name: "Melati Contoh".to_owned(),
        ..v1::ProposeLinksRequest::default()
    };
    client.intake.propose_links(ask).await.unwrap();
    let person_id = crate::scene::case(&mut client, &offer.case_id).await.persons[0]
        .person_id
        .clone();
    let bind = v1::BindIdentityRequest {
        request_id: request_id(),
        case_id: case_id(),
        person_id: person_id.clone(),
        nik: "3273014107160001".to_owned(),
        evidence: v1::IdentityEvidence::Kk as i32,
    };
    client.cases.bind_identity(bind).await.unwrap();
    let get = v1::GetIdentityRequest {
        case_id: case_id(),
        person_id: person_id.clone(),
    };
    client.cases.get_identity(get).await.unwrap();
    let unbind = v1::UnbindIdentityRequest {
        request_id: request_id(),
        case_id: case_id(),
        person_id,
        reason: v1::UnbindReason::TypingError as i32,
    };
    client.cases.unbind_identity(unbind).await.unwrap();
    let list = v1::ListDocumentsRequest { case_id: case_id() };
    client.cases.list_documents(list).await.unwrap();
    let remove = v1::RemoveDocumentRequest {
        request_id: request_id(),
        case_id: case_id(),
        document_id: added.document_id,
    };
    client.cases.remove_document(remove).await.unwrap();
}
