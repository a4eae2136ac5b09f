//! Policy as versioned data: who writes and activates it, and what is refused.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{intake, request_id, submit};
use serasi_tests::status::{metadata, refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::{Code, Status};

use crate::scene::hub_with;

async fn get(client: &mut Client, version: &str) -> v1::Policy {
    let request = v1::GetPolicyRequest {
        version: version.to_owned(),
    };
    client
        .policies
        .get_policy(request)
        .await
        .unwrap()
        .into_inner()
        .policy
        .unwrap()
}

pub(crate) async fn create(client: &mut Client, policy: v1::Policy) -> Result<v1::Policy, Status> {
    let request = v1::CreatePolicyRequest {
        request_id: request_id(),
        policy: Some(policy),
    };
    let created = client.policies.create_policy(request).await?.into_inner();
    Ok(created.policy.unwrap())
}

pub(crate) async fn activate(client: &mut Client, version: &str) -> Result<v1::Policy, Status> {
    let request = v1::ActivatePolicyRequest {
        request_id: request_id(),
        version: version.to_owned(),
    };
    let activated = client.policies.activate_policy(request).await?.into_inner();
    Ok(activated.policy.unwrap())
}

/// The active policy, changed by `change` and renamed.
pub(crate) async fn variant(
    client: &mut Client,
    version: &str,
    change: impl FnOnce(&mut v1::Policy),
) -> v1::Policy {
    let mut policy = get(client, "").await;
    version.clone_into(&mut policy.version);
    change(&mut policy);
    policy
}

/// Creates and activates a variant of the active policy.
pub(crate) async fn switch_to(client: &mut Client, version: &str, change: impl FnOnce(&mut v1::Policy)) {
    let policy = variant(client, version, change).await;
    create(client, policy).await.unwrap();
    activate(client, version).await.unwrap();
}

pub(crate) async fn report(client: &mut Client, intake: v1::Intake) -> v1::SubmitIntakeResponse {
    client
        .intake
        .submit_intake(submit(intake))
        .await
        .unwrap()
        .into_inner()
}

/// Seconds a facility has to answer.
pub(crate) fn time_to_answer(offer: &v1::Offer) -> i64 {
    offer.expire_time.unwrap().seconds - offer.offer_time.unwrap().seconds
}

pub(crate) async fn active_in_database(hub: &TestHub) -> Vec<String> {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar("SELECT version FROM policies WHERE state = 'active'")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_policy_is_written_down_as_a_draft_that_holds_for_nobody() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let first = get(&mut client, "").await;
    assert_eq!(
        (first.version.as_str(), first.state()),
        ("P7-2021.2", v1::PolicyState::Active)
    );
    assert_eq!(first.holidays[0], "2026-01-01");
    assert_eq!(first.regular.as_ref().unwrap().ladder[3].after_seconds, 86_400);

    let draft = variant(&mut client, "P7-2027.1", |policy| {
        policy.refusals_before_escalation = 5;
    });
    let draft = draft.await;
    let request = v1::CreatePolicyRequest {
        request_id: request_id(),
        policy: Some(draft.clone()),
    };
    let created = client
        .policies
        .create_policy(request.clone())
        .await
        .unwrap()
        .into_inner();
    let again = client.policies.create_policy(request).await.unwrap().into_inner();
    assert_eq!(created, again, "a retry has one effect");
    let created = created.policy.unwrap();
    assert_eq!(
        (created.state(), created.activate_time),
        (v1::PolicyState::Draft, None)
    );
    assert_eq!(
        (created.digest.len(), created.refusals_before_escalation),
        (64, 5)
    );
    assert_ne!(created.digest, first.digest);
    assert_eq!(
        create(&mut client, draft).await.unwrap(),
        created,
        "the same content is the same policy"
    );
    assert_eq!(get(&mut client, "").await, first);
    assert_eq!(
        report(&mut client, intake("1"))
            .await
            .case
            .unwrap()
            .policy_version,
        "P7-2021.2"
    );
    hub.finish().await;
}

#[tokio::test]
async fn the_activated_policy_holds_for_new_cases_and_the_one_before_is_retired() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let first = get(&mut client, "").await;
    switch_to(&mut client, "P7-2027.1", |_| {}).await;
    let active = get(&mut client, "").await;
    assert_eq!(
        (active.version.as_str(), active.state()),
        ("P7-2027.1", v1::PolicyState::Active)
    );
    assert_eq!(
        activate(&mut client, "P7-2027.1").await.unwrap(),
        active,
        "it stays active"
    );
    let before = get(&mut client, "P7-2021.2").await;
    assert_eq!(before.state(), v1::PolicyState::Retired);
    assert!(before.retire_time.is_some() && before.digest == first.digest);
    assert_eq!(
        report(&mut client, intake("1"))
            .await
            .case
            .unwrap()
            .policy_version,
        "P7-2027.1"
    );

    let back = activate(&mut client, "P7-2021.2").await.unwrap();
    assert_eq!((back.state(), back.retire_time), (v1::PolicyState::Active, None));
    assert_eq!(active_in_database(&hub).await, ["P7-2021.2"]);
    let mut connection = hub.database.connect().await;
    let told: Vec<(String, i64)> = sqlx::query_as(
        "SELECT subject_id, subject_version FROM events WHERE kind = 'policy.activated' ORDER BY created_at",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|(version, revision)| (version.as_str(), *revision))
        .collect();
    assert_eq!(told, [("P7-2021.2", 2), ("P7-2027.1", 2), ("P7-2021.2", 4)]);
    let audited: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entries WHERE verb IN ('CreatePolicy', 'ActivatePolicy')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(audited, 4);
    hub.finish().await;
}

#[tokio::test]
async fn policies_are_listed_in_pages_newest_first() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    for version in ["A", "B"] {
        let policy = variant(&mut client, version, |_| {}).await;
        create(&mut client, policy).await.unwrap();
    }
    let mut versions = vec![];
    let mut page_token = String::new();
    loop {
        let request = v1::ListPoliciesRequest {
            page_size: 1,
            page_token,
        };
        let page = client.policies.list_policies(request).await.unwrap().into_inner();
        versions.extend(page.policies.into_iter().map(|policy| policy.version));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    assert_eq!(versions, ["B", "A", "P7-2021.2"]);
    hub.finish().await;
}

#[tokio::test]
async fn a_version_never_changes() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let other = variant(&mut client, "P7-2021.2", |policy| {
        policy.refusals_before_escalation = 5;
        policy.holidays.clear();
    });
    let other = other.await;
    let refused = create(&mut client, other).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::AlreadyExists, "POLICY_VERSION_TAKEN".to_owned())
    );
    assert_eq!(metadata(&refused, "existing_id"), "P7-2021.2");
    assert_eq!(
        metadata(&refused, "differences"),
        "refusals_before_escalation,holidays"
    );
    assert_eq!(get(&mut client, "").await.refusals_before_escalation, 3);
    hub.finish().await;
}

#[tokio::test]
async fn every_gap_of_a_policy_is_told_at_once() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let faulty = variant(&mut client, "versi satu", |policy| {
        policy.regulation = 0;
        policy.capacity_validity_hours = -1;
        policy.full_parks_for_hours = 721;
        policy.holidays = vec!["2026-02-30".to_owned(), String::new()];
        policy.working_hours = None;
        let napza = v1::ClusterRequirement {
            cluster: v1::Cluster::Napza as i32,
            fields: vec![v1::RequiredField::Age as i32, v1::RequiredField::Age as i32, 99],
        };
        policy.required = vec![napza.clone(), napza];
        let regular = policy.regular.as_mut().unwrap();
        regular.ladder[1].after_seconds = 60;
        regular.ladder[2].after_seconds = 30;
        regular.ladder[3].after_seconds = 10;
        regular.preferences[1] = 0;
        let urgent = policy.urgent.as_mut().unwrap();
        urgent.ladder[0].after_seconds = -1;
        urgent.answer.as_mut().unwrap().clock = 0;
        urgent.answer.as_mut().unwrap().seconds = 90_000;
        urgent.review = None;
        policy.emergency = None;
    });
    let faulty = faulty.await;
    let refused = create(&mut client, faulty).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::InvalidArgument, "REQUEST_INVALID".to_owned())
    );
    let mut fields = violated_fields(&refused);
    fields.sort();
    let wanted = [
        "policy.capacity_validity_hours",
        "policy.emergency.admit.clock",
        "policy.emergency.admit.seconds",
        "policy.emergency.answer.clock",
        "policy.emergency.answer.seconds",
        "policy.emergency.coordinate.clock",
        "policy.emergency.coordinate.seconds",
        "policy.emergency.follow_up.clock",
        "policy.emergency.follow_up.seconds",
        "policy.emergency.ladder",
        "policy.emergency.preferences",
        "policy.emergency.review.clock",
        "policy.emergency.review.seconds",
        "policy.full_parks_for_hours",
        "policy.holidays[0]",
        "policy.holidays[1]",
        "policy.regular.ladder[2].after_seconds",
        "policy.regular.ladder[3].after_seconds",
        "policy.regular.preferences[1]",
        "policy.regulation",
        "policy.required[0].fields[1]",
        "policy.required[0].fields[2]",
        "policy.required[1].cluster",
        "policy.required[1].fields[1]",
        "policy.required[1].fields[2]",
        "policy.urgent.answer.clock",
        "policy.urgent.answer.seconds",
        "policy.urgent.ladder[0].after_seconds",
        "policy.urgent.review.clock",
        "policy.urgent.review.seconds",
        "policy.version",
        "policy.working_hours",
    ];
    assert_eq!(fields, wanted);
    hub.finish().await;
}

#[tokio::test]
async fn only_an_administrator_of_the_nation_writes_policies_and_everybody_reads_them() {
    let hub = hub_with(vec![]).await;
    let draft = variant(&mut hub.coordinator(), "P7-2027.1", |_| {}).await;
    let others = [
        hub.client(Role::Coordinator, "ID"),
        hub.client(Role::Supervisor, "ID"),
        hub.client(Role::Administrator, "32"),
    ];
    for mut client in others {
        assert_eq!(
            get(&mut client, "P7-2021.2").await.state(),
            v1::PolicyState::Active
        );
        for refused in [
            create(&mut client, draft.clone()).await.unwrap_err(),
            activate(&mut client, "P7-2021.2").await.unwrap_err(),
        ] {
            assert_eq!(
                refusal(&refused),
                (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
            );
        }
    }
    let mut administrator = hub.client(Role::Administrator, "ID");
    let unknown = activate(&mut administrator, "P7-2027.1").await.unwrap_err();
    assert_eq!(refusal(&unknown), (Code::NotFound, "NOT_FOUND".to_owned()));
    assert_eq!(
        active_in_database(&hub).await,
        ["P7-2021.2"],
        "nothing was retired"
    );
    create(&mut administrator, draft).await.unwrap();
    activate(&mut administrator, "P7-2027.1").await.unwrap();
    hub.finish().await;
}
