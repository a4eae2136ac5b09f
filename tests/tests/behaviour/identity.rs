//! A person without papers gets a NIK, and loses it when it was wrong; nothing of it is forgotten or merged.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{child, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::{case, hub_with};

const NIK: &str = "3273014107160001";
const OTHER_NIK: &str = "3273014107160002";

async fn reported(client: &mut Client, reference: &str, nik: &str) -> (String, String) {
    let report = v1::Intake {
        persons: vec![v1::Person {
            nik: nik.to_owned(),
            ..child()
        }],
        ..intake(reference)
    };
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    let case_id = answer.into_inner().case.unwrap().case_id;
    let person = case(client, &case_id).await.persons[0].person_id.clone();
    (case_id, person)
}

fn bind(case_id: &str, person: &str, nik: &str) -> v1::BindIdentityRequest {
    v1::BindIdentityRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        person_id: person.to_owned(),
        nik: nik.to_owned(),
        evidence: v1::IdentityEvidence::Kk as i32,
    }
}

fn unbind(case_id: &str, person: &str) -> v1::UnbindIdentityRequest {
    v1::UnbindIdentityRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        person_id: person.to_owned(),
        reason: v1::UnbindReason::OtherPerson as i32,
    }
}

async fn identity(client: &mut Client, case_id: &str, person: &str) -> v1::GetIdentityResponse {
    let request = v1::GetIdentityRequest {
        case_id: case_id.to_owned(),
        person_id: person.to_owned(),
    };
    client.cases.get_identity(request).await.unwrap().into_inner()
}

fn worker(hub: &TestHub) -> Client {
    hub.with_token(Some(&hub.token(
        &[Role::SocialWorker, Role::HotlineOperator],
        "32.73",
        None,
    )))
}

async fn nik_of(client: &mut Client, case_id: &str) -> String {
    case(client, case_id).await.persons[0].nik.clone()
}

#[tokio::test]
async fn a_nik_is_bound_found_unbound_and_its_history_stays() {
    let hub = hub_with(vec![]).await;
    let mut client = worker(&hub);
    let (case_id, person) = reported(&mut client, "1", "").await;
    let request = bind(&case_id, &person, NIK);
    let first = client.cases.bind_identity(request.clone()).await.unwrap();
    assert!(first.into_inner().same_nik.is_empty());
    client.cases.bind_identity(request).await.unwrap();
    assert_eq!(nik_of(&mut client, &case_id).await, NIK);

    let refused = client
        .cases
        .bind_identity(bind(&case_id, &person, OTHER_NIK))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "NIK_BOUND".to_owned())
    );
    client
        .cases
        .unbind_identity(unbind(&case_id, &person))
        .await
        .unwrap();
    assert_eq!(nik_of(&mut client, &case_id).await, "");
    let refused = client
        .cases
        .unbind_identity(unbind(&case_id, &person))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "NIK_NOT_BOUND".to_owned())
    );
    client
        .cases
        .bind_identity(bind(&case_id, &person, OTHER_NIK))
        .await
        .unwrap();

    let bindings = identity(&mut client, &case_id, &person).await.bindings;
    let niks: Vec<&str> = bindings.iter().map(|binding| binding.nik.as_str()).collect();
    assert_eq!(niks, [NIK, OTHER_NIK]);
    assert_eq!(bindings[0].unbind_reason(), v1::UnbindReason::OtherPerson);
    assert!(bindings[0].unbind_time.is_some() && bindings[1].unbind_time.is_none());
    hub.finish().await;
}

#[tokio::test]
async fn a_reported_nik_can_be_wrong_and_the_report_stays_as_it_was() {
    let hub = hub_with(vec![]).await;
    let mut client = worker(&hub);
    let (case_id, person) = reported(&mut client, "1", NIK).await;
    client
        .cases
        .unbind_identity(unbind(&case_id, &person))
        .await
        .unwrap();
    assert_eq!(nik_of(&mut client, &case_id).await, "");
    let bindings = identity(&mut client, &case_id, &person).await.bindings;
    assert_eq!(bindings[0].evidence(), v1::IdentityEvidence::Report);
    assert_eq!(bindings[0].nik, NIK);
    // The same report again is the same report.
    let (again, _) = reported(&mut client, "1", NIK).await;
    assert_eq!(again, case_id);
    let (other, stranger) = reported(&mut client, "2", "").await;
    let bound = client
        .cases
        .bind_identity(bind(&other, &stranger, NIK))
        .await
        .unwrap();
    assert!(bound.into_inner().same_nik.is_empty(), "nobody has it any more");
    hub.finish().await;
}

#[tokio::test]
async fn a_nik_of_two_persons_is_shown_on_both_sides_and_merges_nothing() {
    let hub = hub_with(vec![]).await;
    let mut client = worker(&hub);
    let (one, first) = reported(&mut client, "1", NIK).await;
    let (two, second) = reported(&mut client, "2", "").await;
    let bound = client
        .cases
        .bind_identity(bind(&two, &second, NIK))
        .await
        .unwrap();
    let told = bound.into_inner().same_nik;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].case_id, one);
    assert!(told[0].is_open);
    let seen = identity(&mut client, &one, &first).await.same_nik;
    assert_eq!(seen[0].case_id, two);
    assert_eq!(nik_of(&mut client, &one).await, NIK);
    assert_eq!(nik_of(&mut client, &two).await, NIK);
    hub.finish().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_binding_is_told_and_niks_cannot_be_tried_out() {
    let hub = hub_with(vec![]).await;
    let mut client = worker(&hub);
    let (case_id, person) = reported(&mut client, "1", "").await;
    let mut wrong = bind(&case_id, &person, "123");
    wrong.evidence = v1::IdentityEvidence::Report as i32;
    let refused = client.cases.bind_identity(wrong).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["nik", "evidence"]);
    let stranger = bind(&case_id, &case_id, NIK);
    let refused = client.cases.bind_identity(stranger).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let mut tries = 0;
    let refused = loop {
        let asked = client.cases.bind_identity(bind(&case_id, &person, NIK)).await;
        match asked {
            Err(refused) if refused.code() == Code::ResourceExhausted => break refused,
            _ => {}
        }
        client
            .cases
            .unbind_identity(unbind(&case_id, &person))
            .await
            .unwrap();
        tries += 1;
        assert!(tries < 60, "there is no end to it");
    };
    assert_eq!(refusal(&refused).1, "RATE_LIMITED");
    hub.finish().await;
}

#[tokio::test]
async fn a_family_is_one_case_whose_members_have_their_relation() {
    let hub = hub_with(vec![]).await;
    let mut client = worker(&hub);
    let member = |name: &str, relation: v1::Relation| v1::Person {
        name: name.to_owned(),
        relation: relation as i32,
        ..v1::Person::default()
    };
    let report = v1::Intake {
        target: v1::Target::Family as i32,
        persons: vec![
            member("Dahlia Contoh", v1::Relation::Head),
            member("Melati Contoh", v1::Relation::Child),
            member("Kenanga Contoh", v1::Relation::Child),
        ],
        ..intake("1")
    };
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    let seen = case(&mut client, &answer.into_inner().case.unwrap().case_id).await;
    let relations: Vec<_> = seen.persons.iter().map(v1::Person::relation).collect();
    assert_eq!(
        relations,
        [v1::Relation::Head, v1::Relation::Child, v1::Relation::Child]
    );
    hub.finish().await;
}
