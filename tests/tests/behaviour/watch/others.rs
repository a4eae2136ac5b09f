//! WatchCases and WatchCapacity.

use super::*;
use serasi_tests::build::pool;

async fn next<M>(stream: &mut Streaming<M>) -> M {
    tokio::time::timeout(PATIENCE, stream.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap()
}

/// A case without a cluster is triaged, offered and accepted; its id.
async fn taken_and_placed(coordinator: &mut Client, officer: &mut Client) -> String {
    let mut report = submit(intake("unknown"));
    report.intake.as_mut().unwrap().cluster = 0;
    let taken = coordinator.intake.submit_intake(report).await.unwrap();
    let case_id = taken.into_inner().case.unwrap().case_id;
    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: case_id.clone(),
        cluster: v1::Cluster::Anak as i32,
        ..v1::TriageCaseRequest::default()
    };
    let routed = coordinator.cases.triage_case(triage).await.unwrap().into_inner();
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: routed.outcome.unwrap().offer.unwrap().offer_id,
        capacity: None,
    };
    officer.referral.accept_offer(accept).await.unwrap();
    case_id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_told_of_its_cases_in_order_and_a_facility_of_those_it_answers_for() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut coordinator = hub.coordinator();
    let id = facility_id(&mut coordinator, "A").await;
    let queue = v1::WatchCasesRequest {
        owner_region_code: "32.73".to_owned(),
        ..v1::WatchCasesRequest::default()
    };
    let elsewhere = hub
        .client(Role::Coordinator, "35")
        .cases
        .watch_cases(v1::WatchCasesRequest::default())
        .await;
    let mut elsewhere = elsewhere.unwrap().into_inner();
    let mut of_region = hub
        .client(Role::Coordinator, "32")
        .cases
        .watch_cases(queue)
        .await
        .unwrap()
        .into_inner();
    let mut officer = hub.officer(&id);
    let mut of_facility = officer
        .cases
        .watch_cases(v1::WatchCasesRequest::default())
        .await
        .unwrap()
        .into_inner();
    for watch in [&mut elsewhere, &mut of_region, &mut of_facility] {
        assert_eq!(next(watch).await.step(), WatchStep::Live);
    }
    let case = taken_and_placed(&mut coordinator, &mut officer).await;

    let (received, offered) = (next(&mut of_region).await, next(&mut of_region).await);
    let kinds = [&received, &offered].map(|message| message.event.clone().unwrap().kind);
    assert_eq!(kinds, ["case.received", "case.offered"]);
    let (received, offered) = (received.case.unwrap(), offered.case.unwrap());
    assert_eq!(
        (received.case_id, received.state),
        (case.clone(), v1::CaseState::Received as i32)
    );
    assert_eq!((received.cluster, offered.cluster), (0, v1::Cluster::Anak as i32));
    assert_eq!(
        (offered.state, offered.region_code),
        (v1::CaseState::Offered as i32, "32.73".to_owned())
    );
    assert!(offered.version > received.version && offered.next_deadline.is_some());
    let placed = next(&mut of_facility).await;
    assert_eq!(placed.event.unwrap().kind, "case.placed");
    let placed = placed.case.unwrap();
    assert_eq!((placed.case_id, placed.owner.unwrap().reference), (case, id));

    // A case of theirs is all that the others are told.
    let mut there = intake("there");
    there.region_code = "35.78.01".to_owned();
    let there = coordinator
        .intake
        .submit_intake(submit(there))
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    assert_eq!(next(&mut elsewhere).await.case.unwrap().case_id, there.case_id);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn places_are_told_as_they_stand_and_then_every_hold_and_report() {
    let hub = hub_with(vec![facility("A", "32.73.01", 4), facility("B", "32.73.02", 9)]).await;
    let mut coordinator = hub.coordinator();
    let id = facility_id(&mut coordinator, "A").await;
    let request = v1::WatchCapacityRequest {
        facility_id: id.clone(),
        ..v1::WatchCapacityRequest::default()
    };
    let mut watch = coordinator
        .facilities
        .watch_capacity(request.clone())
        .await
        .unwrap()
        .into_inner();
    let stands = next(&mut watch).await;
    assert_eq!(
        (stands.step(), stands.pool.unwrap().pool.unwrap().free),
        (WatchStep::Snapshot, 4)
    );
    let live = next(&mut watch).await;
    assert_eq!(live.step(), WatchStep::Live);

    let offer = submit_as(&mut coordinator, "one").await;
    assert_eq!(offer.facility_id, id);
    let held = next(&mut watch).await;
    let event = held.event.unwrap();
    assert_eq!(
        (event.kind.as_str(), event.event_id.ends_with("/2")),
        ("capacity.changed", true)
    );
    let held = held.pool.unwrap();
    assert_eq!((held.version, held.pool.as_ref().unwrap().held), (2, 1));
    let now = coordinator
        .facilities
        .get_capacity(v1::GetCapacityRequest {
            facility_id: id.clone(),
        })
        .await;
    assert_eq!(held.pool, now.unwrap().into_inner().pools.first().copied());
    let report = v1::ReportCapacityRequest {
        request_id: request_id(),
        facility_id: id.clone(),
        observe_time: Some(crate::directory::now()),
        valid_until_time: None,
        pools: vec![pool(7, 2)],
    };
    coordinator.facilities.report_capacity(report).await.unwrap();
    let reported = next(&mut watch).await.pool.unwrap().pool.unwrap();
    assert_eq!(
        (reported.total, reported.occupied, reported.held, reported.free),
        (7, 2, 1, 4)
    );

    // After an outage both are told again.
    let since = v1::WatchCapacityRequest {
        cursor: live.cursor,
        ..request
    };
    let mut again = coordinator
        .facilities
        .watch_capacity(since)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(next(&mut again).await.step(), WatchStep::Live);
    let versions =
        [next(&mut again).await, next(&mut again).await].map(|message| message.pool.unwrap().version);
    assert_eq!(versions, [2, 3]);
    let nothing = coordinator
        .facilities
        .watch_capacity(v1::WatchCapacityRequest::default())
        .await;
    assert_eq!(nothing.unwrap_err().code(), Code::InvalidArgument);
    hub.finish().await;
}
