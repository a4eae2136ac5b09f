//! Closing, opening again, and cases that are the same.

use serasi_domain::policy::Policy;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::{Code, Status};

use crate::care::{Care, close, events};
use crate::scene::{case, hub_with, import};

pub(crate) async fn reopen(client: &mut Client, case_id: &str) -> Result<v1::Case, Status> {
    let request = v1::ReopenCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        version: 0,
    };
    Ok(client
        .cases
        .reopen_case(request)
        .await?
        .into_inner()
        .case
        .unwrap())
}

pub(crate) async fn link(
    client: &mut Client,
    main: &str,
    follower: &str,
) -> Result<v1::LinkCasesResponse, Status> {
    let request = v1::LinkCasesRequest {
        request_id: request_id(),
        main_case_id: main.to_owned(),
        case_id: follower.to_owned(),
    };
    Ok(client.cases.link_cases(request).await?.into_inner())
}

pub(crate) async fn unlink(client: &mut Client, follower: &str) -> Result<v1::UnlinkCasesResponse, Status> {
    let request = v1::UnlinkCasesRequest {
        request_id: request_id(),
        case_id: follower.to_owned(),
    };
    Ok(client.cases.unlink_cases(request).await?.into_inner())
}

/// A case for which nobody has a place.
async fn waiting(client: &mut Client, report: v1::Intake) -> String {
    let answer = client.intake.submit_intake(submit(report)).await.unwrap();
    answer.into_inner().case.unwrap().case_id
}

/// The row of a case but for its version and the time of its last change.
async fn row(hub: &TestHub, case_id: &str) -> serde_json::Value {
    let mut connection = hub.database.connect().await;
    let (_, id) = case_id.split_once('-').unwrap();
    sqlx::query_scalar("SELECT to_jsonb(c) - 'version' - 'changed_at' FROM cases c WHERE case_id = $1")
        .bind(uuid::Uuid::parse_str(id).unwrap())
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn each_reason_closes_only_where_it_can_be_true() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = waiting(&mut client, intake("1")).await;
    let error = close(&mut client, &id, v1::CloseReason::Completed)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&error),
        (Code::FailedPrecondition, "CLOSE_REASON".to_owned())
    );
    let error = close(&mut client, &id, v1::CloseReason::Linked)
        .await
        .unwrap_err();
    assert_eq!(refusal(&error).1, "CLOSE_REASON");
    let wordless = v1::CloseCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        reason: v1::CloseReason::Other as i32,
        ..v1::CloseCaseRequest::default()
    };
    let error = client.cases.close_case(wordless).await.unwrap_err();
    assert_eq!(violated_fields(&error), ["note"]);
    let closed = close(&mut client, &id, v1::CloseReason::Unfounded).await.unwrap();
    assert!(
        closed.end_time.is_some() && closed.resolution.is_empty(),
        "words stay out of answers"
    );
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    assert_eq!(case(&mut worker, &id).await.resolution, "Sudah dibicarakan.");
    let again = close(&mut client, &id, v1::CloseReason::Unfounded)
        .await
        .unwrap_err();
    assert_eq!(metadata(&again, "allowed"), "ReopenCase");
    hub.finish().await;
}

#[tokio::test]
async fn an_ended_case_opens_again_as_a_new_episode_within_the_window_of_the_policy() {
    let mut policy = Policy::p7();
    policy.care.reopen_within_days = 10;
    let hub = TestHub::with_policy(policy).await;
    let mut client = hub.coordinator();
    import(&mut client, vec![facility("A", "32.73.01", 2)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    care.until(v1::Stage::Assessment).await;
    care.discharge(v1::DischargeDestination::Left).await.unwrap();
    care.close(v1::CloseReason::LostContact).await.unwrap();
    let opened = reopen(&mut client, &care.case_id).await.unwrap();
    assert_eq!((opened.state(), opened.episode), (v1::CaseState::Triaged, 2));
    let owner = opened.owner.unwrap();
    assert_eq!(
        (owner.kind(), owner.reference.as_str()),
        (v1::OwnerKind::Coordinator, "32.73")
    );
    let seen = care.case().await;
    assert_eq!(seen.stages.len(), 1, "the stages begin anew");
    assert!(seen.stages[0].sign_time.is_none());
    let list = v1::ListRecordsRequest {
        case_id: care.case_id.clone(),
        ..v1::ListRecordsRequest::default()
    };
    let records = care
        .supervisor
        .cases
        .list_records(list)
        .await
        .unwrap()
        .into_inner()
        .records;
    assert_eq!(records.len(), 3, "what was written stays");

    close(&mut client, &care.case_id, v1::CloseReason::LostContact)
        .await
        .unwrap();
    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE cases SET ended_at = now() - interval '10 days 1 second'")
        .execute(&mut connection)
        .await
        .unwrap();
    let late = reopen(&mut client, &care.case_id).await.unwrap_err();
    assert_eq!(
        refusal(&late),
        (Code::FailedPrecondition, "REOPEN_TOO_LATE".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_case_resolved_directly_opens_again_and_can_be_routed() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let id = waiting(&mut client, intake("1")).await;
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: id.clone(),
        version: 0,
        resolution: "Dibantu di tempat.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();
    reopen(&mut client, &id).await.unwrap();
    import(&mut client, vec![facility("A", "32.73.01", 1)]).await;
    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: id,
        ..v1::RouteCaseRequest::default()
    };
    let routed = client.referral.route_case(route).await.unwrap().into_inner();
    assert_eq!(routed.case.unwrap().state(), v1::CaseState::Offered);
    hub.finish().await;
}

#[tokio::test]
async fn a_linked_case_follows_the_main_one_and_comes_back_exactly_as_it_was() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let mut care = Care::admitted(&hub, "main").await;
    // The same girl, reported by somebody else in the next regency.
    let report = v1::Intake {
        region_code: "32.04.05".to_owned(),
        ..intake("again")
    };
    let follower = waiting(&mut client, report.clone()).await;
    let before = (row(&hub, &follower).await, row(&hub, &care.case_id).await);
    let linked = link(&mut client, &care.case_id, &follower).await.unwrap();
    assert_eq!(linked.case.unwrap().close_reason(), v1::CloseReason::Linked);
    assert_eq!(
        row(&hub, &care.case_id).await,
        before.1,
        "the main case does not change"
    );

    let mut worker = hub.client(Role::SocialWorker, "32.04");
    let seen = case(&mut worker, &follower).await;
    assert_eq!(
        (seen.linked_to_case_id.as_str(), seen.state()),
        (care.case_id.as_str(), v1::CaseState::Closed)
    );
    assert_eq!(seen.story, report.story, "the reporter is not lost");
    assert_eq!(care.case().await.linked_case_ids, std::slice::from_ref(&follower));
    let again = client
        .intake
        .submit_intake(submit(report))
        .await
        .unwrap()
        .into_inner();
    assert!(again.already_known);
    let known = again.case.unwrap();
    assert_eq!(
        (known.case_id.as_str(), known.linked_to_case_id.as_str()),
        (follower.as_str(), care.case_id.as_str())
    );
    let outcome = again.outcome.unwrap();
    assert!(
        outcome.message_en.contains("accepted by a facility"),
        "{}",
        outcome.message_en
    );

    let unlinked = unlink(&mut client, &follower).await.unwrap();
    assert_eq!(unlinked.main_case_id, care.case_id);
    assert_eq!(row(&hub, &follower).await, before.0);
    assert_eq!(row(&hub, &care.case_id).await, before.1);
    assert!(care.case().await.linked_case_ids.is_empty());
    let told = events(&hub, &follower).await;
    assert_eq!(told[told.len() - 2..], ["case.linked", "case.unlinked"]);
    hub.finish().await;
}

#[tokio::test]
async fn links_have_one_step_and_end_at_an_open_case() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let mut ids = vec![];
    for reference in ["A", "B", "C"] {
        ids.push(waiting(&mut client, intake(reference)).await);
    }
    let reason = |result: Result<v1::LinkCasesResponse, Status>| refusal(&result.unwrap_err()).1;
    assert_eq!(reason(link(&mut client, &ids[0], &ids[0]).await), "LINK_REFUSED");
    link(&mut client, &ids[0], &ids[1]).await.unwrap();
    assert_eq!(
        reason(link(&mut client, &ids[1], &ids[2]).await),
        "LINK_REFUSED",
        "to one that follows"
    );
    assert_eq!(
        reason(link(&mut client, &ids[2], &ids[0]).await),
        "LINK_REFUSED",
        "of one that is followed"
    );
    assert_eq!(
        reason(link(&mut client, &ids[2], &ids[1]).await),
        "CASE_STATE",
        "of one that follows"
    );
    let error = reopen(&mut client, &ids[1]).await.unwrap_err();
    assert_eq!(metadata(&error, "allowed"), "UnlinkCases");
    let mut stranger = hub.client(Role::Coordinator, "33");
    let hidden = link(&mut stranger, &ids[0], &ids[2]).await.unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_who_link_each_the_other_way_round_leave_no_circle() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    for round in 0..20 {
        let first = waiting(&mut client, intake(&format!("{round}-a"))).await;
        let report = v1::Intake {
            region_code: "32.04.05".to_owned(),
            ..intake(&format!("{round}-b"))
        };
        let second = waiting(&mut client, report).await;
        let (mut one, mut other) = (hub.coordinator(), hub.coordinator());
        let (there, back) = tokio::join!(link(&mut one, &first, &second), link(&mut other, &second, &first));
        assert!(
            there.is_ok() != back.is_ok(),
            "exactly one wins: {there:?} {back:?}"
        );
    }
    let mut connection = hub.database.connect().await;
    let closed: i64 = sqlx::query_scalar("SELECT count(*) FROM cases WHERE state = 'closed'")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(closed, 20);
    hub.finish().await;
}
