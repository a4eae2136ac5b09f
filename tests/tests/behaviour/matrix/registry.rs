//! Requests of RegistryService, about somebody who is owed a registration.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_proto::v1::reconcile_request::Message;
use serasi_tests::TestHub;
use serasi_tests::build::request_id;

use super::samples::{Sample, id};
use super::stage::{HERE, Stage};

pub(super) fn sample(method: &str, stage: &Stage) -> Option<Sample> {
    let owed = stage.owed.clone();
    Some(match method {
        "GetObligationAges" => Sample::of(&v1::GetObligationAgesRequest {
            region_code: HERE.to_owned(),
            level: 0,
        }),
        "GetRegistration" => Sample::of(&v1::GetRegistrationRequest {
            person_id: owed.clone(),
        })
        .about(&owed),
        "ListObligations" => Sample::of(&v1::ListObligationsRequest::default()).shows(&owed),
        "AcknowledgeReport" => Sample::of(&v1::AcknowledgeReportRequest {
            request_id: id(),
            person_ids: vec![owed.clone()],
        })
        .shows(&owed),
        // Nobody has proposed them: it is refused to whoever may record it.
        "RecordOutcome" => Sample::of(&v1::RecordOutcomeRequest {
            request_id: id(),
            entries: vec![v1::OutcomeEntry {
                person_id: owed.clone(),
                state: v1::ObligationState::Verified as i32,
                outcome_date: "2026-11-01".to_owned(),
                ..v1::OutcomeEntry::default()
            }],
        })
        .shows(&owed),
        "GetReconciliation" => Sample::of(&v1::GetReconciliationRequest {
            reconciliation_id: stage.run.clone(),
        })
        .about(&stage.run),
        "ListReconciliations" => Sample::of(&v1::ListReconciliationsRequest::default()).shows(&stage.run),
        // It has ended: refused to whoever may.
        "AbandonReconciliation" => Sample::of(&v1::AbandonReconciliationRequest {
            request_id: id(),
            reconciliation_id: stage.run.clone(),
        })
        .about(&stage.run),
        // They stand nowhere yet, and there is nothing to review.
        "ReviewMatch" => Sample::of(&v1::ReviewMatchRequest {
            request_id: id(),
            person_id: owed.clone(),
            decision: v1::ReviewDecision::Reject as i32,
            row: 0,
        })
        .about(&owed),
        "UndoMatch" => Sample::of(&v1::UndoMatchRequest {
            request_id: id(),
            person_id: owed.clone(),
            reason: v1::UndoReason::OtherPerson as i32,
        })
        .about(&owed),
        _ => return None,
    })
}

/// A run of persons at home here.
pub(super) fn start(registry: v1::RegistryCode, edition: &str) -> v1::ReconcileStart {
    v1::ReconcileStart {
        request_id: id(),
        registry: registry as i32,
        edition: edition.to_owned(),
        kind: v1::SourceKind::Snapshot as i32,
        scope_region_code: HERE.to_owned(),
        source_digest: vec![7; 32],
        allow_leavers: false,
        rows_at_least: 0,
    }
}

/// One that was abandoned.
pub(super) async fn abandoned(hub: &TestHub) -> String {
    let mut officer = hub.client(Role::RegistryOfficer, HERE);
    let start = v1::ReconcileStart {
        request_id: request_id(),
        ..start(v1::RegistryCode::Dtks, "2026-11")
    };
    let message = Some(Message::Start(start));
    let requests = tokio_stream::iter([v1::ReconcileRequest { message }]);
    let mut answers = officer.registry.reconcile(requests).await.unwrap().into_inner();
    let run = answers.message().await.unwrap().unwrap().reconciliation.unwrap();
    let abandon = v1::AbandonReconciliationRequest {
        request_id: request_id(),
        reconciliation_id: run.reconciliation_id.clone(),
    };
    officer.registry.abandon_reconciliation(abandon).await.unwrap();
    run.reconciliation_id
}
