//! Every method that must be recorded, called once by somebody who may.

#[path = "reconciling.rs"]
mod reconciling;

use pbjson_types::Timestamp;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{intake, pool, request_id, submit};
use serasi_tests::{Client, TestHub};

use super::{entries_about, people, service, until_exported};
use crate::scene::facility_id;

pub(super) async fn everything_once(hub: &TestHub) {
    let mut client = hub.coordinator();
    directory(&mut client).await;
    policies(&mut client).await;
    let offer = offered(&mut client, "placed").await;
    placement(hub, &offer).await;
    other_ends(hub, &mut client).await;
    triage(&mut client).await;
    Box::pin(service::everything_once(hub)).await;
    looks(&mut client, &offer).await;
    people::everything_once(hub, &offer).await;
    exceptions(hub, &offer.case_id).await;
    rights(hub, &offer.case_id).await;
    registry(hub, &offer.case_id).await;
    audit(hub, &offer.case_id).await;
}

async fn offered(client: &mut Client, reference: &str) -> v1::Offer {
    let answer = client
        .intake
        .submit_intake(submit(intake(reference)))
        .await
        .unwrap();
    answer.into_inner().outcome.unwrap().offer.unwrap()
}

async fn directory(client: &mut Client) {
    let facility = serasi_tests::build::facility("C", "51.71.01", 1).facility;
    let request = v1::CreateFacilityRequest {
        request_id: request_id(),
        facility,
    };
    let made = client
        .facilities
        .create_facility(request)
        .await
        .unwrap()
        .into_inner()
        .facility;
    let mut facility = made.unwrap();
    let id = facility.facility_id.clone();
    "LKSA Lain".clone_into(&mut facility.name);
    let request = v1::UpdateFacilityRequest {
        request_id: request_id(),
        facility: Some(facility),
    };
    client.facilities.update_facility(request).await.unwrap();
    let request = v1::SuspendFacilityRequest {
        request_id: request_id(),
        facility_id: id.clone(),
        reason: "renovasi".to_owned(),
        ..v1::SuspendFacilityRequest::default()
    };
    client.facilities.suspend_facility(request).await.unwrap();
    let request = v1::ResumeFacilityRequest {
        request_id: request_id(),
        facility_id: id.clone(),
        version: 0,
    };
    client.facilities.resume_facility(request).await.unwrap();
    let request = v1::CloseFacilityRequest {
        request_id: request_id(),
        facility_id: id,
        reason: "tutup".to_owned(),
        version: 0,
    };
    client.facilities.close_facility(request).await.unwrap();
    let request = v1::ReportCapacityRequest {
        request_id: request_id(),
        facility_id: facility_id(client, "A").await,
        // A moment ago, and after the import.
        observe_time: Some(now()),
        valid_until_time: None,
        pools: vec![pool(5, 0)],
    };
    client.facilities.report_capacity(request).await.unwrap();
}

fn now() -> Timestamp {
    let now = serasi_hub::clock::Clock::system().now();
    Timestamp {
        seconds: now.unix_timestamp(),
        nanos: now.nanosecond().cast_signed(),
    }
}

async fn policies(client: &mut Client) {
    let request = v1::GetPolicyRequest::default();
    let mut policy = client
        .policies
        .get_policy(request)
        .await
        .unwrap()
        .into_inner()
        .policy
        .unwrap();
    "uji-1".clone_into(&mut policy.version);
    let request = v1::CreatePolicyRequest {
        request_id: request_id(),
        policy: Some(policy),
    };
    client.policies.create_policy(request).await.unwrap();
    let request = v1::ActivatePolicyRequest {
        request_id: request_id(),
        version: "uji-1".to_owned(),
    };
    client.policies.activate_policy(request).await.unwrap();
}

async fn placement(hub: &TestHub, offer: &v1::Offer) {
    let mut officer = hub.officer(&offer.facility_id);
    let request = v1::MarkOfferSeenRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
    };
    officer.referral.mark_offer_seen(request).await.unwrap();
    let request = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let accepted = officer.referral.accept_offer(request).await.unwrap().into_inner();
    let placement_id = accepted.placement.unwrap().placement_id;
    let request = v1::AdmitPlacementRequest {
        request_id: request_id(),
        placement_id: placement_id.clone(),
    };
    officer.referral.admit_placement(request).await.unwrap();
    let request = v1::DischargePlacementRequest {
        request_id: request_id(),
        placement_id,
        destination: v1::DischargeDestination::Family as i32,
    };
    officer.referral.discharge_placement(request).await.unwrap();
}

async fn other_ends(hub: &TestHub, client: &mut Client) {
    let offer = offered(client, "declined").await;
    let request = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    hub.officer(&offer.facility_id)
        .referral
        .decline_offer(request)
        .await
        .unwrap();
    let offer = offered(client, "withdrawn").await;
    let request = v1::WithdrawOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        reason: v1::WithdrawReason::WrongFacts as i32,
        route_later: true,
        ..v1::WithdrawOfferRequest::default()
    };
    client.referral.withdraw_offer(request).await.unwrap();
    let request = v1::PreviewRouteRequest {
        case_id: offer.case_id.clone(),
    };
    client.referral.preview_route(request).await.unwrap();
    let request = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: offer.case_id,
        ..v1::RouteCaseRequest::default()
    };
    client.referral.route_case(request).await.unwrap();
}

async fn triage(client: &mut Client) {
    let mut unknown = intake("triaged");
    unknown.cluster = 0;
    let answer = client
        .intake
        .submit_intake(submit(unknown))
        .await
        .unwrap()
        .into_inner();
    let case_id = answer.case.unwrap().case_id;
    let request = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        cluster: v1::Cluster::Anak as i32,
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    client.cases.triage_case(request).await.unwrap();
    let request = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id,
        resolution: "Diantar pulang.".to_owned(),
        version: 0,
    };
    client.cases.resolve_directly(request).await.unwrap();
}

async fn looks(client: &mut Client, offer: &v1::Offer) {
    crate::scene::case(client, &offer.case_id).await;
    let request = v1::ListCasesRequest::default();
    client.cases.list_cases(request).await.unwrap();
    let request = v1::WatchCasesRequest::default();
    client.cases.watch_cases(request).await.unwrap();
    let request = v1::WatchOffersRequest::default();
    client.referral.watch_offers(request).await.unwrap();
    let request = v1::GetOfferRequest {
        offer_id: offer.offer_id.clone(),
    };
    client.referral.get_offer(request).await.unwrap();
    let request = v1::ListOffersRequest {
        case_id: offer.case_id.clone(),
        ..v1::ListOffersRequest::default()
    };
    client.referral.list_offers(request).await.unwrap();
    let decision_id = offer.decision_id.clone();
    let request = v1::GetDecisionRequest {
        decision_id: decision_id.clone(),
    };
    client.referral.get_decision(request).await.unwrap();
    let request = v1::ReplayDecisionRequest { decision_id };
    client.referral.replay_decision(request).await.unwrap();
}

/// What is rare: a glass that is broken, a file that may not be destroyed.
async fn exceptions(hub: &TestHub, case: &str) {
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    let request = v1::OpenBreakGlassRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        reason: v1::BreakGlassReason::Danger as i32,
        text: "Keluarga mengancam menjemput paksa.".to_owned(),
        minutes: 5,
    };
    let opened = supervisor.audit.open_break_glass(request).await.unwrap();
    let break_glass_id = opened.into_inner().break_glass.unwrap().break_glass_id;
    let mut auditor = hub.client(Role::Auditor, "32.73");
    let request = v1::ReviewBreakGlassRequest {
        request_id: request_id(),
        break_glass_id: break_glass_id.clone(),
        verdict: v1::BreakGlassVerdict::Justified as i32,
        text: "Memang mendesak.".to_owned(),
    };
    auditor.audit.review_break_glass(request).await.unwrap();
    let request = v1::GetBreakGlassRequest { break_glass_id };
    auditor.audit.get_break_glass(request).await.unwrap();
    let request = v1::ListBreakGlassRequest::default();
    auditor.audit.list_break_glass(request).await.unwrap();

    let request = v1::SetLegalHoldRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
        reason: v1::HoldReason::Audit as i32,
        note: String::new(),
    };
    supervisor.cases.set_legal_hold(request).await.unwrap();
    let request = v1::LiftLegalHoldRequest {
        request_id: request_id(),
        case_id: case.to_owned(),
    };
    supervisor.cases.lift_legal_hold(request).await.unwrap();
}

/// What a person may ask for, and the list for the notice of a breach.
async fn rights(hub: &TestHub, case: &str) {
    let mut supervisor = hub.client(Role::Supervisor, "32.73");
    let seen = crate::scene::case(&mut supervisor, case).await;
    let person = seen.persons[0].person_id.clone();
    let asked = crate::subjects::access(&mut supervisor, &person).await;
    let mut other = hub.client(Role::Supervisor, "32.73");
    crate::subjects::export(&mut other, &person).await.unwrap();
    crate::subjects::answer(&mut other, &asked, None).await.unwrap();
    crate::subjects::list(&mut other, false).await;
    crate::subjects::freeze(&mut other, &person).await;
    crate::subjects::unfreeze(&mut other, &person).await;
    crate::subjects::set_danger(&mut other, &person).await;
    crate::subjects::lift_danger(&mut supervisor, &person)
        .await
        .unwrap();
    let mut auditor = hub.client(Role::Auditor, "32.73");
    crate::subjects::affected(&mut auditor, "", "GetCase").await;
}

/// The people of a placed case, as their dinas gets to know of them.
async fn registry(hub: &TestHub, case: &str) {
    let person_id = crate::scene::case(&mut hub.coordinator(), case).await.persons[0]
        .person_id
        .clone();
    let mut dinas = hub.client(Role::DinasOfficer, "32.73");
    let request = v1::AcknowledgeReportRequest {
        request_id: request_id(),
        person_ids: vec![person_id.clone()],
    };
    dinas.registry.acknowledge_report(request).await.unwrap();
    let request = v1::ListObligationsRequest::default();
    dinas.registry.list_obligations(request).await.unwrap();
    let proposed = v1::OutcomeEntry {
        person_id: person_id.clone(),
        state: v1::ObligationState::Proposed as i32,
        outcome_date: "2026-11-01".to_owned(),
        ..v1::OutcomeEntry::default()
    };
    let request = v1::RecordOutcomeRequest {
        request_id: request_id(),
        entries: vec![proposed],
    };
    dinas.registry.record_outcome(request).await.unwrap();
    let request = v1::GetRegistrationRequest { person_id };
    dinas.registry.get_registration(request).await.unwrap();
    reconciling::run_the_registry(hub).await;
}

async fn audit(hub: &TestHub, case: &str) {
    until_exported(hub).await;
    let mut auditor = hub.client(Role::Auditor, "ID");
    let request = v1::ListAuditHeadsRequest::default();
    auditor.audit.list_audit_heads(request).await.unwrap();
    let request = v1::GetAuditProofRequest {
        audit_id: entries_about(hub, case).await.last().unwrap().audit_id.clone(),
        ..v1::GetAuditProofRequest::default()
    };
    auditor.audit.get_audit_proof(request).await.unwrap();
}
