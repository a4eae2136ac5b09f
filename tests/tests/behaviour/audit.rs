//! Who did or looked at what is on record, the record is sealed, and an outsider finds what is done to it.

use serasi_domain::id::Regency;
use serasi_proto::v1;
use serasi_tests::build::{intake, submit};
use serasi_tests::{Client, TestHub};

use crate::scene::{case, eventually};

#[path = "audit/command.rs"]
mod command;
#[path = "audit/people.rs"]
mod people;
#[path = "audit/proofs.rs"]
mod proofs;
#[path = "audit/records.rs"]
mod records;
#[path = "audit/scenario.rs"]
mod scenario;
#[path = "audit/sealing.rs"]
mod sealing;
#[path = "audit/service.rs"]
mod service;
#[path = "audit/tampering.rs"]
mod tampering;

/// A report from a district; the case's id.
async fn report(client: &mut Client, reference: &str, region: &str) -> String {
    let mut intake = intake(reference);
    region.clone_into(&mut intake.region_code);
    let answer = client.intake.submit_intake(submit(intake)).await.unwrap();
    answer.into_inner().case.unwrap().case_id
}

/// A report and a look at it.
async fn report_and_look(client: &mut Client, reference: &str, region: &str) -> String {
    let id = report(client, reference, region).await;
    case(client, &id).await;
    id
}

/// Waits until heads outside the database cover everything that was recorded by now.
pub(crate) async fn until_exported(hub: &TestHub) {
    let mut connection = hub.database.connect().await;
    let recorded: Vec<(String, i64)> =
        sqlx::query_as("SELECT region_code, count(*) FROM audit_entries GROUP BY region_code")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let covered = || async {
        let heads = hub.audit().heads();
        recorded.iter().all(|(code, count)| {
            let region = code.parse().ok().and_then(Regency::of).unwrap();
            let size = u64::try_from(*count).unwrap();
            heads
                .iter()
                .any(|signed| signed.head.region == region && signed.head.size >= size)
        })
    };
    eventually(covered, |covered| *covered).await;
}

/// Entries about a subject, as an auditor of the nation sees them, newest first.
pub(crate) async fn entries_about(hub: &TestHub, subject: &str) -> Vec<v1::AuditEntry> {
    let request = v1::ListAuditEntriesRequest {
        subject_id: subject.to_owned(),
        page_size: 200,
        ..v1::ListAuditEntriesRequest::default()
    };
    let mut auditor = hub.client(serasi_hub::auth::Role::Auditor, "ID");
    auditor
        .audit
        .list_audit_entries(request)
        .await
        .unwrap()
        .into_inner()
        .entries
}
