//! A decision can be asked for years later: it comes out again as it was, or the hub says what is missing.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};
use tonic::Code;

use crate::scene::{facility_id, hub_with};

pub(crate) async fn replay(hub: &TestHub, decision_id: &str) -> v1::ReplayDecisionResponse {
    let request = v1::ReplayDecisionRequest {
        decision_id: decision_id.to_owned(),
    };
    let mut auditor = hub.client(Role::Supervisor, "ID");
    auditor
        .referral
        .replay_decision(request)
        .await
        .unwrap()
        .into_inner()
}

async fn route(hub: &TestHub, reference: &str) -> v1::RouteOutcome {
    let response = hub
        .coordinator()
        .intake
        .submit_intake(submit(intake(reference)))
        .await;
    response.unwrap().into_inner().outcome.unwrap()
}

/// Ids of all decisions so far.
pub(crate) async fn decisions(hub: &TestHub) -> Vec<String> {
    let mut connection = hub.database.connect().await;
    let ids = "SELECT replace(region_code, '.', '') || '-' || decision_id FROM decisions ORDER BY decided_at";
    sqlx::query_scalar(ids).fetch_all(&mut connection).await.unwrap()
}

#[tokio::test]
async fn a_decision_comes_out_again_byte_for_byte_whatever_has_happened_since() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 2),
        facility("FULL", "32.73.03", 0),
        facility("FAR", "32.04.05", 5),
    ])
    .await;
    let first = route(&hub, "1").await;
    let mut client = hub.coordinator();
    for reference in ["2", "3", "4"] {
        route(&hub, reference).await;
    }
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: first.offer.clone().unwrap().offer_id,
        reason: v1::DeclineReason::Full as i32,
        ..v1::DeclineOfferRequest::default()
    };
    client.referral.decline_offer(decline).await.unwrap();
    let near = facility_id(&mut client, "NEAR").await;
    let suspend = v1::SuspendFacilityRequest {
        request_id: request_id(),
        facility_id: near,
        reason: "renovasi".to_owned(),
        ..v1::SuspendFacilityRequest::default()
    };
    client.facilities.suspend_facility(suspend).await.unwrap();

    let all = decisions(&hub).await;
    assert_eq!(all.len(), 5, "four reports and a decline");
    for id in &all {
        let replayed = replay(&hub, id).await;
        assert_eq!(replayed.result(), v1::ReplayResult::Reproduced, "{replayed:#?}");
        assert_eq!(replayed.record_digest, replayed.replayed_digest);
    }
    let again = replay(&hub, &first.decision_id).await.replayed.unwrap();
    assert_eq!(again.chosen_facility_id, first.offer.unwrap().facility_id);
    hub.finish().await;
}

#[tokio::test]
async fn decisions_that_lost_a_race_come_out_again_too() {
    let hub = hub_with(
        (0..6)
            .map(|number| facility(&format!("F{number}"), "32.73.02", 3))
            .collect(),
    )
    .await;
    let replica = hub.replica().await;
    let mut tasks = vec![];
    for number in 0..24 {
        let mut client = if number % 2 == 0 { &hub } else { &replica }.coordinator();
        let submit = submit(intake(&format!("race-{number}")));
        tasks.push(tokio::spawn(async move {
            client.intake.submit_intake(submit).await.unwrap()
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let mut raced = 0;
    for id in decisions(&hub).await {
        let replayed = replay(&replica, &id).await;
        assert_eq!(replayed.result(), v1::ReplayResult::Reproduced, "{replayed:#?}");
        raced += usize::from(!replayed.replayed.unwrap().taken_meanwhile.is_empty());
    }
    println!("{raced} of 24 decisions lost a place to another");
    replica.finish().await;
    hub.finish().await;
}

#[tokio::test]
async fn a_record_that_was_changed_is_found_out() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 2),
        facility("OTHER", "32.73.03", 2),
    ])
    .await;
    let outcome = route(&hub, "1").await;
    let mut connection = hub.database.connect().await;
    let forge = "UPDATE decisions SET record = convert_to(
         replace(convert_from(record, 'UTF8'), '\"facilities_considered\":2', '\"facilities_considered\":1'), 'UTF8')";
    sqlx::query(forge).execute(&mut connection).await.unwrap();
    let replayed = replay(&hub, &outcome.decision_id).await;
    assert_eq!(replayed.result(), v1::ReplayResult::Differs);
    assert_eq!(replayed.differing_fields, ["facilities_considered"]);
    hub.finish().await;
}

#[tokio::test]
async fn what_is_missing_for_a_replay_is_said() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 2),
        facility("OTHER", "32.73.03", 2),
    ])
    .await;
    let outcome = route(&hub, "1").await;
    let decision = &outcome.decision_id;
    let change = async |statement: &'static str| {
        let mut connection = hub.database.connect().await;
        sqlx::query(statement).execute(&mut connection).await.unwrap();
        replay(&hub, decision).await
    };
    let rules = change(
        "UPDATE decisions SET record = convert_to(
             replace(convert_from(record, 'UTF8'), '\"rules_version\":', '\"rules_version\":9'), 'UTF8')",
    )
    .await;
    assert_eq!(rules.result(), v1::ReplayResult::NotPossible);
    assert!(rules.missing.contains("rules of version 9"), "{}", rules.missing);
    let back = "UPDATE decisions SET record = convert_to(
         replace(convert_from(record, 'UTF8'), '\"rules_version\":9', '\"rules_version\":'), 'UTF8')";
    assert_eq!(change(back).await.result(), v1::ReplayResult::Reproduced);

    let log = change("UPDATE capacity_log SET occupied = occupied + 1 WHERE version = 1").await;
    assert_eq!(log.result(), v1::ReplayResult::NotPossible);
    assert!(log.missing.contains("change log"), "{}", log.missing);
    change("UPDATE capacity_log SET occupied = occupied - 1 WHERE version = 1").await;

    let inputs = change("UPDATE decisions SET inputs = NULL").await;
    assert!(inputs.missing.contains("inputs"), "{}", inputs.missing);
    hub.finish().await;
}

#[tokio::test]
async fn a_replay_shows_nothing_to_those_who_may_not_see_the_case() {
    let hub = hub_with(vec![facility("NEAR", "32.73.02", 2)]).await;
    let outcome = route(&hub, "1").await;
    let ask = async |role, scope: &str| {
        let request = v1::ReplayDecisionRequest {
            decision_id: outcome.decision_id.clone(),
        };
        let mut client = hub.client(role, scope);
        client.referral.replay_decision(request).await.unwrap_err().code()
    };
    assert_eq!(ask(Role::Supervisor, "35").await, Code::NotFound);
    assert_eq!(ask(Role::HotlineOperator, "ID").await, Code::PermissionDenied);
    hub.finish().await;
}

#[tokio::test]
async fn what_was_changed_past_the_log_is_logged_when_a_hub_opens() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 2),
        facility("OTHER", "32.73.03", 2),
    ])
    .await;
    let mut connection = hub.database.connect().await;
    // As a release that knows no log does it: versions of pools stay, entries are missing.
    for statement in [
        "UPDATE capacity_pools SET occupied = occupied + 1, free = free - 1, changed_at = now()",
        "UPDATE facilities SET version = version + 1, changed_at = now()",
        "DELETE FROM capacity_log WHERE facility_id = (SELECT facility_id FROM capacity_log LIMIT 1)",
    ] {
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }
    let replica = hub.replica().await;
    let outcome = route(&replica, "1").await;
    let replayed = replay(&replica, &outcome.decision_id).await;
    assert_eq!(replayed.result(), v1::ReplayResult::Reproduced, "{replayed:#?}");
    replica.finish().await;
    hub.finish().await;
}
