//! People without papers, families, emergencies.

use serasi_proto::v1;
use serasi_tests::build::{child, facility, intake, request_id, submit};

use crate::scene::{case, hub_with, pool};

#[tokio::test]
async fn a_person_without_nik_name_or_birth_date_is_a_case() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let report = v1::Intake {
        persons: vec![v1::Person::default()],
        ..intake("1")
    };
    let answer = client
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.outcome.unwrap().result(), v1::RouteResult::Offered);
    let seen = case(&mut client, &answer.case.unwrap().case_id).await;
    assert!(!seen.persons[0].person_id.is_empty() && seen.persons[0].nik.is_empty());
    hub.finish().await;
}

#[tokio::test]
async fn siblings_are_placed_together_or_wait() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.01", 2),
        facility("FAR", "32.04.05", 3),
    ])
    .await;
    let mut client = hub.coordinator();
    let family = |count| v1::Intake {
        target: v1::Target::Family as i32,
        persons: vec![child(); count],
        ..intake(&format!("family-{count}"))
    };
    let three = client
        .intake
        .submit_intake(submit(family(3)))
        .await
        .unwrap()
        .into_inner();
    let offer = three.outcome.unwrap().offer.unwrap();
    assert_eq!((offer.facility_name.as_str(), offer.places), ("LKSA FAR", 3));
    let four = client
        .intake
        .submit_intake(submit(family(4)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        four.outcome.unwrap().result(),
        v1::RouteResult::NoCandidate,
        "no pool could ever take four"
    );
    let two = client
        .intake
        .submit_intake(submit(family(2)))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(two.outcome.unwrap().offer.unwrap().facility_name, "LKSA NEAR");
    let more = v1::Intake {
        source_ref: "more".to_owned(),
        ..family(2)
    };
    let more = client
        .intake
        .submit_intake(submit(more))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(more.outcome.unwrap().result(), v1::RouteResult::Waiting);
    hub.finish().await;
}

#[tokio::test]
async fn an_emergency_uses_overflow_places_and_others_do_not() {
    let mut full = facility("A", "32.73.02", 0);
    full.capacity[0].total = 5;
    full.capacity[0].occupied = 5;
    full.capacity[0].overflow = 1;
    let hub = hub_with(vec![full]).await;
    let mut client = hub.coordinator();
    let regular = client
        .intake
        .submit_intake(submit(intake("regular")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(regular.outcome.unwrap().result(), v1::RouteResult::Waiting);
    let emergency = |reference| v1::Intake {
        urgency: v1::Urgency::Emergency as i32,
        ..intake(reference)
    };
    let first = client
        .intake
        .submit_intake(submit(emergency("e1")))
        .await
        .unwrap()
        .into_inner();
    let offer = first.outcome.unwrap().offer.unwrap();
    assert_eq!(pool(&mut client, &offer.facility_id).await.free, -1);
    let second = client
        .intake
        .submit_intake(submit(emergency("e2")))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(second.outcome.unwrap().result(), v1::RouteResult::Waiting);
    hub.finish().await;
}

#[tokio::test]
async fn triage_keeps_the_family_together_and_the_perpetrator_excluded() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 9),
        facility("FAR", "32.04.05", 9),
    ])
    .await;
    let mut client = hub.coordinator();
    let report = v1::Intake {
        cluster: 0,
        target: v1::Target::Family as i32,
        persons: vec![child(); 4],
        need: Some(v1::Need {
            excluded_region_codes: vec!["32.73".to_owned()],
            ..v1::Need::default()
        }),
        ..intake("1")
    };
    let received = client
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: received.case_id,
        cluster: v1::Cluster::Anak as i32,
        need: Some(v1::Need {
            base: v1::ServiceBase::Residential as i32,
            ..v1::Need::default()
        }),
        ..v1::TriageCaseRequest::default()
    };
    let answer = client.cases.triage_case(triage).await.unwrap().into_inner();
    let offer = answer.outcome.unwrap().offer.unwrap();
    assert_eq!((offer.facility_name.as_str(), offer.places), ("LKSA FAR", 4));
    hub.finish().await;
}
