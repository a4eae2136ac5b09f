//! Cases that wait: for a coordinator, whose clock runs, and for a place, in their order.

use std::collections::BTreeMap;

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::violated_fields;
use serasi_tests::{Client, TestHub};
use tokio::task::JoinSet;

use crate::scene::{case, eventually, hub_with};

/// A case that nobody has been asked for.
async fn triaged(client: &mut Client, reference: &str, urgency: v1::Urgency) -> v1::Case {
    let report = v1::Intake {
        urgency: urgency as i32,
        ..intake(reference)
    };
    let request = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(report)
    };
    let answer = client.intake.submit_intake(request).await.unwrap().into_inner();
    answer.case.unwrap()
}

/// Lets the deadline of the cases that `which` selects pass.
async fn let_deadlines_pass(hub: &TestHub, which: &str) {
    let mut connection = hub.database.connect().await;
    let pass = format!("UPDATE cases SET next_deadline = now() - interval '1 second' WHERE {which}");
    sqlx::query(sqlx::AssertSqlSafe(pass))
        .execute(&mut connection)
        .await
        .unwrap();
}

#[tokio::test]
async fn each_missed_deadline_calls_the_next_coordinator_up_and_starts_the_clock_anew() {
    let hub = hub_with(vec![]).await;
    let waiting = triaged(&mut hub.coordinator(), "1", v1::Urgency::Urgent).await;
    let mut owners = vec![];
    for missed in 1..=3 {
        let_deadlines_pass(&hub, "true").await;
        let look = || async { case(&mut hub.coordinator(), &waiting.case_id).await };
        let called = eventually(look, |case| case.escalations == missed).await;
        assert_eq!(called.state(), v1::CaseState::Triaged);
        assert!(called.next_deadline.unwrap().seconds >= waiting.next_deadline.unwrap().seconds);
        owners.push(called.owner.unwrap().reference);
    }
    assert_eq!(owners, ["32", "ID", "ID"]);
    let mut connection = hub.database.connect().await;
    let query = "SELECT payload ->> 'from', payload ->> 'to', (payload ->> 'escalations')::int FROM events
         WHERE kind = 'case.escalated' ORDER BY subject_version";
    let told: Vec<(String, String, i32)> = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
    let call = |from: &str, to: &str, times| (from.to_owned(), to.to_owned(), times);
    assert_eq!(
        told,
        [call("32.73", "32", 1), call("32", "ID", 2), call("ID", "ID", 3)]
    );
    let audited: i64 =
        sqlx::query_scalar("SELECT count(*) FROM audit_entries WHERE verb = 'EscalateOverdue'")
            .fetch_one(&mut connection)
            .await
            .unwrap();
    assert_eq!(audited, 3);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missed_deadline_counts_once_however_many_replicas_see_it() {
    let first = hub_with(vec![]).await;
    let second = first.replica().await;
    let third = first.replica().await;
    let mut client = first.coordinator();
    for number in 0..60 {
        triaged(&mut client, &format!("{number}"), v1::Urgency::Regular).await;
    }
    let_deadlines_pass(&first, "true").await;
    let counts = || async {
        let mut connection = first.database.connect().await;
        let query = "SELECT escalations, count(*) FROM cases GROUP BY escalations";
        let counts: Vec<(i32, i64)> = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
        counts
    };
    eventually(counts, |counts| counts.iter().all(|(times, _)| *times > 0)).await;
    // Every replica ends the round it is in before it stops.
    third.finish().await;
    second.finish().await;
    assert_eq!(counts().await, [(1, 60)]);
    first.finish().await;
}

#[tokio::test]
async fn a_facility_that_answers_late_is_not_a_coordinator_who_misses_a_deadline() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let answer = client
        .intake
        .submit_intake(submit(intake("offered")))
        .await
        .unwrap();
    let offered = answer.into_inner().case.unwrap();
    assert_eq!(offered.state(), v1::CaseState::Offered);
    let later = triaged(&mut client, "triaged", v1::Urgency::Regular).await;
    let_deadlines_pass(&hub, "state = 'offered'").await;
    let_deadlines_pass(&hub, "state = 'triaged'").await;
    // Who is called for the later one has been looked at the earlier one.
    let look = || async { case(&mut hub.coordinator(), &later.case_id).await };
    eventually(look, |case| case.escalations == 1).await;
    let offered = case(&mut client, &offered.case_id).await;
    assert_eq!(
        (offered.escalations, offered.owner.unwrap().reference.as_str()),
        (0, "32.73")
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_run_of_refusals_counts_as_a_call_and_is_told() {
    let rows = ["A", "B", "C", "D"].map(|reference| facility(reference, "32.73.01", 1));
    let hub = hub_with(rows.to_vec()).await;
    let mut client = hub.coordinator();
    let answer = client.intake.submit_intake(submit(intake("1"))).await.unwrap();
    let id = answer.into_inner().case.unwrap().case_id;
    for _ in 0..3 {
        let offer = case(&mut client, &id).await.live_offer.unwrap();
        let decline = v1::DeclineOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id,
            reason: v1::DeclineReason::NotEligible as i32,
            ..v1::DeclineOfferRequest::default()
        };
        let mut officer = hub.officer(&offer.facility_id);
        officer.referral.decline_offer(decline).await.unwrap();
    }
    let now = case(&mut client, &id).await;
    assert_eq!((now.refusals, now.escalations), (3, 1));
    let mut connection = hub.database.connect().await;
    let query = "SELECT payload ->> 'to' FROM events WHERE kind = 'case.escalated'";
    let told: Vec<String> = sqlx::query_scalar(query)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(told, ["32"]);
    hub.finish().await;
}

#[tokio::test]
async fn a_coordinators_queue_is_listed_by_urgency_then_age_page_by_page() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let mut ids = BTreeMap::new();
    for (reference, urgency) in [
        ("regular-1", v1::Urgency::Regular),
        ("emergency-1", v1::Urgency::Emergency),
        ("urgent-1", v1::Urgency::Urgent),
        ("regular-2", v1::Urgency::Regular),
        ("emergency-2", v1::Urgency::Emergency),
    ] {
        let case = triaged(&mut client, reference, urgency).await;
        ids.insert(reference, case.case_id);
    }
    // One has gone up, and one is done.
    let up = "source_ref = 'urgent-1'";
    let_deadlines_pass(&hub, up).await;
    let look = || async { case(&mut hub.coordinator(), &ids["urgent-1"]).await };
    eventually(look, |case| case.escalations == 1).await;
    let resolve = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: ids["regular-1"].clone(),
        version: 0,
        resolution: "Dibantu di tempat.".to_owned(),
    };
    client.cases.resolve_directly(resolve).await.unwrap();

    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let queue = |owner: &str, order: v1::CaseOrder| v1::ListCasesRequest {
        owner_region_code: owner.to_owned(),
        order: order as i32,
        page_size: 1,
        ..v1::ListCasesRequest::default()
    };
    assert_eq!(
        references(&mut worker, queue("32.73", v1::CaseOrder::Queue)).await,
        ["emergency-1", "emergency-2", "regular-2"]
    );
    assert_eq!(
        references(&mut worker, queue("32.73", v1::CaseOrder::Created)).await,
        ["emergency-1", "regular-2", "emergency-2"]
    );
    assert_eq!(
        references(&mut worker, queue("32", v1::CaseOrder::Queue)).await,
        ["urgent-1"]
    );
    assert_eq!(
        references(&mut worker, queue("", v1::CaseOrder::Queue)).await,
        ["emergency-1", "emergency-2", "urgent-1", "regular-1", "regular-2"]
    );
    hub.finish().await;
}

#[tokio::test]
async fn only_what_is_overdue_is_listed_when_asked_for() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    client
        .intake
        .submit_intake(submit(intake("offered")))
        .await
        .unwrap();
    triaged(&mut client, "in-time", v1::Urgency::Regular).await;
    // The deadline of a case that waits for a facility's answer is not reset by a job.
    let_deadlines_pass(&hub, "state = 'offered'").await;
    let overdue = v1::ListCasesRequest {
        overdue_only: true,
        ..v1::ListCasesRequest::default()
    };
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    assert_eq!(references(&mut worker, overdue).await, ["offered"]);
    hub.finish().await;
}

#[tokio::test]
async fn a_page_token_of_another_order_is_refused() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    for reference in ["1", "2"] {
        triaged(&mut client, reference, v1::Urgency::Regular).await;
    }
    let one = v1::ListCasesRequest {
        page_size: 1,
        ..v1::ListCasesRequest::default()
    };
    let page = client.cases.list_cases(one.clone()).await.unwrap().into_inner();
    let other_order = v1::ListCasesRequest {
        page_token: page.next_page_token,
        order: v1::CaseOrder::Queue as i32,
        ..one
    };
    let refused = client.cases.list_cases(other_order).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["page_token"]);
    hub.finish().await;
}

#[tokio::test]
async fn the_nation_is_called_again_but_each_time_after_twice_as_long() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let known = triaged(&mut client, "1", v1::Urgency::Emergency).await;
    let mut connection = hub.database.connect().await;
    let often = "UPDATE cases SET owner_reference = 'ID', escalations = 3, next_deadline = now() - interval '1 second'";
    sqlx::query(often).execute(&mut connection).await.unwrap();
    let called = eventually(
        || async { case(&mut hub.coordinator(), &known.case_id).await },
        |case| case.escalations == 4,
    )
    .await;
    let (changed, deadline) = (called.update_time.unwrap(), called.next_deadline.unwrap());
    // Half an hour for an emergency, three times doubled.
    assert_eq!(deadline.seconds - changed.seconds, 8 * 1800);
    assert_eq!(called.owner.unwrap().reference, "ID");
    hub.finish().await;
}

/// Source references of all pages.
async fn references(client: &mut Client, mut request: v1::ListCasesRequest) -> Vec<String> {
    let mut found = vec![];
    loop {
        let page = client
            .cases
            .list_cases(request.clone())
            .await
            .unwrap()
            .into_inner();
        found.extend(page.cases.into_iter().map(|case| case.source_ref));
        if page.next_page_token.is_empty() {
            return found;
        }
        request.page_token = page.next_page_token;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_free_place_goes_to_the_most_urgent_then_oldest_of_three_hundred_and_nobody_else_changes() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let first = client
        .intake
        .submit_intake(submit(intake("first")))
        .await
        .unwrap();
    let first = first.into_inner().outcome.unwrap().offer.unwrap();
    let mut calls = JoinSet::new();
    for number in 0..300 {
        let urgency = match number % 100 {
            50 => v1::Urgency::Emergency,
            20..40 => v1::Urgency::Urgent,
            _ => v1::Urgency::Regular,
        };
        let report = v1::Intake {
            urgency: urgency as i32,
            ..intake(&format!("{number}"))
        };
        let mut client = client.clone();
        calls.spawn(async move { client.intake.submit_intake(submit(report)).await.unwrap() });
    }
    calls.join_all().await;
    let mut connection = hub.database.connect().await;
    // Three emergencies: the one that waits longest is neither the first by id nor the first that was sent.
    let age = "UPDATE cases SET created_at = created_at - interval '1 hour' WHERE source_ref = '150'";
    sqlx::query(age).execute(&mut connection).await.unwrap();
    let states = "SELECT source_ref, state, version FROM cases WHERE source_ref <> 'first'";
    let before: Vec<(String, String, i64)> = sqlx::query_as(states).fetch_all(&mut connection).await.unwrap();
    assert!(before.len() == 300 && before.iter().all(|(_, state, _)| state == "waiting"));

    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: first.offer_id,
        reason: v1::DeclineReason::PersonRefused as i32,
        ..v1::DeclineOfferRequest::default()
    };
    let mut officer = hub.officer(&first.facility_id);
    officer.referral.decline_offer(decline).await.unwrap();
    let served = || async {
        let mut connection = hub.database.connect().await;
        let query = "SELECT source_ref FROM cases WHERE state = 'offered'";
        let served: Vec<String> = sqlx::query_scalar(query)
            .fetch_all(&mut connection)
            .await
            .unwrap();
        served
    };
    assert_eq!(eventually(served, |served| !served.is_empty()).await, ["150"]);
    let database = hub.database.clone();
    // The round ends before the hub does.
    hub.finish().await;
    let mut connection = database.connect().await;
    let after: Vec<(String, String, i64)> = sqlx::query_as(states).fetch_all(&mut connection).await.unwrap();
    let after: BTreeMap<_, _> = after
        .into_iter()
        .map(|(case, state, version)| (case, (state, version)))
        .collect();
    for (case, state, version) in before {
        let now = &after[&case];
        if case == "150" {
            assert_eq!(*now, ("offered".to_owned(), version + 1));
        } else {
            assert_eq!(*now, (state, version), "{case}");
        }
    }
}

#[tokio::test]
async fn a_case_that_cannot_be_read_does_not_stop_those_behind_it() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let first = client
        .intake
        .submit_intake(submit(intake("first")))
        .await
        .unwrap();
    let first = first.into_inner().outcome.unwrap().offer.unwrap();
    let mut waiting = vec![];
    for reference in ["broken", "sound"] {
        let answer = client
            .intake
            .submit_intake(submit(intake(reference)))
            .await
            .unwrap();
        waiting.push(answer.into_inner().case.unwrap().case_id);
    }
    let mut connection = hub.database.connect().await;
    let damage = "UPDATE cases SET facts = facts - 'urgency' WHERE source_ref = 'broken'";
    sqlx::query(damage).execute(&mut connection).await.unwrap();
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: first.offer_id,
        reason: v1::DeclineReason::PersonRefused as i32,
        ..v1::DeclineOfferRequest::default()
    };
    let mut officer = hub.officer(&first.facility_id);
    officer.referral.decline_offer(decline).await.unwrap();
    let look = || async { case(&mut hub.coordinator(), &waiting[1]).await };
    eventually(look, |case| case.state() == v1::CaseState::Offered).await;
    hub.finish().await;
}
