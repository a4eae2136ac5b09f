//! Each entry gets one place, however late it comes and whoever seals.

use serasi_store::audit::seal::seal;
use serasi_store::leases;
use serasi_tests::TestHub;
use serasi_tests::audit::check;
use serasi_tests::build::facility;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{report, report_and_look, until_exported};
use crate::scene::{eventually, hub_with};

const ENTRY: &str =
    "INSERT INTO audit_entries (region_code, audit_id, at, principal, roles, verb, subject_id)
     VALUES ('32.73', '01933b5c-7a3e-7c3a-9d55-0242ac120002', now(), 'late', '{}', 'GetCase', 'x')";
const QUEUED: &str = "INSERT INTO audit_unsealed VALUES ('32.73', '01933b5c-7a3e-7c3a-9d55-0242ac120002')";

async fn leaves_of(connection: &mut PgConnection, principal: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM audit_leaves JOIN audit_entries USING (region_code, audit_id) WHERE principal = $1",
    )
    .bind(principal)
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test]
async fn an_entry_that_commits_late_is_sealed_once_after_those_that_overtook_it() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let mut connection = hub.database.connect().await;
    let mut late = connection.begin().await.unwrap();
    late.execute(ENTRY).await.unwrap();
    late.execute(QUEUED).await.unwrap();
    report_and_look(&mut hub.coordinator(), "1", "32.73.01").await;
    let mut other = hub.database.connect().await;
    let sealed = async |connection: &mut PgConnection| {
        let query =
            sqlx::query_scalar("SELECT COALESCE(max(size), 0) FROM audit_trees WHERE region_code = '32.73'");
        query.fetch_one(connection).await.unwrap()
    };
    let mut before: i64 = 0;
    while before < 2 {
        before = sealed(&mut other).await;
        tokio::task::yield_now().await;
    }
    assert_eq!(leaves_of(&mut other, "late").await, 0);
    late.commit().await.unwrap();
    until_exported(&hub).await;
    assert_eq!(leaves_of(&mut other, "late").await, 1);
    let index: i64 = sqlx::query_scalar("SELECT leaf_index FROM audit_leaves WHERE audit_id = $1")
        .bind(Uuid::parse_str("01933b5c-7a3e-7c3a-9d55-0242ac120002").unwrap())
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert!(index >= before);
    hub.finish().await;
}

#[tokio::test]
async fn an_entry_of_the_release_before_is_sealed_although_nobody_queued_it() {
    let hub = TestHub::start().await;
    let mut connection = hub.database.connect().await;
    connection.execute(ENTRY).await.unwrap();
    // The next one to seal looks for it.
    let next = hub.replica().await;
    let mut other = hub.database.connect().await;
    other
        .execute("UPDATE job_leases SET token = token + 1, held_until = '-infinity'")
        .await
        .unwrap();
    let look = || async { leaves_of(&mut hub.database.connect().await, "late").await };
    eventually(look, |count| *count == 1).await;
    next.finish().await;
    hub.finish().await;
}

#[tokio::test]
async fn who_slept_past_the_lease_seals_nothing() {
    let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
    let database = hub.database.clone();
    report(&mut hub.coordinator(), "1", "32.73.01").await;
    hub.finish().await;
    let mut connection = database.connect().await;
    connection.execute(ENTRY).await.unwrap();
    connection.execute(QUEUED).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    let first = leases::take(&mut transaction, "seal-audit", Uuid::from_u128(1))
        .await
        .unwrap()
        .unwrap();
    let second = leases::take(&mut transaction, "seal-audit", Uuid::from_u128(2))
        .await
        .unwrap();
    assert_eq!(second, None, "the lease is held");
    transaction.commit().await.unwrap();
    connection
        .execute("UPDATE job_leases SET held_until = now() - interval '1 s'")
        .await
        .unwrap();
    let second = leases::take(&mut connection, "seal-audit", Uuid::from_u128(2))
        .await
        .unwrap()
        .unwrap();

    let mut asleep = connection.begin().await.unwrap();
    assert_eq!(seal(&mut asleep, &first, 100).await.unwrap(), None);
    asleep.rollback().await.unwrap();
    assert_eq!(leaves_of(&mut connection, "late").await, 0);
    let mut awake = connection.begin().await.unwrap();
    assert_eq!(seal(&mut awake, &second, 100).await.unwrap().unwrap().taken, 1);
    awake.commit().await.unwrap();
    assert_eq!(leaves_of(&mut connection, "late").await, 1);
}

#[tokio::test]
async fn an_entry_that_vanished_before_it_was_sealed_is_told() {
    let hub = hub_with(vec![]).await;
    let database = hub.database.clone();
    hub.finish().await;
    let mut connection = database.connect().await;
    connection.execute(QUEUED).await.unwrap();
    let lease = leases::take(&mut connection, "seal-audit", Uuid::from_u128(1))
        .await
        .unwrap()
        .unwrap();
    let sealed = seal(&mut connection, &lease, 100).await.unwrap().unwrap();
    assert_eq!((sealed.taken, sealed.vanished.len()), (1, 1));
}

#[tokio::test]
async fn an_entry_that_is_queued_again_keeps_its_one_place_and_a_stray_one_stops_nobody() {
    let hub = hub_with(vec![]).await;
    let database = hub.database.clone();
    hub.finish().await;
    let mut connection = database.connect().await;
    let again = "INSERT INTO audit_unsealed SELECT region_code, audit_id FROM audit_leaves";
    let queued = connection.execute(again).await.unwrap().rows_affected();
    connection
        .execute(AssertSqlSafe(ENTRY.replace("32.73", "nowhere")))
        .await
        .unwrap();
    connection
        .execute(AssertSqlSafe(QUEUED.replace("32.73", "nowhere")))
        .await
        .unwrap();
    connection.execute(ENTRY).await.unwrap();
    connection.execute(QUEUED).await.unwrap();
    let lease = leases::take(&mut connection, "seal-audit", Uuid::from_u128(1))
        .await
        .unwrap()
        .unwrap();
    assert_ne!(queued, 0);
    let sealed = seal(&mut connection, &lease, 100).await.unwrap().unwrap();
    assert_eq!((sealed.taken, sealed.vanished.len()), (2, 1));
    assert_eq!(leaves_of(&mut connection, "late").await, 1);
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM audit_unsealed")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_replicas_under_load_seal_each_entry_once() {
    let hub = hub_with(vec![facility("A", "32.73.01", 40), facility("B", "51.71.01", 40)]).await;
    let replica = hub.replica().await;
    let mut reporters = tokio::task::JoinSet::new();
    for number in 0..8 {
        let of = if number % 2 == 0 { &hub } else { &replica };
        let mut client = of.coordinator();
        reporters.spawn(async move {
            for report in 0..8 {
                let region = if report % 2 == 0 { "32.73.01" } else { "51.71.01" };
                report_and_look(&mut client, &format!("{number}-{report}"), region).await;
            }
        });
    }
    // The lease changes hands meanwhile, past those who hold it.
    let mut connection = hub.database.connect().await;
    for _ in 0..20 {
        connection
            .execute("UPDATE job_leases SET token = token + 1, held_until = '-infinity'")
            .await
            .unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    }
    while let Some(done) = reporters.join_next().await {
        done.unwrap();
    }
    until_exported(&hub).await;
    let report = check(&mut connection, &hub.audit()).await;
    assert!(report.is_clean(), "{:?}", report.findings);
    replica.finish().await;
    hub.finish().await;
}
