//! Personal data whose time is over are erased, held cases are not, and nothing else breaks.

use std::time::Duration;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::persons;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use sqlx::Executor;
use tonic::Code;

use crate::people::{canary, count, report, worker};
use crate::scene::{case, eventually, hub_with};

/// Takes a report down and ends the case with words.
pub(crate) async fn ended(client: &mut Client, reference: &str) -> String {
    let id = report(client, reference, vec![canary(1)]).await;
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: id.clone(),
        version: 0,
        resolution: "Diantar ke keluarga.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    id
}

/// Makes every case as old as that.
pub(crate) async fn age(hub: &TestHub, interval: &'static str) {
    let statement = format!("UPDATE cases SET changed_at = changed_at - interval '{interval}'");
    let mut connection = hub.database.connect().await;
    connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
}

/// From now on that is how long data are kept.
pub(crate) async fn keep_for(client: &mut Client, version: &str, retention: v1::Retention) {
    let request = v1::GetPolicyRequest::default();
    let active = client.policies.get_policy(request).await.unwrap().into_inner();
    let policy = v1::Policy {
        version: version.to_owned(),
        retention: Some(retention),
        ..active.policy.unwrap()
    };
    let create = v1::CreatePolicyRequest {
        request_id: request_id(),
        policy: Some(policy),
    };
    client.policies.create_policy(create).await.unwrap();
    let activate = v1::ActivatePolicyRequest {
        request_id: request_id(),
        version: version.to_owned(),
    };
    client.policies.activate_policy(activate).await.unwrap();
}

pub(crate) const fn years(identity: i32, contact: i32, story: i32) -> v1::Retention {
    v1::Retention {
        identity_years: identity,
        contact_years: contact,
        story_years: story,
        assessment_years: 10,
    }
}

/// A replica that has just started looks for what is due at once; waits until `id` has lost `classes`.
pub(crate) async fn run_retention(hub: &TestHub, id: &str, classes: &[v1::DataClass]) {
    let replica = hub.replica().await;
    let client = worker(hub);
    let look = || {
        let (mut client, id) = (client.clone(), id.to_owned());
        async move { case(&mut client, &id).await }
    };
    let wanted: Vec<i32> = classes.iter().map(|class| *class as i32).collect();
    eventually(look, |seen| seen.erased_classes == wanted).await;
    replica.finish().await;
}

pub(crate) async fn hold(client: &mut Client, id: &str) -> Result<v1::Case, tonic::Status> {
    let request = v1::SetLegalHoldRequest {
        request_id: request_id(),
        case_id: id.to_owned(),
        reason: v1::HoldReason::CourtOrder as i32,
        note: "Perkara 17/Pid.Sus-Anak/2026".to_owned(),
    };
    let answer = client.cases.set_legal_hold(request).await?;
    Ok(answer.into_inner().case.unwrap())
}

pub(crate) async fn lift(client: &mut Client, id: &str) -> Result<v1::Case, tonic::Status> {
    let request = v1::LiftLegalHoldRequest {
        request_id: request_id(),
        case_id: id.to_owned(),
    };
    let answer = client.cases.lift_legal_hold(request).await?;
    Ok(answer.into_inner().case.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_class_is_erased_in_its_time_and_the_case_goes_on_without_it() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let id = ended(&mut client, "old").await;
    age(&hub, "6 years").await;
    let young = ended(&mut client, "young").await;
    keep_for(&mut client, "R-1", years(10, 5, 10)).await;
    run_retention(&hub, &id, &[v1::DataClass::Contact]).await;
    let seen = case(&mut worker(&hub), &id).await;
    assert_eq!(
        (seen.persons[0].phone.as_str(), seen.persons[0].address.as_str()),
        ("", "")
    );
    assert_eq!(seen.persons[0].name, canary(1).name);
    assert!(!seen.story.is_empty());

    keep_for(&mut client, "R-2", years(5, 5, 5)).await;
    let all = [
        v1::DataClass::Contact,
        v1::DataClass::Identity,
        v1::DataClass::Story,
    ];
    run_retention(&hub, &id, &all).await;
    let seen = case(&mut worker(&hub), &id).await;
    let nobody = v1::Person {
        person_id: seen.persons[0].person_id.clone(),
        ..v1::Person::default()
    };
    assert_eq!(seen.persons, [nobody]);
    assert_eq!((seen.story.as_str(), seen.resolution.as_str()), ("", ""));
    assert_eq!(seen.state(), v1::CaseState::ResolvedDirectly);
    assert_eq!(
        case(&mut worker(&hub), &young).await.persons[0].phone,
        canary(1).phone
    );

    // Nothing is left that could be opened or found, and everything is on record.
    let old = "(SELECT case_id FROM cases WHERE source_ref = 'old')";
    let mut connection = hub.database.connect().await;
    for query in [
        format!("SELECT count(*) FROM subject_keys WHERE case_id = {old} AND wrapped IS NOT NULL"),
        format!(
            "SELECT count(*) FROM persons WHERE case_id = {old} AND length(content) + length(contact) > 0"
        ),
        format!("SELECT count(*) FROM intakes WHERE case_id = {old} AND length(content) > 0"),
        format!(
            "SELECT count(*) FROM identity_index i JOIN persons p USING (person_id) WHERE case_id = {old}"
        ),
        format!("SELECT count(*) FROM registrations WHERE case_id = {old} AND erased_at IS NULL"),
        format!("SELECT count(*) FROM name_index i JOIN persons p USING (person_id) WHERE case_id = {old}"),
    ] {
        let left: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(query.clone()))
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(left, 0, "{query}");
    }
    let acts = "SELECT count(*) FROM audit_entries WHERE verb = 'EraseDue'";
    assert_eq!(count(&hub, acts).await, 3);
    assert_eq!(
        count(&hub, "SELECT count(*) FROM events WHERE kind = 'case.erased'").await,
        3
    );
    // The young case is found as before.
    let store = hub.database.store().await;
    let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
    let nik = canary(1).nik.parse().unwrap();
    let found = persons::by_nik(&mut connection, store.sealer(), &nik, 10)
        .await
        .unwrap();
    assert_eq!(found.len(), 1);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_report_of_an_erased_case_that_is_sent_again_is_known_and_makes_no_new_one() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = ended(&mut client, "1").await;
    age(&hub, "6 years").await;
    keep_for(&mut client, "R-1", years(5, 5, 5)).await;
    let all = [
        v1::DataClass::Identity,
        v1::DataClass::Contact,
        v1::DataClass::Story,
    ];
    run_retention(&hub, &id, &all).await;
    let again = submit(v1::Intake {
        persons: vec![canary(1)],
        ..intake("1")
    });
    let answer = client.intake.submit_intake(again).await.unwrap().into_inner();
    assert!(answer.already_known);
    assert_eq!(answer.case.unwrap().case_id, id);
    // Nothing of what was sent now is kept.
    assert!(case(&mut worker(&hub), &id).await.persons[0].name.is_empty());
    hub.finish().await;
}

/// A case that was placed, given up and closed, with words at every step.
async fn served(hub: &TestHub) -> String {
    let mut client = hub.coordinator();
    let report = v1::Intake {
        persons: vec![canary(1)],
        ..intake("served")
    };
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        capacity: None,
    };
    let mut officer = hub.officer(&offer.facility_id);
    let accepted = officer.referral.accept_offer(accept).await.unwrap().into_inner();
    let assessment = v1::RecordAssessmentRequest {
        request_id: request_id(),
        case_id: offer.case_id.clone(),
        kind: v1::AssessmentKind::AccessReview as i32,
        profession: v1::Profession::SocialWorker as i32,
        text: "Catatan yang sangat rahasia.".to_owned(),
        ..v1::RecordAssessmentRequest::default()
    };
    worker(hub).cases.record_assessment(assessment).await.unwrap();
    let missed = v1::MarkNoShowRequest {
        request_id: request_id(),
        placement_id: accepted.placement.unwrap().placement_id,
        reason: v1::NoShowReason::DidNotArrive as i32,
        note: "Dijemput paman.".to_owned(),
        route_later: true,
    };
    officer.referral.mark_no_show(missed).await.unwrap();
    let close = v1::CloseCaseRequest {
        request_id: request_id(),
        case_id: offer.case_id.clone(),
        version: 0,
        reason: v1::CloseReason::LostContact as i32,
        note: "Tidak ditemukan lagi.".to_owned(),
    };
    client.cases.close_case(close).await.unwrap();
    offer.case_id
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_in_the_service_is_erased_too_and_that_it_was_written_stays() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let id = served(&hub).await;
    let list = || v1::ListRecordsRequest {
        case_id: id.clone(),
        ..v1::ListRecordsRequest::default()
    };
    let mut worker = worker(&hub);
    let before = worker
        .cases
        .list_records(list())
        .await
        .unwrap()
        .into_inner()
        .records;
    assert_eq!(before[0].text, "Catatan yang sangat rahasia.");
    age(&hub, "11 years").await;
    keep_for(&mut hub.coordinator(), "R-1", years(5, 5, 5)).await;
    let all = [
        v1::DataClass::Identity,
        v1::DataClass::Contact,
        v1::DataClass::Story,
        v1::DataClass::Assessment,
    ];
    run_retention(&hub, &id, &all).await;
    let after = worker
        .cases
        .list_records(list())
        .await
        .unwrap()
        .into_inner()
        .records;
    let empty = v1::CaseRecord {
        text: String::new(),
        ..before[0].clone()
    };
    assert_eq!(after, [empty]);
    assert_eq!(case(&mut worker, &id).await.resolution, "");
    for left in [
        "SELECT count(*) FROM case_records WHERE length(content) > 0",
        "SELECT count(*) FROM placements WHERE length(end_note) > 0",
        "SELECT count(*) FROM cases WHERE length(close_note) > 0",
        "SELECT count(*) FROM subject_keys WHERE wrapped IS NOT NULL",
    ] {
        assert_eq!(count(&hub, left).await, 0, "{left}");
    }
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_held_case_is_never_erased_and_a_lifted_hold_lets_it_go() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let held = ended(&mut client, "held").await;
    let other = ended(&mut client, "other").await;
    assert_eq!(
        hold(&mut client, &held).await.unwrap().legal_hold(),
        v1::HoldReason::CourtOrder
    );
    let twice = hold(&mut client, &held).await.unwrap_err();
    assert_eq!(
        refusal(&twice),
        (Code::FailedPrecondition, "LEGAL_HOLD_SET".to_owned())
    );
    age(&hub, "6 years").await;
    keep_for(&mut client, "R-1", years(5, 5, 5)).await;
    let all = [
        v1::DataClass::Identity,
        v1::DataClass::Contact,
        v1::DataClass::Story,
    ];
    run_retention(&hub, &other, &all).await;
    let seen = case(&mut worker(&hub), &held).await;
    assert_eq!(seen.persons[0].name, canary(1).name);
    assert_eq!(seen.legal_hold(), v1::HoldReason::CourtOrder);
    assert!(seen.erased_classes.is_empty());

    lift(&mut client, &held).await.unwrap();
    let twice = lift(&mut client, &held).await.unwrap_err();
    assert_eq!(
        refusal(&twice),
        (Code::FailedPrecondition, "LEGAL_HOLD_NOT_SET".to_owned())
    );
    run_retention(&hub, &held, &all).await;
    let holds = "SELECT count(*) FROM audit_entries WHERE verb LIKE '%LegalHold'";
    assert_eq!(count(&hub, holds).await, 2);
    hub.finish().await;
}

#[tokio::test]
async fn without_a_retention_in_the_policy_nothing_is_erased_and_open_cases_never_are() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let open = report(&mut client, "open", vec![canary(1)]).await;
    let done = ended(&mut client, "done").await;
    age(&hub, "60 years").await;
    // Two replicas start and look.
    hub.replica().await.finish().await;
    keep_for(&mut client, "R-1", years(90, 90, 90)).await;
    hub.replica().await.finish().await;
    tokio::time::timeout(Duration::from_secs(5), case(&mut worker(&hub), &open))
        .await
        .unwrap();
    for id in [open, done] {
        assert!(case(&mut worker(&hub), &id).await.erased_classes.is_empty());
    }
    keep_for(&mut client, "R-2", years(50, 50, 50)).await;
    let last = ended(&mut client, "last").await;
    age(&hub, "60 years").await;
    let all = [
        v1::DataClass::Identity,
        v1::DataClass::Contact,
        v1::DataClass::Story,
        v1::DataClass::Assessment,
    ];
    run_retention(&hub, &last, &all).await;
    assert_eq!(
        count(
            &hub,
            "SELECT count(*) FROM cases WHERE source_ref = 'open' AND erased <> '{}'"
        )
        .await,
        0
    );
    hub.finish().await;
}

#[tokio::test]
async fn who_may_hold_a_case_and_what_a_hold_must_say() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = ended(&mut client, "1").await;
    let refused = hold(&mut hub.client(Role::HotlineOperator, "ID"), &id)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let hidden = hold(&mut hub.client(Role::Supervisor, "33"), &id)
        .await
        .unwrap_err();
    assert_eq!(refusal(&hidden), (Code::NotFound, "NOT_FOUND".to_owned()));
    let empty = v1::SetLegalHoldRequest {
        case_id: id.clone(),
        note: "x".repeat(501),
        ..v1::SetLegalHoldRequest::default()
    };
    let refused = client.cases.set_legal_hold(empty).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["request_id", "reason", "note"]);
    assert!(hold(&mut hub.client(Role::Auditor, "ID"), &id).await.is_ok());
    hub.finish().await;
}
