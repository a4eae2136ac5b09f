//! From a report to a place, per channel; the same report twice; triage; direct resolution.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::Client;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal};
use tonic::Code;

use crate::scene::{case, facility_id, hub_with, pool};

async fn seen_and_accepted(officer: &mut Client, offer_id: &str) -> v1::Placement {
    let seen = v1::MarkOfferSeenRequest {
        request_id: request_id(),
        offer_id: offer_id.to_owned(),
    };
    let seen = officer
        .referral
        .mark_offer_seen(seen)
        .await
        .unwrap()
        .into_inner()
        .offer
        .unwrap();
    assert_eq!(seen.state(), v1::OfferState::Seen);
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer_id.to_owned(),
        capacity: None,
    };
    officer
        .referral
        .accept_offer(accept)
        .await
        .unwrap()
        .into_inner()
        .placement
        .unwrap()
}

async fn channel_ends_in_service_and_aftercare(channel: v1::Channel, role: Role) {
    let hub = hub_with(vec![facility("A", "32.73.02", 3)]).await;
    let mut reporter = hub.client(role, "ID");
    let mut coordinator = hub.coordinator();
    let report = v1::Intake {
        channel: channel as i32,
        ..intake("1")
    };
    let answer = reporter
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner();
    let outcome = answer.outcome.unwrap();
    assert_eq!(outcome.result(), v1::RouteResult::Offered);
    let offer = outcome.offer.unwrap();
    assert!(outcome.message_id.contains("LKSA A"), "{}", outcome.message_id);
    assert!(offer.travel_minutes > 0 && offer.expire_time.is_some() && offer.holds_places);

    let mut officer = hub.officer(&offer.facility_id);
    let placement = seen_and_accepted(&mut officer, &offer.offer_id).await;
    let places = pool(&mut coordinator, &placement.facility_id).await;
    assert_eq!((places.held, places.occupied, places.free), (1, 0, 2));

    let id = placement.placement_id;
    let admit = v1::AdmitPlacementRequest {
        request_id: request_id(),
        placement_id: id.clone(),
    };
    officer.referral.admit_placement(admit).await.unwrap();
    let places = pool(&mut coordinator, &placement.facility_id).await;
    assert_eq!((places.held, places.occupied, places.free), (0, 1, 2));
    let own = case(&mut officer, &placement.case_id).await;
    assert_eq!(own.state(), v1::CaseState::InService);
    assert_eq!(own.persons[0].name, "Melati Contoh");

    let discharge = v1::DischargePlacementRequest {
        request_id: request_id(),
        placement_id: id,
        destination: v1::DischargeDestination::Family as i32,
    };
    officer.referral.discharge_placement(discharge).await.unwrap();
    assert_eq!(pool(&mut coordinator, &placement.facility_id).await.free, 3);
    assert_eq!(
        case(&mut coordinator, &placement.case_id).await.state(),
        v1::CaseState::Aftercare
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_complaint_becomes_a_placement() {
    Box::pin(channel_ends_in_service_and_aftercare(
        v1::Channel::Complaint,
        Role::HotlineOperator,
    ))
    .await;
}

#[tokio::test]
async fn an_outreach_case_becomes_a_placement() {
    Box::pin(channel_ends_in_service_and_aftercare(
        v1::Channel::Outreach,
        Role::OutreachWorker,
    ))
    .await;
}

#[tokio::test]
async fn a_referral_becomes_a_placement() {
    Box::pin(channel_ends_in_service_and_aftercare(
        v1::Channel::Referral,
        Role::Referrer,
    ))
    .await;
}

#[tokio::test]
async fn the_same_report_again_is_the_same_case_and_holds_nothing_twice() {
    let hub = hub_with(vec![facility("A", "32.73.02", 3)]).await;
    let mut client = hub.coordinator();
    let first = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let again = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    assert!(!first.already_known && again.already_known);
    assert_eq!(first.case.unwrap().case_id, again.case.unwrap().case_id);
    let offer = first.outcome.unwrap().offer.unwrap();
    assert_eq!(offer.offer_id, again.outcome.unwrap().offer.unwrap().offer_id);
    assert_eq!(pool(&mut client, &offer.facility_id).await.held, 1);
    hub.finish().await;
}

#[tokio::test]
async fn a_retry_with_the_same_request_id_gets_the_first_response() {
    let hub = hub_with(vec![facility("A", "32.73.02", 3)]).await;
    let mut client = hub.coordinator();
    let request = submit(intake("1"));
    let first = client
        .intake
        .submit_intake(request.clone())
        .await
        .unwrap()
        .into_inner();
    let retry = client
        .intake
        .submit_intake(request.clone())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(first, retry);

    let other = v1::SubmitIntakeRequest {
        route_later: true,
        ..request
    };
    let refused = client.intake.submit_intake(other).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::AlreadyExists, "REQUEST_ID_REUSED".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn the_same_key_with_other_content_is_a_conflict_that_names_the_differences() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let first = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let mut other = intake("1");
    other.story = "Cerita yang lain sama sekali.".to_owned();
    other.urgency = v1::Urgency::Urgent as i32;
    // Even in another province: the key is the nation's.
    other.region_code = "73.71".to_owned();
    let refused = client.intake.submit_intake(submit(other)).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::AlreadyExists, "SOURCE_KEY_CONFLICT".to_owned())
    );
    assert_eq!(metadata(&refused, "differences"), "region_code,story,urgency");
    assert_eq!(metadata(&refused, "existing_id"), first.case.unwrap().case_id);
    assert!(!refused.message().contains("lain sama sekali"));
    hub.finish().await;
}

#[tokio::test]
async fn an_unknown_cluster_waits_for_triage_and_never_for_the_caller() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let report = v1::Intake {
        cluster: 0,
        ..intake("1")
    };
    let answer = client
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner();
    let received = answer.case.unwrap();
    assert_eq!(received.state(), v1::CaseState::Received);
    assert_eq!(received.owner.unwrap().reference, "32.73");

    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: received.case_id.clone(),
        version: received.version,
        ppks_category: "anak_jalanan".to_owned(),
        ..v1::TriageCaseRequest::default()
    };
    let triaged = client.cases.triage_case(triage).await.unwrap().into_inner();
    assert_eq!(triaged.outcome.unwrap().result(), v1::RouteResult::Offered);
    assert_eq!(triaged.case.unwrap().cluster(), v1::Cluster::Anak);

    let stale = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: received.case_id,
        version: received.version,
        ..v1::TriageCaseRequest::default()
    };
    let refused = client.cases.triage_case(stale).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::Aborted, "VERSION_MOVED".to_owned()));
    hub.finish().await;
}

#[tokio::test]
async fn a_report_can_be_taken_down_and_routed_later() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let later = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("1"))
    };
    let answer = client.intake.submit_intake(later).await.unwrap().into_inner();
    let taken = answer.case.unwrap();
    assert_eq!(taken.state(), v1::CaseState::Triaged);

    let preview = v1::PreviewRouteRequest {
        case_id: taken.case_id.clone(),
    };
    let preview = client
        .referral
        .preview_route(preview)
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap();
    assert_eq!(preview.result(), v1::RouteResult::Offered);
    assert!(preview.decision_id.is_empty());
    let facility = facility_id(&mut client, "A").await;
    assert_eq!(
        pool(&mut client, &facility).await.held,
        0,
        "a preview holds nothing"
    );

    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: taken.case_id,
        ..v1::RouteCaseRequest::default()
    };
    let routed = client.referral.route_case(route).await.unwrap().into_inner();
    let decision = routed.outcome.unwrap().decision_id;
    let stored = client
        .referral
        .get_decision(v1::GetDecisionRequest {
            decision_id: decision,
        })
        .await;
    let stored = stored.unwrap().into_inner().decision.unwrap();
    assert_eq!(stored.chosen_facility_id, preview.chosen_facility_id);
    assert_eq!(stored.ranked, preview.ranked);
    hub.finish().await;
}

#[tokio::test]
async fn a_case_can_be_resolved_directly_and_then_allows_nothing_more() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let answer = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let open = answer.case.unwrap();
    assert_eq!(open.state(), v1::CaseState::NoCandidate);
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: open.case_id.clone(),
        version: 0,
        resolution: "Dipulangkan ke keluarga, sembako diberikan.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let resolved = case(&mut worker, &open.case_id).await;
    assert_eq!(resolved.state(), v1::CaseState::ResolvedDirectly);
    assert!(resolved.next_deadline.is_none() && resolved.resolution.contains("sembako"));

    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: open.case_id,
        ..v1::RouteCaseRequest::default()
    };
    let refused = client.referral.route_case(route).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "CASE_STATE".to_owned())
    );
    assert_eq!(metadata(&refused, "state"), "resolved_directly");
    hub.finish().await;
}
