//! Documents are references; what a facility asks for is owed until it is there.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::{case, hub_with};

const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

/// A house that asks for three papers, one of them of a kind of its own.
async fn asking_hub() -> TestHub {
    let mut row = facility("A", "32.73.01", 9);
    let asked = ["Fotokopi Kartu Keluarga (KK)", "Fotokopi KTP", "Rapor terakhir"];
    row.facility.as_mut().unwrap().admission_documents = asked.map(str::to_owned).to_vec();
    hub_with(vec![row]).await
}

async fn offered(client: &mut Client, report: v1::Intake) -> v1::Offer {
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    answer.into_inner().outcome.unwrap().offer.unwrap()
}

fn document(case_id: &str, kind: v1::DocumentKind, title: &str) -> v1::AddDocumentRequest {
    v1::AddDocumentRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        kind: kind as i32,
        title: title.to_owned(),
        url: "s3://berkas/kasus/1.pdf".to_owned(),
        sha256: DIGEST.to_owned(),
    }
}

async fn accept(hub: &TestHub, offer: &v1::Offer) -> v1::Placement {
    let request = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let mut officer = hub.officer(&offer.facility_id);
    let accepted = officer.referral.accept_offer(request).await.unwrap();
    accepted.into_inner().placement.unwrap()
}

fn owed(case: &v1::Case) -> Vec<&str> {
    case.owed_documents
        .iter()
        .map(|owed| owed.words.as_str())
        .collect()
}

#[tokio::test]
async fn what_the_facility_asks_for_is_owed_until_it_is_there() {
    let hub = asking_hub().await;
    let mut client = hub.coordinator();
    let report = v1::Intake {
        documents: vec![v1::DocumentReference {
            kind: "kk".to_owned(),
            url: "https://berkas.contoh.go.id/kk.pdf".to_owned(),
            sha256: DIGEST.to_uppercase(),
        }],
        ..intake("1")
    };
    let offer = offered(&mut client, report).await;
    assert_eq!(offer.admission_documents.len(), 3);
    let seen = case(&mut client, &offer.case_id).await;
    assert_eq!(owed(&seen), ["Fotokopi KTP", "Rapor terakhir"]);
    assert!(seen.owed_documents.iter().all(|owed| owed.due_time.is_none()));
    assert_eq!(seen.documents[0].kind(), v1::DocumentKind::Kk);

    let placement = accept(&hub, &offer).await;
    let mut officer = hub.officer(&offer.facility_id);
    let ktp = document(&offer.case_id, v1::DocumentKind::Ktp, "");
    let first = officer
        .cases
        .add_document(ktp.clone())
        .await
        .unwrap()
        .into_inner();
    let again = officer.cases.add_document(ktp).await.unwrap().into_inner();
    assert_eq!(first, again, "a retry adds nothing");
    let seen = case(&mut officer, &offer.case_id).await;
    assert_eq!(owed(&seen), ["Rapor terakhir"]);
    assert_eq!(
        seen.owed_documents[0].due_time, placement.admission_deadline_time,
        "an ordinary case brings its papers"
    );
    let rapor = document(&offer.case_id, v1::DocumentKind::Other, "rapor terakhir");
    officer.cases.add_document(rapor).await.unwrap();
    let seen = case(&mut officer, &offer.case_id).await;
    assert!(owed(&seen).is_empty());
    let reference = seen.documents[1].reference.clone().unwrap();
    assert_eq!(
        (reference.kind.as_str(), reference.sha256.as_str()),
        ("ktp", DIGEST)
    );
    hub.finish().await;
}

#[tokio::test]
async fn in_an_emergency_the_papers_follow_within_the_time_of_the_policy() {
    let hub = asking_hub().await;
    let mut client = hub.coordinator();
    let emergency = v1::Intake {
        urgency: v1::Urgency::Emergency as i32,
        ..intake("1")
    };
    let offer = offered(&mut client, emergency).await;
    let placement = accept(&hub, &offer).await;
    let seen = case(&mut client, &offer.case_id).await;
    assert_eq!(seen.owed_documents.len(), 3);
    let reserved = placement.reserve_time.unwrap();
    let days = (seen.owed_documents[0].due_time.unwrap().seconds - reserved.seconds) / 86_400;
    assert!((4..=20).contains(&days), "five working days: {days}");
    assert!(
        placement.admission_deadline_time.unwrap().seconds < seen.owed_documents[0].due_time.unwrap().seconds
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_mistaken_document_is_forgotten_but_not_that_it_was_there() {
    let hub = asking_hub().await;
    let mut client = hub.coordinator();
    let offer = offered(&mut client, intake("1")).await;
    let kk = document(&offer.case_id, v1::DocumentKind::Kk, "");
    let added = client.cases.add_document(kk).await.unwrap().into_inner();
    let mut remove = v1::RemoveDocumentRequest {
        request_id: request_id(),
        case_id: offer.case_id.clone(),
        document_id: added.document_id,
    };
    client.cases.remove_document(remove.clone()).await.unwrap();
    remove.request_id = request_id();
    client.cases.remove_document(remove).await.unwrap();
    assert_eq!(owed(&case(&mut client, &offer.case_id).await).len(), 3);
    let list = v1::ListDocumentsRequest {
        case_id: offer.case_id.clone(),
    };
    let all = client.cases.list_documents(list).await.unwrap().into_inner();
    assert!(all.documents[0].remove_time.is_some() && all.documents[0].reference.is_none());
    assert_eq!(all.owed.len(), 3);
    hub.finish().await;
}

#[tokio::test]
async fn who_only_looks_on_sees_what_kind_there_is_and_not_where() {
    let hub = asking_hub().await;
    let offer = offered(&mut hub.coordinator(), intake("1")).await;
    let kk = document(&offer.case_id, v1::DocumentKind::Kk, "");
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    worker.cases.add_document(kk).await.unwrap();
    assert!(
        case(&mut worker, &offer.case_id).await.documents[0]
            .reference
            .is_some()
    );
    let mut hotline = hub.client(Role::HotlineOperator, "32.73");
    let seen = case(&mut hotline, &offer.case_id).await;
    assert_eq!(seen.documents[0].kind(), v1::DocumentKind::Kk);
    assert!(seen.documents[0].reference.is_none() && seen.documents[0].added_by.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn a_document_that_says_too_little_is_refused_with_all_that_is_wrong() {
    let hub = asking_hub().await;
    let mut client = hub.coordinator();
    let offer = offered(&mut client, intake("1")).await;
    let mut wrong = document(&offer.case_id, v1::DocumentKind::Other, "");
    "ftp://x".clone_into(&mut wrong.url);
    "abc".clone_into(&mut wrong.sha256);
    let refused = client.cases.add_document(wrong).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["title", "url", "sha256"]);
    let unknown = v1::RemoveDocumentRequest {
        request_id: request_id(),
        case_id: offer.case_id.clone(),
        document_id: offer.case_id,
    };
    let refused = client.cases.remove_document(unknown).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    hub.finish().await;
}
