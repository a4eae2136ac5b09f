//! Many at once, on two replicas: one case per report, one person per bed. Each has a control run without the
//! safeguard, which must fail, or the test would prove nothing.

use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, pool as report, request_id, submit, without_capacity};
use sqlx::{Connection, PgConnection};
use tokio::task::JoinSet;

use crate::scene::{facility_id, hub_with, pool};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_intake_sent_twenty_times_in_parallel_to_two_hubs_is_one_case() {
    let first = hub_with(vec![facility("A", "32.73.02", 50)]).await;
    let second = first.replica().await;
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let mut client = if number % 2 == 0 {
            first.coordinator()
        } else {
            second.coordinator()
        };
        // Some retry the same call, some are sent anew: the same key in any case.
        let request = submit(intake("one"));
        calls.spawn(async move {
            let answer = client.intake.submit_intake(request).await.unwrap().into_inner();
            (answer.case.unwrap().case_id, answer.already_known)
        });
    }
    let answers = calls.join_all().await;
    assert!(answers.iter().all(|(id, _)| *id == answers[0].0), "{answers:?}");
    assert_eq!(answers.iter().filter(|(_, known)| !known).count(), 1);
    let mut connection = first.database.connect().await;
    for table in ["cases", "intakes", "persons", "offers", "holds", "decisions"] {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let count: i64 = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(count, 1, "{table}");
    }
    second.finish().await;
    first.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_call_sent_in_parallel_has_one_effect_and_one_response() {
    let first = hub_with(vec![facility("A", "32.73.02", 50)]).await;
    let second = first.replica().await;
    let token = first.token(&[serasi_hub::auth::Role::HotlineOperator], "ID", None);
    let request = submit(intake("one"));
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let hub = if number % 2 == 0 { &first } else { &second };
        let (mut client, request) = (hub.with_token(Some(&token)), request.clone());
        calls.spawn(async move { client.intake.submit_intake(request).await.unwrap().into_inner() });
    }
    let answers = calls.join_all().await;
    assert!(
        answers.iter().all(|answer| *answer == answers[0]),
        "every retry gets the first response"
    );
    second.finish().await;
    first.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_held_for_one_of_sixty_four_cases() {
    let first = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let second = first.replica().await;
    let mut calls = JoinSet::new();
    for number in 0..64 {
        let mut client = if number % 2 == 0 {
            first.coordinator()
        } else {
            second.coordinator()
        };
        let request = submit(intake(&format!("case-{number}")));
        calls.spawn(async move {
            client
                .intake
                .submit_intake(request)
                .await
                .unwrap()
                .into_inner()
                .outcome
                .unwrap()
                .result()
        });
    }
    let results = calls.join_all().await;
    let offered = results
        .iter()
        .filter(|result| **result == v1::RouteResult::Offered)
        .count();
    let waiting = results
        .iter()
        .filter(|result| **result == v1::RouteResult::Waiting)
        .count();
    assert_eq!((offered, waiting), (1, 63));
    second.finish().await;
    first.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_place_is_given_once_under_sixty_four_parallel_accepts() {
    let hub = hub_with(vec![without_capacity(facility("A", "32.73.02", 0))]).await;
    let mut client = hub.coordinator();
    let mut offers = vec![];
    for number in 0..64 {
        let request = submit(intake(&format!("case-{number}")));
        let answer = client.intake.submit_intake(request).await.unwrap().into_inner();
        offers.push(answer.outcome.unwrap().offer.unwrap());
    }
    let facility = offers[0].facility_id.clone();
    // One place is left, and everybody says so.
    let replica = hub.replica().await;
    let mut calls = JoinSet::new();
    for (number, offer) in offers.into_iter().enumerate() {
        let mut officer = if number % 2 == 0 {
            hub.officer(&facility)
        } else {
            replica.officer(&facility)
        };
        calls.spawn(async move {
            let capacity = Some(report(10, 9));
            let request = v1::AcceptOfferRequest {
                request_id: request_id(),
                offer_id: offer.offer_id,
                capacity,
            };
            officer.referral.accept_offer(request).await.is_ok()
        });
    }
    let accepted = calls
        .join_all()
        .await
        .into_iter()
        .filter(|accepted| *accepted)
        .count();
    assert_eq!(accepted, 1);
    assert_eq!(pool(&mut client, &facility).await.free, 0);
    replica.finish().await;
    hub.finish().await;
}

/// The control: the same race over the same table with the guard taken out - look first, then take - must overbook,
/// or the tests above would pass without the guard.
#[tokio::test(flavor = "multi_thread")]
async fn without_the_guard_the_last_place_is_given_many_times() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let id = facility_id(&mut hub.coordinator(), "A").await;
    let mut connection = hub.database.connect().await;
    let drop = "ALTER TABLE capacity_pools DROP CONSTRAINT capacity_pools_not_overbooked";
    sqlx::query(drop).execute(&mut connection).await.unwrap();
    let start = std::sync::Arc::new(tokio::sync::Barrier::new(16));
    let mut calls = JoinSet::new();
    for _ in 0..16 {
        let (url, start) = (hub.database.owner_url().to_owned(), start.clone());
        calls.spawn(async move {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            start.wait().await;
            let free: i32 = sqlx::query_scalar("SELECT free FROM capacity_pools")
                .fetch_one(&mut connection)
                .await
                .unwrap();
            start.wait().await;
            if free >= 1 {
                let take = "UPDATE capacity_pools SET held = held + 1, free = free - 1";
                sqlx::query(take).execute(&mut connection).await.unwrap();
            }
        });
    }
    calls.join_all().await;
    let overbooked = pool(&mut hub.coordinator(), &id).await;
    assert!(
        overbooked.free < 0,
        "the control did not overbook: {overbooked:?}"
    );
    // And the checker of the harness sees it: the places are held for nobody.
    let repair = "UPDATE capacity_pools SET held = 0, free = total - occupied";
    sqlx::query(repair).execute(&mut connection).await.unwrap();
    hub.finish().await;
}

/// Defence in depth: were the guard ever lost, the database itself refuses.
#[tokio::test]
async fn the_database_refuses_an_overbooking_that_the_code_lets_through() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut connection = hub.database.connect().await;
    let take = "UPDATE capacity_pools SET held = held + 2, free = free - 2";
    let refused = sqlx::query(take).execute(&mut connection).await.unwrap_err();
    let constraint = refused
        .as_database_error()
        .unwrap()
        .constraint()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(constraint, "capacity_pools_not_overbooked");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_answered_and_expiring_at_once_has_one_end() {
    let hub = TestHub::with_policy(crate::scene::impatient(1)).await;
    let mut client = hub.coordinator();
    let rows: Vec<_> = (0..8)
        .map(|number| facility(&format!("F{number}"), "32.73.01", 20))
        .collect();
    crate::scene::import(&mut client, rows).await;
    let mut calls = JoinSet::new();
    for number in 0..24_u64 {
        let request = submit(intake(&format!("case-{number}")));
        let offer = client
            .intake
            .submit_intake(request)
            .await
            .unwrap()
            .into_inner()
            .outcome
            .unwrap()
            .offer
            .unwrap();
        let mut officer = hub.officer(&offer.facility_id);
        calls.spawn(async move {
            // Around the deadline, some before and some after.
            tokio::time::sleep(std::time::Duration::from_millis(700 + 30 * number)).await;
            let request = v1::AcceptOfferRequest {
                request_id: request_id(),
                offer_id: offer.offer_id.clone(),
                capacity: None,
            };
            (offer, officer.referral.accept_offer(request).await.is_ok())
        });
    }
    let answers = calls.join_all().await;
    let mut connection = hub.database.connect().await;
    for (offer, accepted) in answers {
        let id = offer.offer_id.split_once('-').unwrap().1.to_owned();
        let query = "SELECT state, (answered_at < expires_at) IS TRUE FROM offers WHERE offer_id = $1::uuid";
        let (state, in_time): (String, bool) = sqlx::query_as(query)
            .bind(id)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!((state == "accepted", in_time), (accepted, accepted), "{state}");
    }
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_acceptance_sent_in_parallel_has_one_effect_and_one_response() {
    let first = hub_with(vec![facility("A", "32.73.02", 5)]).await;
    let second = first.replica().await;
    let answer = first
        .coordinator()
        .intake
        .submit_intake(submit(intake("one")))
        .await
        .unwrap()
        .into_inner();
    let offer = answer.outcome.unwrap().offer.unwrap();
    let token = first.token(
        &[serasi_hub::auth::Role::FacilityOfficer],
        "ID",
        Some(&offer.facility_id),
    );
    let request = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        capacity: None,
    };
    let mut calls = JoinSet::new();
    for number in 0..20 {
        let hub = if number % 2 == 0 { &first } else { &second };
        let (mut client, request) = (hub.with_token(Some(&token)), request.clone());
        calls.spawn(async move {
            client
                .referral
                .accept_offer(request)
                .await
                .map(tonic::Response::into_inner)
        });
    }
    let answers: Vec<_> = calls.join_all().await;
    let first_answer = answers[0].clone().unwrap();
    assert!(
        answers
            .iter()
            .all(|answer| answer.as_ref().is_ok_and(|answer| *answer == first_answer)),
        "{answers:?}"
    );
    second.finish().await;
    first.finish().await;
}

/// Each of them finds the rows new and claims their keys: who comes second is repeated, and finds them known.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_import_sent_six_times_at_once_succeeds_six_times_and_adds_each_facility_once() {
    let first = hub_with(vec![]).await;
    let second = first.replica().await;
    let mut calls = JoinSet::new();
    for number in 0..6 {
        let mut client = if number % 2 == 0 {
            first.coordinator()
        } else {
            second.coordinator()
        };
        calls.spawn(async move {
            let rows: Vec<_> = (0..200)
                .map(|row| facility(&format!("F{row}"), "32.73.01", 1))
                .collect();
            client
                .facilities
                .import_facilities(tokio_stream::iter(rows))
                .await
                .map(tonic::Response::into_inner)
        });
    }
    let done: Vec<_> = calls.join_all().await;
    let created: i32 = done.iter().map(|done| done.as_ref().unwrap().created).sum();
    assert_eq!(created, 200);
    second.finish().await;
    first.finish().await;
}
