//! Decline, silence, nobody, waiting: what happens when the first facility does not take the case.

use serasi_proto::v1;
use serasi_tests::build::{facility, intake, pool as report, request_id, submit, without_capacity};
use serasi_tests::status::refusal;
use serasi_tests::{Client, TestHub};
use tonic::{Code, Status};

use crate::scene::{case, eventually, facility_id, hub_with, impatient, import, pool};

async fn offer_for(client: &mut Client, reference: &str) -> v1::Offer {
    let answer = client
        .intake
        .submit_intake(submit(intake(reference)))
        .await
        .unwrap()
        .into_inner();
    answer.outcome.unwrap().offer.unwrap()
}

async fn decline(hub: &TestHub, offer: &v1::Offer, reason: v1::DeclineReason) -> v1::DeclineOfferResponse {
    let request = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: reason as i32,
        note: "catatan".to_owned(),
        retry_time: None,
    };
    hub.officer(&offer.facility_id)
        .referral
        .decline_offer(request)
        .await
        .unwrap()
        .into_inner()
}

async fn accept(
    hub: &TestHub,
    offer: &v1::Offer,
    capacity: Option<v1::CapacityReport>,
) -> Result<v1::Placement, Status> {
    let request = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity,
    };
    let answer = hub
        .officer(&offer.facility_id)
        .referral
        .accept_offer(request)
        .await?;
    Ok(answer.into_inner().placement.unwrap())
}

#[tokio::test]
async fn a_decline_releases_the_place_and_asks_the_next_in_the_same_breath() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.01", 1),
        facility("FAR", "32.04.05", 1),
    ])
    .await;
    let mut client = hub.coordinator();
    let first = offer_for(&mut client, "1").await;
    assert_eq!(first.facility_name, "LKSA NEAR");
    let declined = decline(&hub, &first, v1::DeclineReason::NotEligible).await;
    assert_eq!(declined.next(), v1::RouteResult::Offered);
    assert_eq!(
        declined.offer.unwrap().decline_reason(),
        v1::DeclineReason::NotEligible
    );
    let now = case(&mut client, &first.case_id).await;
    let second = now.live_offer.unwrap();
    assert_eq!((second.facility_name.as_str(), second.attempt), ("LKSA FAR", 2));
    assert_eq!(pool(&mut client, &first.facility_id).await.free, 1);
    assert_eq!(pool(&mut client, &second.facility_id).await.held, 1);

    let late = accept(&hub, &first, None).await.unwrap_err();
    assert_eq!(
        refusal(&late),
        (Code::FailedPrecondition, "OFFER_STATE".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn full_corrects_the_capacity() {
    let hub = hub_with(vec![facility("A", "32.73.01", 4)]).await;
    let mut client = hub.coordinator();
    let offer = offer_for(&mut client, "1").await;
    let declined = decline(&hub, &offer, v1::DeclineReason::Full).await;
    assert_eq!(declined.next(), v1::RouteResult::Waiting);
    let places = pool(&mut client, &offer.facility_id).await;
    assert_eq!((places.total, places.occupied, places.free), (4, 4, 0));
    assert_eq!(places.source(), v1::CapacitySource::Decline);
    hub.finish().await;
}

#[tokio::test]
async fn silence_is_an_outcome_and_the_next_candidate_is_asked() {
    let hub = TestHub::with_policy(impatient(1)).await;
    let mut client = hub.coordinator();
    import(
        &mut client,
        vec![facility("NEAR", "32.73.01", 1), facility("FAR", "32.04.05", 1)],
    )
    .await;
    let first = offer_for(&mut client, "1").await;
    let look = || async { case(&mut hub.coordinator(), &first.case_id).await };
    let moved = eventually(look, |case| {
        case.live_offer.as_ref().is_some_and(|offer| offer.attempt == 2)
    })
    .await;
    assert_eq!(moved.live_offer.unwrap().facility_name, "LKSA FAR");
    assert_eq!(moved.refusals, 1);

    let late = accept(&hub, &first, None).await.unwrap_err();
    assert_eq!(
        refusal(&late),
        (Code::FailedPrecondition, "OFFER_STATE".to_owned())
    );
    // The second is silent too: nobody is left who was not asked a moment ago.
    let look = || async { case(&mut hub.coordinator(), &first.case_id).await };
    let waiting = eventually(look, |case| case.state() == v1::CaseState::Waiting).await;
    assert!(waiting.next_deadline.is_some());
    hub.finish().await;
}

#[tokio::test]
async fn three_refusals_bring_the_next_coordinator_up() {
    let rows = ["A", "B", "C", "D"].map(|reference| facility(reference, "32.73.01", 1));
    let hub = hub_with(rows.to_vec()).await;
    let mut client = hub.coordinator();
    let mut offer = offer_for(&mut client, "1").await;
    let mut owners = vec![];
    for _ in 0..3 {
        decline(&hub, &offer, v1::DeclineReason::Safety).await;
        let now = case(&mut client, &offer.case_id).await;
        owners.push(now.owner.unwrap().reference);
        offer = now.live_offer.unwrap();
    }
    assert_eq!(owners, ["32.73", "32.73", "32"]);
    assert_eq!(
        accept(&hub, &offer, None).await.unwrap().state(),
        v1::PlacementState::Reserved
    );
    let placed = case(&mut client, &offer.case_id).await;
    assert_eq!(
        placed.owner.unwrap().reference,
        offer.facility_id,
        "the facility answers for the case now"
    );
    hub.finish().await;
}

#[tokio::test]
async fn nobody_may_take_the_case_is_an_outcome_with_reasons() {
    let mut wrong = facility("OLD", "32.73.01", 5);
    wrong.facility.as_mut().unwrap().clusters = vec![v1::Cluster::Lansia as i32];
    let mut unlicensed = facility("UNLICENSED", "32.73.01", 5);
    unlicensed.facility.as_mut().unwrap().ministry_supervised = false;
    let hub = hub_with(vec![wrong, unlicensed]).await;
    let mut client = hub.coordinator();
    let answer = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let outcome = answer.outcome.unwrap();
    assert_eq!(outcome.result(), v1::RouteResult::NoCandidate);
    let case = answer.case.unwrap();
    assert_eq!(case.state(), v1::CaseState::NoCandidate);
    assert!(case.next_deadline.is_some() && case.owner.is_some());

    let decision = v1::GetDecisionRequest {
        decision_id: outcome.decision_id,
    };
    let decision = client
        .referral
        .get_decision(decision)
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap();
    let mut reasons: Vec<_> = decision
        .near_misses
        .iter()
        .map(|miss| miss.rejection.as_ref().unwrap())
        .collect();
    reasons.sort_by_key(|rejection| rejection.rule.clone());
    assert_eq!(reasons[0].rule, "may_implement");
    assert_eq!(
        (reasons[1].rule.as_str(), reasons[1].article.as_str()),
        ("serves_cluster", "P16 Ps.3")
    );
    assert_eq!(reasons[1].saw, "serves=lansia needed=anak");
    hub.finish().await;
}

#[tokio::test]
async fn unknown_capacity_is_asked_after_known_places_and_acceptance_states_it() {
    let known = facility("KNOWN", "32.73.01", 1);
    let unknown = without_capacity(facility("UNKNOWN", "32.73.01", 0));
    let hub = hub_with(vec![unknown, known]).await;
    let mut client = hub.coordinator();
    assert_eq!(offer_for(&mut client, "1").await.facility_name, "LKSA KNOWN");
    let asked = offer_for(&mut client, "2").await;
    assert_eq!(
        (asked.facility_name.as_str(), asked.holds_places),
        ("LKSA UNKNOWN", false)
    );

    let silent = accept(&hub, &asked, None).await.unwrap_err();
    assert_eq!(
        refusal(&silent),
        (Code::FailedPrecondition, "CAPACITY_REQUIRED".to_owned())
    );
    let full = accept(&hub, &asked, Some(report(10, 10))).await.unwrap_err();
    assert_eq!(refusal(&full), (Code::FailedPrecondition, "NO_ROOM".to_owned()));
    accept(&hub, &asked, Some(report(10, 7))).await.unwrap();
    let places = pool(&mut client, &asked.facility_id).await;
    assert_eq!((places.occupied, places.held, places.free), (7, 1, 2));
    hub.finish().await;
}

#[tokio::test]
async fn a_stale_report_is_unknown_and_unknown_is_never_free() {
    let hub = hub_with(vec![facility("STALE", "32.73.01", 9)]).await;
    let mut client = hub.coordinator();
    let later = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("1"))
    };
    let case_id = client
        .intake
        .submit_intake(later)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap()
        .case_id;
    hub.database
        .change_pools("valid_until = now() - interval '1 minute'")
        .await;
    // The board sees the change at its next look.
    let look = || async {
        let preview = v1::PreviewRouteRequest {
            case_id: case_id.clone(),
        };
        hub.coordinator()
            .referral
            .preview_route(preview)
            .await
            .unwrap()
            .into_inner()
            .decision
            .unwrap()
    };
    eventually(look, |decision| decision.result() == v1::RouteResult::Asked).await;
    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id,
        ..v1::RouteCaseRequest::default()
    };
    let answer = client.referral.route_case(route).await.unwrap().into_inner();
    let asked = answer.outcome.unwrap().offer.unwrap();
    assert!(!asked.holds_places);
    assert_eq!(pool(&mut client, &asked.facility_id).await.held, 0);
    hub.finish().await;
}

#[tokio::test]
async fn a_waiting_case_is_served_when_a_place_frees_up_the_most_urgent_first() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let first = offer_for(&mut client, "first").await;
    let wait = |reference: &str, urgency: v1::Urgency| {
        submit(v1::Intake {
            urgency: urgency as i32,
            ..intake(reference)
        })
    };
    let regular = client
        .intake
        .submit_intake(wait("regular", v1::Urgency::Regular))
        .await
        .unwrap()
        .into_inner();
    let urgent = client
        .intake
        .submit_intake(wait("urgent", v1::Urgency::Urgent))
        .await
        .unwrap()
        .into_inner();
    let (regular, urgent) = (regular.case.unwrap().case_id, urgent.case.unwrap().case_id);
    decline(&hub, &first, v1::DeclineReason::PersonRefused).await;
    let look = || async { case(&mut hub.coordinator(), &urgent).await };
    eventually(look, |case| case.state() == v1::CaseState::Offered).await;
    assert_eq!(case(&mut client, &regular).await.state(), v1::CaseState::Waiting);
    hub.finish().await;
}

#[tokio::test]
async fn a_suspended_facility_is_not_asked_and_is_again_when_resumed() {
    let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
    let mut client = hub.coordinator();
    let id = facility_id(&mut client, "A").await;
    let suspend = v1::SuspendFacilityRequest {
        request_id: request_id(),
        facility_id: id.clone(),
        version: 0,
        reason: "renovasi".to_owned(),
        until_time: None,
    };
    client.facilities.suspend_facility(suspend).await.unwrap();
    let answer = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let waiting = answer.case.unwrap();
    assert_eq!(waiting.state(), v1::CaseState::Waiting);
    let resume = v1::ResumeFacilityRequest {
        request_id: request_id(),
        facility_id: id,
        version: 0,
    };
    client.facilities.resume_facility(resume).await.unwrap();
    let look = || async { case(&mut hub.coordinator(), &waiting.case_id).await };
    eventually(look, |case| case.state() == v1::CaseState::Offered).await;
    hub.finish().await;
}
