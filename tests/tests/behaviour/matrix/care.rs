//! Requests of the verbs that follow a case to its end. None of them changes anything: each names a version that never was,
//! a case that follows no other, or a placement that is over.

use serasi_proto::v1;

use super::samples::{NEVER, Sample, id};
use super::stage::Stage;

/// Of the service.
pub(super) fn case(method: &str, stage: &Stage) -> Option<Sample> {
    let case_id = stage.placed.case_id.clone();
    let (request_id, version) = (id(), NEVER);
    let text = "Uji matriks akses.".to_owned();
    let profession = v1::Profession::SocialWorker as i32;
    let sample = match method {
        "RecordAssessment" => Sample::of(&v1::RecordAssessmentRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            kind: v1::AssessmentKind::Initial as i32,
            profession,
            text,
            ..v1::RecordAssessmentRequest::default()
        }),
        "RecordPlan" => Sample::of(&v1::RecordPlanRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            part: v1::PlanPart::InitialAgreement as i32,
            profession,
            text,
            ..v1::RecordPlanRequest::default()
        }),
        "RecordConference" => Sample::of(&v1::RecordConferenceRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            kind: v1::ConferenceKind::Family as i32,
            profession,
            text,
            duration_days: 0,
        }),
        "RecordService" => Sample::of(&v1::RecordServiceRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            profession,
            text,
            bases: vec![v1::ServiceBase::Family as i32],
            forms: vec![v1::ServiceForm::DecentLiving as i32],
            funding: 0,
        }),
        "RecordIndicators" => Sample::of(&v1::RecordIndicatorsRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            profession,
            text,
            indicators: vec![v1::Indicator {
                kind: v1::IndicatorKind::Output as i32,
                achieved_percent: 50,
            }],
        }),
        _ => return moving(method, stage),
    };
    Some(sample.about(&case_id))
}

fn moving(method: &str, stage: &Stage) -> Option<Sample> {
    let case_id = stage.placed.case_id.clone();
    let (request_id, version) = (id(), NEVER);
    let sample = match method {
        "ListRecords" => Sample::of(&v1::ListRecordsRequest {
            case_id: case_id.clone(),
            ..v1::ListRecordsRequest::default()
        }),
        "SignOffStage" => Sample::of(&v1::SignOffStageRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            stage: v1::Stage::Aftercare as i32,
        }),
        "AdvanceStage" => Sample::of(&v1::AdvanceStageRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            respond_first: false,
        }),
        "StartAftercare" => Sample::of(&v1::StartAftercareRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            destination: 0,
        }),
        _ => return ending(method, stage),
    };
    Some(sample.about(&case_id))
}

fn ending(method: &str, stage: &Stage) -> Option<Sample> {
    let (case_id, main_case_id) = (stage.placed.case_id.clone(), stage.offered.case_id.clone());
    let (request_id, version) = (id(), NEVER);
    let sample = match method {
        "CloseCase" => Sample::of(&v1::CloseCaseRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            reason: v1::CloseReason::LostContact as i32,
            note: String::new(),
        }),
        "ReopenCase" => Sample::of(&v1::ReopenCaseRequest {
            request_id,
            case_id: case_id.clone(),
            version,
        }),
        "LinkCases" => Sample::of(&v1::LinkCasesRequest {
            request_id,
            main_case_id,
            case_id: case_id.clone(),
        }),
        "UnlinkCases" => Sample::of(&v1::UnlinkCasesRequest {
            request_id,
            case_id: case_id.clone(),
        }),
        _ => return None,
    };
    Some(sample.about(&case_id))
}

/// Of the place.
pub(super) fn referral(method: &str, stage: &Stage) -> Option<Sample> {
    let case_id = stage.placed.case_id.clone();
    let placement_id = stage.placed.placement_id.clone();
    let (request_id, version) = (id(), NEVER);
    Some(match method {
        "MarkNoShow" => Sample::of(&v1::MarkNoShowRequest {
            request_id,
            placement_id: placement_id.clone(),
            reason: v1::NoShowReason::DidNotArrive as i32,
            ..v1::MarkNoShowRequest::default()
        })
        .about(&placement_id),
        "CancelPlacement" => Sample::of(&v1::CancelPlacementRequest {
            request_id,
            placement_id: placement_id.clone(),
            reason: v1::CancelReason::WrongFacts as i32,
            ..v1::CancelPlacementRequest::default()
        })
        .about(&placement_id),
        "RequestTransfer" => Sample::of(&v1::RequestTransferRequest {
            request_id,
            case_id: case_id.clone(),
            version,
            reason: v1::TransferReason::NearerToFamily as i32,
            need: None,
        })
        .about(&case_id),
        "CancelTransfer" => Sample::of(&v1::CancelTransferRequest {
            request_id,
            case_id: case_id.clone(),
            version,
        })
        .about(&case_id),
        _ => return None,
    })
}
