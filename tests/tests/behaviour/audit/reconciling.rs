//! The registry is run past one person, who is found, reviewed and undone; and a second run is abandoned.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::reconcile_request::Message;
use serasi_tests::build::{child, intake, request_id, submit};
use serasi_tests::{Client, TestHub};

const NIK: &str = "3273015006160031";

pub(super) async fn run_the_registry(hub: &TestHub) {
    let person = v1::Person {
        nik: NIK.to_owned(),
        name: "Seruni Contohwati".to_owned(),
        ..child()
    };
    let report = v1::Intake {
        persons: vec![person],
        ..intake("registry")
    };
    let mut nation = hub.coordinator();
    let taken = nation
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner();
    let case = crate::scene::case(&mut nation, &taken.case.unwrap().case_id).await;
    let person_id = case.persons[0].person_id.clone();

    let mut officer = hub.client(Role::RegistryOfficer, "ID");
    let row = format!("2,R-1,{NIK},,Seruni Contohwati,,,,,\n");
    let rows = Message::Rows(v1::ReconcileRows {
        rows: row.into_bytes(),
        last_row: 2,
        unreadable_rows: 0,
    });
    let end = Message::End(v1::ReconcileEnd {
        rows: 1,
        broke_off: false,
    });
    let done = run(&mut officer, vec![start(), rows, end]).await;
    assert_eq!(done.rows.unwrap().exact, 1);
    let review = v1::ReviewMatchRequest {
        request_id: request_id(),
        person_id: person_id.clone(),
        decision: v1::ReviewDecision::Confirm as i32,
        row: 0,
    };
    officer.registry.review_match(review).await.unwrap();
    let undo = v1::UndoMatchRequest {
        request_id: request_id(),
        person_id,
        reason: v1::UndoReason::OtherPerson as i32,
    };
    officer.registry.undo_match(undo).await.unwrap();
    let open = run(&mut officer, vec![start()]).await;
    let abandon = v1::AbandonReconciliationRequest {
        request_id: request_id(),
        reconciliation_id: open.reconciliation_id,
    };
    officer.registry.abandon_reconciliation(abandon).await.unwrap();
}

fn start() -> Message {
    Message::Start(v1::ReconcileStart {
        request_id: request_id(),
        registry: v1::RegistryCode::Dtsen as i32,
        edition: "2026-Q4".to_owned(),
        kind: v1::SourceKind::Delta as i32,
        scope_region_code: String::new(),
        source_digest: vec![3; 32],
        allow_leavers: false,
        rows_at_least: 0,
    })
}

/// How far it came.
async fn run(client: &mut Client, messages: Vec<Message>) -> v1::Reconciliation {
    let messages = messages.into_iter().map(|message| v1::ReconcileRequest {
        message: Some(message),
    });
    let messages: Vec<_> = messages.collect();
    let stream = client.registry.reconcile(tokio_stream::iter(messages)).await;
    let mut answers = stream.unwrap().into_inner();
    let mut last = v1::Reconciliation::default();
    // A stream without an end ends with an error.
    while let Ok(Some(answer)) = answers.message().await {
        last = answer.reconciliation.unwrap();
    }
    last
}
