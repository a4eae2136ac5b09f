//! Those who wait: nobody is told to wait for what will not come, and nobody waits because others cannot be served.

use serasi_domain::policy::Policy;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, pool, request_id, submit};

use crate::directory::now;
use crate::scene::{case, eventually, facility_id, hub_with, import};

#[tokio::test]
async fn who_waits_for_a_place_is_told_when_there_is_nobody_left_to_wait_for() {
    let hub = hub_with(vec![facility("FULL", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let submit_one = async |reference: &str| {
        let answer = hub
            .coordinator()
            .intake
            .submit_intake(submit(intake(reference)))
            .await;
        answer.unwrap().into_inner().case.unwrap()
    };
    let first = submit_one("1").await;
    let waiting = submit_one("2").await;
    assert_eq!(waiting.state(), v1::CaseState::Waiting);
    let offer = case(&mut client, &first.case_id).await.live_offer.unwrap();
    // The only house is for one other person, and then for nobody.
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        reason: v1::DeclineReason::Safety as i32,
        ..v1::DeclineOfferRequest::default()
    };
    client.referral.decline_offer(decline).await.unwrap();
    let now = eventually(
        || async { case(&mut hub.coordinator(), &waiting.case_id).await },
        |case| case.state() == v1::CaseState::Offered,
    )
    .await;
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: now.live_offer.unwrap().offer_id,
        reason: v1::DeclineReason::Full as i32,
        ..v1::DeclineOfferRequest::default()
    };
    client.referral.decline_offer(decline).await.unwrap();
    let again = case(&mut client, &waiting.case_id).await;
    assert_eq!(again.state(), v1::CaseState::Waiting, "parked for a day");
    let close = v1::CloseFacilityRequest {
        request_id: request_id(),
        facility_id: offer.facility_id,
        reason: "tutup".to_owned(),
        ..v1::CloseFacilityRequest::default()
    };
    client.facilities.close_facility(close).await.unwrap();
    let told = eventually(
        || async { case(&mut hub.coordinator(), &waiting.case_id).await },
        |case| case.state() == v1::CaseState::NoCandidate,
    )
    .await;
    assert!(told.next_deadline.is_some());
    hub.finish().await;
}

#[tokio::test]
async fn a_hundred_offers_that_cannot_expire_do_not_keep_another_from_it() {
    let hub = hub_with(vec![facility("BIG", "32.73.01", 200)]).await;
    let mut cases = vec![];
    for number in 0..102 {
        let answer = hub
            .coordinator()
            .intake
            .submit_intake(submit(intake(&format!("{number}"))))
            .await;
        cases.push(answer.unwrap().into_inner().case.unwrap().case_id);
    }
    let last = cases.pop().unwrap();
    let (_, last_id) = last.split_once('-').unwrap();
    let mut connection = hub.database.connect().await;
    let unreadable = format!("UPDATE cases SET facts = facts - 'urgency' WHERE case_id <> '{last_id}'");
    let overdue = format!(
        "UPDATE offers SET expires_at = now() - CASE case_id WHEN '{last_id}' THEN interval '1 minute'
             ELSE interval '1 hour' END"
    );
    for statement in [unreadable, overdue] {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    eventually(
        || async { case(&mut hub.coordinator(), &last).await },
        |case| case.live_offer.is_none(),
    )
    .await;
    hub.finish().await;
}

#[tokio::test]
async fn a_search_widens_when_it_was_said_to() {
    let mut policy = Policy::p7();
    for step in policy.regular.ladder.iter_mut().skip(1) {
        step.after_seconds = 3;
    }
    let hub = TestHub::with_policy(policy).await;
    let rows = vec![facility("FULL", "32.73.01", 1), facility("FREE", "32.04.05", 1)];
    import(&mut hub.coordinator(), rows).await;
    let mut waiting = String::new();
    for reference in ["1", "2"] {
        let answer = hub
            .coordinator()
            .intake
            .submit_intake(submit(intake(reference)))
            .await;
        waiting = answer.unwrap().into_inner().case.unwrap().case_id;
    }
    assert_eq!(
        case(&mut hub.coordinator(), &waiting).await.state(),
        v1::CaseState::Waiting
    );
    // Within the ten seconds that `eventually` gives it: not at the next round of the minute.
    let offered = eventually(
        || async { case(&mut hub.coordinator(), &waiting).await },
        |case| case.state() == v1::CaseState::Offered,
    )
    .await;
    assert_eq!(offered.live_offer.unwrap().facility_name, "LKSA FREE");
    hub.finish().await;
}

#[tokio::test]
async fn a_house_that_has_just_said_how_full_it_is_is_not_asked_as_if_nobody_knew() {
    let mut unknown = facility("JUST", "32.73.01", 3);
    unknown.capacity.clear();
    let hub = hub_with(vec![unknown]).await;
    let replica = hub.replica().await;
    let mut client = hub.coordinator();
    let id = facility_id(&mut client, "JUST").await;
    let mut results = vec![];
    for (number, free) in [(1, 3), (2, 0)] {
        let occupied = 3 - free;
        let report = v1::ReportCapacityRequest {
            request_id: request_id(),
            facility_id: id.clone(),
            observe_time: Some(now()),
            pools: vec![pool(3, occupied)],
            ..v1::ReportCapacityRequest::default()
        };
        client.facilities.report_capacity(report).await.unwrap();
        // The other replica may not have seen it yet.
        let submit = submit(intake(&format!("{number}")));
        let answer = replica.coordinator().intake.submit_intake(submit).await.unwrap();
        results.push(answer.into_inner().outcome.unwrap().result());
    }
    assert_eq!(results, [v1::RouteResult::Offered, v1::RouteResult::Waiting]);
    replica.finish().await;
    hub.finish().await;
}
