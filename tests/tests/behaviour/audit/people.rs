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
    let list = v1::ListDocumentsRequest { case_id: case_id() };
    client.cases.list_documents(list).await.unwrap();
    let remove = v1::RemoveDocumentRequest {
        request_id: request_id(),
        case_id: case_id(),
        document_id: added.document_id,
    };
    client.cases.remove_document(remove).await.unwrap();
}
