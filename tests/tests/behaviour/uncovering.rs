//! Ways around a mask that lead nowhere: triage, the facility's other people, reports sent to be compared, lists by key,
//! and retries from elsewhere.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::care::Care;
use crate::scene::{case, hub_with};

const HERE: &str = "32.73";
const NAME: &str = "Melati Contoh";

/// A child's case in a hub without facilities.
async fn a_childs_case(hub: &TestHub) -> String {
    let mut reporter = hub.client(Role::Referrer, "33");
    let answer = reporter.intake.submit_intake(submit(intake("1"))).await.unwrap();
    answer.into_inner().case.unwrap().case_id
}

async fn triage_as_of_an_old_man(client: &mut Client, case_id: &str) -> v1::Case {
    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        cluster: v1::Cluster::Lansia as i32,
        ppks_category: "lansia_telantar".to_owned(),
        party: vec![v1::PartyMember {
            age_years: Some(70),
            ..v1::PartyMember::default()
        }],
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    let answer = client.cases.triage_case(triage).await.unwrap();
    answer.into_inner().case.unwrap()
}

#[tokio::test]
async fn who_sees_a_case_masked_does_not_uncover_it_by_triage_and_who_sees_it_whole_may() {
    let hub = hub_with(vec![]).await;
    let id = a_childs_case(&hub).await;
    let mut hotline = hub.client(Role::HotlineOperator, HERE);
    let mut worker = hub.client(Role::SocialWorker, HERE);
    for _ in 0..2 {
        let said = triage_as_of_an_old_man(&mut hotline, &id).await;
        assert_eq!(said.cluster(), v1::Cluster::Lansia);
        assert_eq!(said.mask_reason(), v1::MaskReason::Child);
    }
    assert_eq!(case(&mut hotline, &id).await.persons[0].name, "***");
    let more_urgent = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        urgency: v1::Urgency::Urgent as i32,
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    worker.cases.triage_case(more_urgent).await.unwrap();
    let unnoticed = case(&mut hotline, &id).await;
    assert_eq!(
        unnoticed.persons[0].name, "***",
        "who sees it whole has said nothing of what kind it is"
    );
    triage_as_of_an_old_man(&mut worker, &id).await;
    assert_eq!(case(&mut hotline, &id).await.persons[0].name, NAME);
    hub.finish().await;
}
