//! One active policy, however many replicas open, activate and look at once.

use serasi_domain::policy::Policy;
use serasi_hub::auth::{DevIssuer, Gate};
use serasi_hub::clock::Clock;
use serasi_hub::server::Limits;
use serasi_hub::{Hub, HubSettings, WatchLimits};
use serasi_proto::v1;
use serasi_tests::audit::AuditFolder;
use serasi_tests::build::{facility, intake, request_id};
use serasi_tests::database::TestDatabase;

use crate::policy::{activate, active_in_database, create, report, switch_to, time_to_answer, variant};
use crate::scene::{eventually, hub_with};

#[tokio::test]
async fn two_replicas_that_activate_at_once_leave_exactly_one_active() {
    let hub = hub_with(vec![]).await;
    let other = hub.replica().await;
    let (mut here, mut there) = (hub.coordinator(), other.coordinator());
    for version in ["A", "B"] {
        let policy = variant(&mut here, version, |_| {}).await;
        create(&mut here, policy).await.unwrap();
    }
    for _ in 0..10 {
        let (one, two) = tokio::join!(activate(&mut here, "A"), activate(&mut there, "B"));
        assert!(one.is_ok() && two.is_ok(), "{one:?} {two:?}");
        assert_eq!(active_in_database(&hub).await.len(), 1);
    }
    let active = active_in_database(&hub).await;
    for (number, hub) in [&hub, &other].into_iter().enumerate() {
        let look = || async {
            let reference = format!("{number}-{}", request_id());
            report(&mut hub.coordinator(), intake(&reference))
                .await
                .case
                .unwrap()
        };
        eventually(look, |case| case.policy_version == active[0]).await;
    }
    other.finish().await;
    hub.finish().await;
}

#[tokio::test]
async fn hubs_that_open_at_once_agree_on_one_policy() {
    let keys = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open_or_create(&keys.path().join("key")).unwrap();
    let audit = AuditFolder::new();
    for _ in 0..5 {
        let database = TestDatabase::create().await;
        let settings = async |version: &str| {
            let mut policy = Policy::p7();
            version.clone_into(&mut policy.version);
            HubSettings {
                store: database.store().await,
                policy,
                gate: Gate::new(issuer.verifier().unwrap(), Limits::DEVELOPMENT_CALLS_PER_SECOND),
                clock: Clock::system(),
                audit: audit.settings(),
                limits: WatchLimits::default(),
                relay: None,
            }
        };
        let (a, b, c) = (settings("A").await, settings("B").await, settings("A").await);
        let (one, two, three) = tokio::join!(Hub::open(a), Hub::open(b), Hub::open(c));
        assert!(one.is_ok() && two.is_ok() && three.is_ok());
        let mut connection = database.connect().await;
        let states: Vec<String> = sqlx::query_scalar("SELECT state FROM policies")
            .fetch_all(&mut connection)
            .await
            .unwrap();
        assert_eq!(states, ["active"], "who came later took what was there");
    }
}

#[tokio::test]
async fn a_hub_that_opens_again_keeps_the_active_policy() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    switch_to(&mut hub.coordinator(), "P7-2027.1", |policy| {
        policy.regular.as_mut().unwrap().answer = Some(v1::Allowance {
            seconds: 7_500,
            clock: v1::AllowanceClock::Wall as i32,
        });
    })
    .await;
    // Its own file still has the shipped policy.
    let again = hub.replica().await;
    let answer = report(&mut again.coordinator(), intake("1")).await;
    assert_eq!(answer.case.unwrap().policy_version, "P7-2027.1");
    assert_eq!(time_to_answer(&answer.outcome.unwrap().offer.unwrap()), 7_500);
    again.finish().await;
    hub.finish().await;
}
