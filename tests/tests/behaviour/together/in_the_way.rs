//! Somebody else is in the way of one of a group: the neighbours go on, and together.

use std::time::Duration;

use serasi_hub::auth::Role;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, submit};
use sqlx::{AssertSqlSafe, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{Answer, case_id, cases_and_transactions, result, send, v1};
use crate::scene::{eventually, hub_with};

/// A locked house is waited for as long as a lock may take, if it is waited for: 5 s.
const AT_ONCE: Duration = Duration::from_secs(4);
/// As many may wait for a house with a connection in their hands.
const MOST_WAITING: i64 = 6;

fn report(reference: &str, region: &str) -> v1::SubmitIntakeRequest {
    let mut report = intake(reference);
    region.clone_into(&mut report.region_code);
    submit(report)
}

/// By the clock of the database.
async fn seconds(connection: &mut PgConnection) -> f64 {
    sqlx::query_scalar("SELECT extract(epoch FROM clock_timestamp())::float8")
        .fetch_one(connection)
        .await
        .unwrap()
}

/// Transactions of the hub that wait for somebody.
async fn waiting(connection: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity
         WHERE datname = current_database() AND application_name = 'serasi' AND wait_event_type = 'Lock'",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

/// Until somebody waits for longer than a group would, and so goes alone.
async fn until_in_line(hub: &TestHub) {
    let patient = || async {
        let count: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity
             WHERE datname = current_database() AND application_name = 'serasi' AND wait_event_type = 'Lock'
                 AND clock_timestamp() - query_start > interval '200 ms'",
        )
        .fetch_one(&mut hub.database.connect().await)
        .await
        .unwrap();
        count
    };
    eventually(patient, |patient| *patient >= 1).await;
}

/// Looks without a pause: they do not wait for long.
pub(super) async fn until_waiting(hub: &TestHub, transactions: i64) {
    let mut connection = hub.database.connect().await;
    let looks = 50_000;
    for _ in 0..looks {
        if waiting(&mut connection).await >= transactions {
            return;
        }
    }
    panic!("nobody waited in {looks} looks")
}

fn are_all_offered(answers: &[Answer]) -> bool {
    answers
        .iter()
        .all(|answer| result(answer) == v1::RouteResult::Offered)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_somebody_has_locked_keeps_nobody_from_another() {
    let hub = hub_with(vec![
        facility("LOCKED", "32.73.02", 200),
        facility("FREE", "12.71.01", 200),
    ])
    .await;
    let client = hub.coordinator();
    let mut holder = hub.database.connect().await;
    sqlx::raw_sql("BEGIN; SELECT 1 FROM facilities WHERE source_ref = 'LOCKED' FOR UPDATE")
        .execute(&mut holder)
        .await
        .unwrap();
    let began = seconds(&mut holder).await;
    let stuck = (0..40).map(|number| report(&format!("stuck-{number}"), "32.73.01"));
    let (client_of_stuck, stuck) = (client.clone(), stuck.collect());
    let stuck = tokio::spawn(async move { send(&client_of_stuck, stuck).await });
    // Some go beside those that are stuck, some when every group is.
    for round in 0..2 {
        let free = (0..10).map(|number| report(&format!("free-{round}-{number}"), "12.71.01"));
        let answers = send(&client, free.collect()).await;
        assert!(are_all_offered(&answers));
    }
    let lasted = seconds(&mut holder).await - began;
    assert!(lasted < AT_ONCE.as_secs_f64(), "{lasted:.2} s");
    assert!(!stuck.is_finished());
    // Few of them hold a connection meanwhile.
    eventually(
        || async { waiting(&mut hub.database.connect().await).await },
        |waiting| *waiting <= MOST_WAITING,
    )
    .await;
    sqlx::raw_sql("COMMIT").execute(&mut holder).await.unwrap();
    assert!(are_all_offered(&stuck.await.unwrap()));
    hub.finish().await;
}

/// Takes the house over and over; somebody waits for it all the time.
async fn keep_busy(mut connection: PgConnection, stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        sqlx::raw_sql(
            "BEGIN; SELECT 1 FROM facilities FOR UPDATE; SELECT 1 FROM capacity_pools FOR UPDATE; SELECT pg_sleep(0.1); COMMIT",
        )
        .execute(&mut connection)
        .await
        .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_house_that_is_never_found_unlocked_is_waited_for_in_line() {
    let hub = hub_with(vec![facility("A", "32.73.02", 200)]).await;
    let client = hub.coordinator();
    let (stop, stopped) = watch::channel(false);
    let mut busy = JoinSet::new();
    for _ in 0..3 {
        busy.spawn(keep_busy(hub.database.connect().await, stopped.clone()));
    }
    let wanted = (0..10).map(|number| report(&format!("wanted-{number}"), "32.73.01"));
    let answers = send(&client, wanted.collect()).await;
    stop.send_replace(true);
    busy.join_all().await;
    assert!(are_all_offered(&answers));
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_locks_houses_in_another_order_does_not_stand_against_a_group() {
    let hub = hub_with(vec![
        facility("A", "32.73.02", 200),
        facility("B", "12.71.01", 200),
    ])
    .await;
    let client = hub.coordinator();
    let mut other = hub.database.connect().await;
    // What a refusal does that lets go of one house and takes the next: the one that a group locks first comes last.
    sqlx::raw_sql("BEGIN; UPDATE capacity_pools SET held = held WHERE region_code = '32.73'")
        .execute(&mut other)
        .await
        .unwrap();
    let both = (0..30).flat_map(|number| {
        let report = |region| report(&format!("{region}-{number}"), region);
        [report("32.73.01"), report("12.71.01")]
    });
    let (client, both) = (client.clone(), both.collect());
    let answers = tokio::spawn(async move { send(&client, both).await });
    until_waiting(&hub, 1).await;
    // Who gives way is the group, and before the server looks for deadlocks.
    sqlx::raw_sql("UPDATE capacity_pools SET held = held WHERE region_code = '12.71'; COMMIT")
        .execute(&mut other)
        .await
        .unwrap();
    assert!(are_all_offered(&answers.await.unwrap()));
    let (cases, transactions) = cases_and_transactions(&mut other).await;
    assert_eq!(cases, 60);
    assert!(transactions <= 20, "{transactions} transactions");
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_sent_again_while_the_first_is_under_way_takes_nobody_out_of_the_group() {
    let hub = hub_with(vec![facility("A", "32.73.02", 200)]).await;
    let replica = hub.replica().await;
    let mut fewest = i64::MAX;
    // On a busy machine they come in too slowly to gather.
    for attempt in 0..4 {
        fewest = fewest.min(transactions_beside_a_twin(&hub, &replica, attempt).await);
        if fewest <= 16 {
            break;
        }
    }
    assert!(fewest <= 16, "{fewest} transactions");
    replica.finish().await;
    hub.finish().await;
}

/// Transactions of forty reports that come in with one that another replica has begun.
async fn transactions_beside_a_twin(hub: &TestHub, replica: &TestHub, attempt: u32) -> i64 {
    let token = hub.token_of("petugas", &[Role::HotlineOperator], "ID", None);
    let (here, there) = (hub.with_token(Some(&token)), replica.with_token(Some(&token)));
    assert!(are_all_offered(
        &send(&here, vec![submit(intake(&format!("before-{attempt}")))]).await
    ));
    // Keeps the first from its end: its last step waits for this.
    let sent = || v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake(&format!("sent-again-{attempt}")))
    };
    let first = sent();
    let mut holder = hub.database.connect().await;
    sqlx::raw_sql("BEGIN").execute(&mut holder).await.unwrap();
    sqlx::query(
        "INSERT INTO idempotency_keys (region_code, principal, request_id, verb, request_hash, response, created_at)
         SELECT region_code, principal, $1::uuid, verb, request_hash, response, created_at FROM idempotency_keys
         WHERE verb = 'SubmitIntake' ORDER BY created_at LIMIT 1",
    )
    .bind(&first.request_id)
    .execute(&mut holder)
    .await
    .unwrap();
    let first = tokio::spawn(async move { send(&here, vec![first]).await });
    let mut looker = hub.database.connect().await;
    let (before, transactions_before) = cases_and_transactions(&mut looker).await;
    // Between its tries in a group its key is free, and the twin would be the first.
    until_in_line(hub).await;
    let mut again: Vec<_> = (0..40)
        .map(|number| submit(intake(&format!("neighbour-{attempt}-{number}"))))
        .collect();
    again.insert(20, sent());
    let again = tokio::spawn(async move { send(&there, again).await });
    until_waiting(hub, 2).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.unwrap();
    let (first, mut again) = (first.await.unwrap(), again.await.unwrap());
    let twin = again.remove(20);
    assert!(are_all_offered(&again));
    assert_eq!(case_id(&first[0]), case_id(&twin));
    let (cases, transactions) = cases_and_transactions(&mut looker).await;
    assert_eq!(cases - before, 41);
    transactions - transactions_before
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_only_the_board_still_shows_is_promised_to_nobody_and_costs_no_neighbour_his() {
    let hub = hub_with(vec![
        facility("FULL", "32.73.02", 200),
        facility("FREE", "12.71.01", 200),
    ])
    .await;
    let mut connection = hub.database.connect().await;
    // Past the change log: the board goes on showing the places.
    let full_house = "facility_id = (SELECT facility_id FROM facilities WHERE source_ref = 'FULL')";
    let all_taken = format!("UPDATE capacity_pools SET occupied = total, free = 0 WHERE {full_house}");
    sqlx::raw_sql(AssertSqlSafe(all_taken))
        .execute(&mut connection)
        .await
        .unwrap();
    // More than the group that goes at once: the others gather meanwhile.
    let full = (0..64).map(|number| report(&format!("full-{number}"), "32.73.01"));
    let free = (0..64).map(|number| report(&format!("free-{number}"), "12.71.01"));
    let reports = full.zip(free).flat_map(|(full, free)| [full, free]);
    let answers = send(&hub.coordinator(), reports.collect()).await;
    let (full, free): (Vec<_>, Vec<_>) = answers
        .into_iter()
        .zip(0..)
        .partition(|(_, place)| place % 2 == 0);
    let (full, free): (Vec<_>, Vec<_>) = (
        full.into_iter().map(|(answer, _)| answer).collect(),
        free.into_iter().map(|(answer, _)| answer).collect(),
    );
    assert!(are_all_offered(&free));
    assert!(
        full.iter()
            .all(|answer| result(answer) == v1::RouteResult::Waiting)
    );
    let held: Vec<i32> = sqlx::query_scalar(
        "SELECT p.held FROM capacity_pools p JOIN facilities USING (region_code, facility_id) ORDER BY source_ref",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    assert_eq!(held, [64, 0]);
    let written: (i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM decisions), (SELECT count(*) FROM offers),
             (SELECT count(*) FROM audit_entries WHERE verb = 'SubmitIntake')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(written, (128, 128, 64, 128));
    // Who is full goes alone, each in a transaction; the neighbours stay together.
    let (_, transactions) = cases_and_transactions(&mut connection).await;
    assert!(transactions < 64 + 32, "{transactions} transactions");
    let as_logged = format!("UPDATE capacity_pools SET occupied = 0, free = total WHERE {full_house}");
    sqlx::raw_sql(AssertSqlSafe(as_logged))
        .execute(&mut connection)
        .await
        .unwrap();
    hub.finish().await;
}
