//! The clock of the next step and that of the whole way: whoever lets one pass no longer answers for the case.

use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, submit};

use crate::care::{Care, admit, let_the_deadline_pass};
use crate::scene::{case, eventually, hub_with};

/// Waits until somebody was called `times` times.
async fn called(hub: &TestHub, case_id: &str, times: i32) -> v1::Case {
    let coordinator = hub.coordinator();
    let look = || async { case(&mut coordinator.clone(), case_id).await };
    eventually(look, |case| case.escalations == times).await
}

fn owner(case: &v1::Case) -> (v1::OwnerKind, String) {
    let owner = case.owner.clone().unwrap();
    (owner.kind(), owner.reference)
}

#[tokio::test]
async fn a_facility_that_does_not_admit_in_time_loses_the_case_to_the_coordinators_and_has_it_back_by_acting()
{
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut care = Care::placed(&hub, intake("1")).await;
    let mut owners = vec![];
    for times in 1..=3 {
        let_the_deadline_pass(&hub, &care.case_id).await;
        let late = called(&hub, &care.case_id, times).await;
        assert_eq!(late.state(), v1::CaseState::Placed);
        assert!(late.next_deadline.is_some());
        owners.push(owner(&late).1);
    }
    assert_eq!(owners, ["32.73", "32", "ID"], "home, province, nation");
    let seen = case(&mut care.officer, &care.case_id).await;
    assert_eq!(seen.persons.len(), 1, "who expects the persons still sees them");
    admit(&mut care.officer, &care.placement.placement_id)
        .await
        .unwrap();
    let served = care.case().await;
    assert_eq!(
        owner(&served),
        (v1::OwnerKind::Facility, care.placement.facility_id.clone())
    );
    hub.finish().await;
}

#[tokio::test]
async fn service_and_after_care_have_clocks_that_call_the_coordinator() {
    let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    let_the_deadline_pass(&hub, &care.case_id).await;
    let late = called(&hub, &care.case_id, 1).await;
    assert_eq!(owner(&late), (v1::OwnerKind::Coordinator, "32.73".to_owned()));
    care.fill(v1::Stage::Access).await;
    assert_eq!(
        owner(&care.case().await).0,
        v1::OwnerKind::Coordinator,
        "a note is not the step"
    );
    care.sign(v1::Stage::Access).await.unwrap();
    assert_eq!(owner(&care.case().await).0, v1::OwnerKind::Facility);
    care.discharge(v1::DischargeDestination::Family).await.unwrap();
    let_the_deadline_pass(&hub, &care.case_id).await;
    let late = called(&hub, &care.case_id, 2).await;
    assert_eq!(
        (late.state(), owner(&late)),
        (
            v1::CaseState::Aftercare,
            (v1::OwnerKind::Coordinator, "32.73".to_owned())
        )
    );
    hub.finish().await;
}

#[tokio::test]
async fn the_clock_of_the_whole_way_rings_once_also_while_a_facility_may_answer() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let answer = client.intake.submit_intake(submit(intake("1"))).await.unwrap();
    let offered = answer.into_inner().case.unwrap();
    assert!(offered.finish_deadline.unwrap().seconds > offered.next_deadline.unwrap().seconds);
    let mut connection = hub.database.connect().await;
    let pass = "UPDATE cases SET finish_before = now() - interval '1 second', next_deadline = now() - interval '1 second'";
    sqlx::query(pass).execute(&mut connection).await.unwrap();
    let late = called(&hub, &offered.case_id, 1).await;
    assert_eq!(
        (late.state(), owner(&late).1.as_str()),
        (v1::CaseState::Offered, "32")
    );
    assert_eq!(
        late.next_deadline,
        late.live_offer.unwrap().expire_time,
        "the facility's time to answer runs on"
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_case_that_becomes_more_urgent_has_a_new_clock() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let request = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("1"))
    };
    let taken = client
        .intake
        .submit_intake(request)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE cases SET finish_before = NULL")
        .execute(&mut connection)
        .await
        .unwrap();
    let triage = |urgency: v1::Urgency| v1::TriageCaseRequest {
        request_id: serasi_tests::build::request_id(),
        case_id: taken.case_id.clone(),
        urgency: urgency as i32,
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    let same = client
        .cases
        .triage_case(triage(v1::Urgency::Regular))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        same.case.unwrap().finish_deadline,
        None,
        "a case of an earlier release has no such clock"
    );
    let urgent = client
        .cases
        .triage_case(triage(v1::Urgency::Urgent))
        .await
        .unwrap()
        .into_inner();
    let urgent = urgent.case.unwrap();
    assert_eq!(
        urgent.finish_deadline.unwrap().seconds - urgent.create_time.unwrap().seconds,
        31_536_000
    );
    hub.finish().await;
}
