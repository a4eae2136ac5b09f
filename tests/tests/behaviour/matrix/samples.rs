//! One request of every method, about the records of the stage. None of them changes what the others need: they meet
//! records that are past it, or a version that never was.

use pbjson_types::Timestamp;
use prost::Message;
use serasi_hub::clock::Clock;
use serasi_proto::v1;
use serasi_tests::build::{pool, request_id};

use super::stage::{HERE, Stage, intake_of};
use super::{care, people, registry};

#[path = "streams.rs"]
mod streams;

/// A version no record has.
pub(super) const NEVER: i64 = 999_999;
/// Every mutation has a new one; the same length, so that it can be put in its place.
const REQUEST_ID: &str = "01933b5c-7a3e-7c3a-9d55-0242ac120002";

/// A request as bytes.
#[derive(Clone)]
pub(super) struct Sample {
    bytes: Vec<u8>,
    /// The record it names.
    pub(super) about: Option<String>,
    /// Of a list: the record that is in it for those who may see it.
    pub(super) shows: Option<String>,
}

impl Sample {
    pub(super) fn of(message: &impl Message) -> Self {
        Self {
            bytes: message.encode_to_vec(),
            about: None,
            shows: None,
        }
    }

    pub(super) fn about(self, id: &str) -> Self {
        Self {
            about: Some(id.to_owned()),
            ..self
        }
    }

    pub(super) fn shows(self, id: &str) -> Self {
        Self {
            shows: Some(id.to_owned()),
            ..self
        }
    }

    /// As sent: with a request id of its own.
    pub(super) fn messages(&self) -> Vec<Vec<u8>> {
        vec![self.with_id(REQUEST_ID, &request_id()).bytes]
    }

    /// The same request about another record.
    pub(super) fn with_id(&self, id: &str, other: &str) -> Self {
        assert_eq!(id.len(), other.len());
        let mut bytes = self.bytes.clone();
        while let Some(at) = bytes.windows(id.len()).position(|window| window == id.as_bytes()) {
            bytes[at..at + other.len()].copy_from_slice(other.as_bytes());
        }
        Self {
            bytes,
            ..self.clone()
        }
    }
}

/// A request of `method`; none for a method nobody has thought of here.
pub(super) fn sample(method: &str, stage: &Stage) -> Option<Sample> {
    let (service, method) = method.trim_start_matches("serasi.v1.").split_once('/')?;
    if let Some(found) = streams::stream(method, stage).or_else(|| registry::sample(method, stage)) {
        return Some(found);
    }
    match service {
        "AuditService" => audit(method, stage),
        "CaseService" => case(method, stage).or_else(|| people::case(method, stage)),
        "FacilityService" => facility(method, stage),
        "InsightService" => insight(method, stage),
        "IntakeService" if method == "ProposeLinks" => Some(people::proposal()),
        "IntakeService" => intake(method),
        "PolicyService" => policy(method, stage),
        "ReferenceService" => reference(method),
        "ReferralService" => referral(method, stage),
        "SubjectService" => super::rights::sample(method, stage),
        _ => None,
    }
}

pub(super) fn id() -> String {
    REQUEST_ID.to_owned()
}

fn audit(method: &str, stage: &Stage) -> Option<Sample> {
    let glass = || stage.glass.clone();
    let case_id = stage.offered.case_id.clone();
    Some(match method {
        "ListAuditEntries" => Sample::of(&v1::ListAuditEntriesRequest {
            subject_id: case_id,
            page_size: 200,
            ..v1::ListAuditEntriesRequest::default()
        })
        .shows(&stage.entry),
        "ListAuditHeads" => Sample::of(&v1::ListAuditHeadsRequest::default()).shows(&stage.head),
        "GetAuditProof" => Sample::of(&v1::GetAuditProofRequest {
            audit_id: stage.entry.clone(),
            ..v1::GetAuditProofRequest::default()
        })
        .about(&stage.entry),
        "OpenBreakGlass" => Sample::of(&v1::OpenBreakGlassRequest {
            request_id: id(),
            case_id: case_id.clone(),
            reason: v1::BreakGlassReason::Other as i32,
            text: "Uji matriks akses.".to_owned(),
            minutes: 1,
        })
        .about(&case_id),
        "ReviewBreakGlass" => Sample::of(&v1::ReviewBreakGlassRequest {
            request_id: id(),
            break_glass_id: glass(),
            verdict: v1::BreakGlassVerdict::Justified as i32,
            text: "Uji matriks akses.".to_owned(),
        })
        .about(&glass()),
        "GetBreakGlass" => Sample::of(&v1::GetBreakGlassRequest {
            break_glass_id: glass(),
        })
        .about(&glass()),
        "ListBreakGlass" => Sample::of(&v1::ListBreakGlassRequest {
            page_size: 200,
            ..v1::ListBreakGlassRequest::default()
        })
        .shows(&glass()),
        _ => return None,
    })
}

fn case(method: &str, stage: &Stage) -> Option<Sample> {
    let placed = || stage.placed.case_id.clone();
    let open = || stage.offered.case_id.clone();
    Some(match method {
        "GetCase" => Sample::of(&v1::GetCaseRequest { case_id: placed() }).about(&placed()),
        "ListCases" => Sample::of(&v1::ListCasesRequest::default()).shows(&placed()),
        "TriageCase" => Sample::of(&v1::TriageCaseRequest {
            request_id: id(),
            case_id: open(),
            version: NEVER,
            ..v1::TriageCaseRequest::default()
        })
        .about(&open()),
        "ResolveDirectly" => Sample::of(&v1::ResolveDirectlyRequest {
            request_id: id(),
            case_id: open(),
            version: NEVER,
            resolution: "Dibantu di tempat.".to_owned(),
        })
        .about(&open()),
        // The first who may holds it; the others are told that it is held, or that it no longer is.
        "SetLegalHold" => Sample::of(&v1::SetLegalHoldRequest {
            request_id: id(),
            case_id: open(),
            reason: v1::HoldReason::Audit as i32,
            note: String::new(),
        })
        .about(&open()),
        "LiftLegalHold" => Sample::of(&v1::LiftLegalHoldRequest {
            request_id: id(),
            case_id: open(),
        })
        .about(&open()),
        _ => return care::case(method, stage),
    })
}

fn facility(method: &str, stage: &Stage) -> Option<Sample> {
    let facility_id = || stage.facility.clone();
    let reason = || "Uji matriks akses.".to_owned();
    let described = |version| v1::Facility {
        version,
        ..stage.description.clone()
    };
    Some(match method {
        "CreateFacility" => Sample::of(&v1::CreateFacilityRequest {
            request_id: id(),
            facility: Some(described(0)),
        }),
        "UpdateFacility" => Sample::of(&v1::UpdateFacilityRequest {
            request_id: id(),
            facility: Some(described(NEVER)),
        })
        .about(&facility_id()),
        "GetFacility" => Sample::of(&v1::GetFacilityRequest {
            facility_id: facility_id(),
        }),
        "ListFacilities" => Sample::of(&v1::ListFacilitiesRequest::default()).shows(&facility_id()),
        "SuspendFacility" => Sample::of(&v1::SuspendFacilityRequest {
            request_id: id(),
            facility_id: facility_id(),
            version: NEVER,
            reason: reason(),
            until_time: None,
        })
        .about(&facility_id()),
        "ResumeFacility" => Sample::of(&v1::ResumeFacilityRequest {
            request_id: id(),
            facility_id: facility_id(),
            version: NEVER,
        })
        .about(&facility_id()),
        "CloseFacility" => Sample::of(&v1::CloseFacilityRequest {
            request_id: id(),
            facility_id: facility_id(),
            version: NEVER,
            reason: reason(),
        })
        .about(&facility_id()),
        "ImportFacilities" => Sample::of(&v1::ImportFacilitiesRequest {
            facility: Some(described(0)),
            ..v1::ImportFacilitiesRequest::default()
        }),
        "ReportCapacity" => Sample::of(&v1::ReportCapacityRequest {
            request_id: id(),
            facility_id: facility_id(),
            // Older than what the hub has.
            observe_time: Some(days_ago(20)),
            pools: vec![pool(9, 0)],
            ..v1::ReportCapacityRequest::default()
        })
        .about(&facility_id()),
        "GetCapacity" => Sample::of(&v1::GetCapacityRequest {
            facility_id: facility_id(),
        }),
        _ => return None,
    })
}

fn insight(method: &str, stage: &Stage) -> Option<Sample> {
    let (from_date, until_date) = ("2026-01-01".to_owned(), "2026-12-31".to_owned());
    let region_code = HERE.to_owned();
    Some(match method {
        "GetUnmetNeed" => Sample::of(&v1::GetUnmetNeedRequest {
            region_code,
            from_month: "2026-01".to_owned(),
            until_month: "2026-12".to_owned(),
            ..v1::GetUnmetNeedRequest::default()
        }),
        "GetIndicators" => Sample::of(&v1::GetIndicatorsRequest {
            region_code,
            from_month: "2026-01".to_owned(),
            until_month: "2026-12".to_owned(),
            ..v1::GetIndicatorsRequest::default()
        }),
        "GetTieredReport" => Sample::of(&v1::GetTieredReportRequest {
            region_code,
            from_month: "2026-01".to_owned(),
            until_month: "2026-12".to_owned(),
            ..v1::GetTieredReportRequest::default()
        }),
        "GetTimeliness" => Sample::of(&v1::GetTimelinessRequest {
            region_code,
            from_date,
            until_date,
            ..v1::GetTimelinessRequest::default()
        }),
        "GetTruthfulness" => Sample::of(&v1::GetTruthfulnessRequest {
            facility_id: stage.facility.clone(),
            from_date,
            until_date,
            ..v1::GetTruthfulnessRequest::default()
        })
        .about(&stage.facility),
        _ => return None,
    })
}

fn intake(method: &str) -> Option<Sample> {
    (method == "SubmitIntake").then(|| {
        Sample::of(&v1::SubmitIntakeRequest {
            request_id: id(),
            intake: Some(intake_of("offered")),
            route_later: false,
        })
    })
}

fn policy(method: &str, stage: &Stage) -> Option<Sample> {
    let version = || stage.policy.version.clone();
    Some(match method {
        "GetPolicy" => Sample::of(&v1::GetPolicyRequest { version: version() }),
        "ListPolicies" => Sample::of(&v1::ListPoliciesRequest::default()),
        "CreatePolicy" => Sample::of(&v1::CreatePolicyRequest {
            request_id: id(),
            policy: Some(stage.policy.clone()),
        }),
        "ActivatePolicy" => Sample::of(&v1::ActivatePolicyRequest {
            request_id: id(),
            version: version(),
        }),
        "DryRunPolicy" => Sample::of(&v1::DryRunPolicyRequest {
            version: version(),
            region_code: HERE.to_owned(),
            from_time: Some(days_ago(1)),
            ..v1::DryRunPolicyRequest::default()
        }),
        _ => return None,
    })
}

fn reference(method: &str) -> Option<Sample> {
    Some(match method {
        "ListRegions" => Sample::of(&v1::ListRegionsRequest::default()),
        "GetTravel" => Sample::of(&v1::GetTravelRequest {
            from_region_code: "32.73".to_owned(),
            to_region_code: "33.74".to_owned(),
        }),
        "ListPpksCategories" => Sample::of(&v1::ListPpksCategoriesRequest {}),
        "ListArticles" => Sample::of(&v1::ListArticlesRequest {}),
        _ => return None,
    })
}

fn referral(method: &str, stage: &Stage) -> Option<Sample> {
    let case_id = || stage.offered.case_id.clone();
    let decision_id = || stage.offered.decision_id.clone();
    let declined = || stage.declined.clone();
    let placement_id = || stage.placed.placement_id.clone();
    Some(match method {
        "PreviewRoute" => Sample::of(&v1::PreviewRouteRequest { case_id: case_id() }).about(&case_id()),
        "RouteCase" => Sample::of(&v1::RouteCaseRequest {
            request_id: id(),
            case_id: case_id(),
            version: NEVER,
            use_active_policy: false,
        })
        .about(&case_id()),
        "GetDecision" => Sample::of(&v1::GetDecisionRequest {
            decision_id: decision_id(),
        })
        .about(&decision_id()),
        "ReplayDecision" => Sample::of(&v1::ReplayDecisionRequest {
            decision_id: decision_id(),
        })
        .about(&decision_id()),
        "GetOffer" => Sample::of(&v1::GetOfferRequest {
            offer_id: stage.offered.offer_id.clone(),
        })
        .about(&stage.offered.offer_id),
        "ListOffers" => Sample::of(&v1::ListOffersRequest {
            case_id: case_id(),
            ..v1::ListOffersRequest::default()
        })
        .shows(&stage.offered.offer_id),
        "MarkOfferSeen" => Sample::of(&v1::MarkOfferSeenRequest {
            request_id: id(),
            offer_id: declined(),
        })
        .about(&declined()),
        "AcceptOffer" => Sample::of(&v1::AcceptOfferRequest {
            request_id: id(),
            offer_id: declined(),
            capacity: None,
        })
        .about(&declined()),
        "DeclineOffer" => Sample::of(&v1::DeclineOfferRequest {
            request_id: id(),
            offer_id: declined(),
            reason: v1::DeclineReason::Full as i32,
            ..v1::DeclineOfferRequest::default()
        })
        .about(&declined()),
        "WithdrawOffer" => Sample::of(&v1::WithdrawOfferRequest {
            request_id: id(),
            offer_id: declined(),
            reason: v1::WithdrawReason::WrongFacts as i32,
            ..v1::WithdrawOfferRequest::default()
        })
        .about(&declined()),
        "AdmitPlacement" => Sample::of(&v1::AdmitPlacementRequest {
            request_id: id(),
            placement_id: placement_id(),
        })
        .about(&placement_id()),
        "DischargePlacement" => Sample::of(&v1::DischargePlacementRequest {
            request_id: id(),
            placement_id: placement_id(),
            destination: v1::DischargeDestination::Family as i32,
        })
        .about(&placement_id()),
        _ => return care::referral(method, stage),
    })
}

pub(super) fn days_ago(days: i64) -> Timestamp {
    let seconds = Clock::system().now().unix_timestamp() - days * 24 * 60 * 60;
    Timestamp { seconds, nanos: 0 }
}
