//! Requests of RegistryService, about somebody who is owed a registration.

use serasi_proto::v1;

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
        _ => return None,
    })
}
