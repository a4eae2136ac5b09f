//! Policy as versioned data: who changes it, what a case keeps, and what it asks before a case is routed.

use serasi_domain::cluster::Cluster;
use serasi_domain::deadline::{Clock as Hours, local_date};
use serasi_domain::policy::{Policy, RequiredField};
use serasi_geography::TimeZone;
use serasi_hub::auth::{DevIssuer, Role};
use serasi_hub::clock::Clock;
use serasi_hub::{Hub, HubSettings};
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::status::{metadata, refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use time::{Duration, OffsetDateTime};
use tonic::{Code, Status};

use crate::scene::{case, eventually, hub_with, import};

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

async fn create(client: &mut Client, policy: v1::Policy) -> Result<v1::Policy, Status> {
    let request = v1::CreatePolicyRequest {
        request_id: request_id(),
        policy: Some(policy),
    };
    let created = client.policies.create_policy(request).await?.into_inner();
    Ok(created.policy.unwrap())
}

async fn activate(client: &mut Client, version: &str) -> Result<v1::Policy, Status> {
    let request = v1::ActivatePolicyRequest {
        request_id: request_id(),
        version: version.to_owned(),
    };
    let activated = client.policies.activate_policy(request).await?.into_inner();
    Ok(activated.policy.unwrap())
}

/// The active policy, changed by `change` and renamed.
async fn variant(client: &mut Client, version: &str, change: impl FnOnce(&mut v1::Policy)) -> v1::Policy {
    let mut policy = get(client, "").await;
    policy.version = version.to_owned();
    change(&mut policy);
    policy
}

/// Creates and activates a variant of the active policy.
async fn switch_to(client: &mut Client, version: &str, change: impl FnOnce(&mut v1::Policy)) {
    let policy = variant(client, version, change).await;
    create(client, policy).await.unwrap();
    activate(client, version).await.unwrap();
}

async fn report(client: &mut Client, intake: v1::Intake) -> v1::SubmitIntakeResponse {
    client
        .intake
        .submit_intake(submit(intake))
        .await
        .unwrap()
        .into_inner()
}

async fn decline(hub: &TestHub, offer: &v1::Offer) {
    let request = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    let mut officer = hub.officer(&offer.facility_id);
    officer.referral.decline_offer(request).await.unwrap();
}

fn route(case_id: &str, use_active_policy: bool) -> v1::RouteCaseRequest {
    v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        version: 0,
        use_active_policy,
    }
}

/// Seconds a facility has to answer.
fn time_to_answer(offer: &v1::Offer) -> i64 {
    offer.expire_time.unwrap().seconds - offer.offer_time.unwrap().seconds
}

async fn active_in_database(hub: &TestHub) -> Vec<String> {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar("SELECT version FROM policies WHERE state = 'active'")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_policy_is_written_down_activated_listed_and_taken_back() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let first = get(&mut client, "").await;
    assert_eq!(
        (first.version.as_str(), first.state()),
        ("P7-2021.1", v1::PolicyState::Active)
    );
    assert_eq!(first.holidays[0], "2026-01-01");
    assert_eq!(first.regular.as_ref().unwrap().ladder[3].after_seconds, 86_400);

    let draft = variant(&mut client, "P7-2027.1", |policy| {
        policy.refusals_before_escalation = 5
    })
    .await;
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
    assert_eq!(
        report(&mut client, intake("1"))
            .await
            .case
            .unwrap()
            .policy_version,
        "P7-2021.1"
    );

    let active = activate(&mut client, "P7-2027.1").await.unwrap();
    assert_eq!(active.state(), v1::PolicyState::Active);
    assert_eq!(get(&mut client, "").await, active);
    assert_eq!(
        activate(&mut client, "P7-2027.1").await.unwrap(),
        active,
        "it stays active"
    );
    let before = get(&mut client, "P7-2021.1").await;
    assert_eq!(before.state(), v1::PolicyState::Retired);
    assert!(before.retire_time.is_some() && before.digest == first.digest);
    assert_eq!(
        report(&mut client, intake("2"))
            .await
            .case
            .unwrap()
            .policy_version,
        "P7-2027.1"
    );

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
    assert_eq!(versions, ["P7-2027.1", "P7-2021.1"], "the newest first");

    activate(&mut client, "P7-2021.1").await.unwrap();
    assert_eq!(active_in_database(&hub).await, ["P7-2021.1"]);
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
    assert_eq!(told, [("P7-2021.1", 2), ("P7-2027.1", 2), ("P7-2021.1", 4)]);
    let audited: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entries WHERE verb IN ('CreatePolicy', 'ActivatePolicy')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(audited, 5);
    hub.finish().await;
}

#[tokio::test]
async fn a_version_never_changes() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let other = variant(&mut client, "P7-2021.1", |policy| {
        policy.refusals_before_escalation = 5;
        policy.holidays.clear();
    });
    let other = other.await;
    let refused = create(&mut client, other).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::AlreadyExists, "POLICY_VERSION_TAKEN".to_owned())
    );
    assert_eq!(metadata(&refused, "existing_id"), "P7-2021.1");
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
            get(&mut client, "P7-2021.1").await.state(),
            v1::PolicyState::Active
        );
        for refused in [
            create(&mut client, draft.clone()).await.unwrap_err(),
            activate(&mut client, "P7-2021.1").await.unwrap_err(),
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
        ["P7-2021.1"],
        "nothing was retired"
    );
    create(&mut administrator, draft).await.unwrap();
    activate(&mut administrator, "P7-2027.1").await.unwrap();
    hub.finish().await;
}

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
    let database = TestDatabase::create().await;
    let keys = tempfile::tempdir().unwrap();
    let issuer = DevIssuer::open_or_create(&keys.path().join("key")).unwrap();
    let open = async |version: &str| {
        let mut policy = Policy::p7();
        policy.version = version.to_owned();
        let settings = HubSettings {
            store: database.store().await,
            policy,
            verifier: issuer.verifier().unwrap(),
            clock: Clock::system(),
        };
        Hub::open(settings).await
    };
    let (one, two, three, four) = tokio::join!(open("A"), open("B"), open("C"), open("A"));
    assert!([one, two, three, four].iter().all(Result::is_ok));
    let mut connection = database.connect().await;
    let states: Vec<String> = sqlx::query_scalar("SELECT state FROM policies")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(states, ["active"], "who came later took what was there");
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

#[tokio::test]
async fn a_case_keeps_the_policy_it_was_routed_under() {
    let patient = |seconds: i32| {
        move |policy: &mut v1::Policy| {
            policy.refusals_before_escalation = if seconds > 8_000 { 3 } else { 1 };
            policy.regular.as_mut().unwrap().answer = Some(v1::Allowance {
                seconds,
                clock: v1::AllowanceClock::Wall as i32,
            });
        }
    };
    let rows = ["A", "B", "C", "D"].map(|reference| facility(reference, "32.73.01", 1));
    let hub = hub_with(rows.to_vec()).await;
    let mut client = hub.coordinator();
    switch_to(&mut client, "V1", patient(9_000)).await;
    let first = report(&mut client, intake("1"))
        .await
        .outcome
        .unwrap()
        .offer
        .unwrap();
    let later = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("2"))
    };
    let unrouted = client
        .intake
        .submit_intake(later)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    switch_to(&mut client, "V2", patient(7_500)).await;

    decline(&hub, &first).await;
    let old = case(&mut client, &first.case_id).await;
    assert_eq!(
        (old.policy_version.as_str(), old.owner.unwrap().reference.as_str()),
        ("V1", "32.73")
    );
    assert_eq!(time_to_answer(&old.live_offer.unwrap()), 9_000);

    assert_eq!(unrouted.policy_version, "V1");
    let request = route(&unrouted.case_id, false);
    let routed = client.referral.route_case(request).await.unwrap().into_inner();
    let offer = routed.outcome.unwrap().offer.unwrap();
    assert_eq!(
        routed.case.unwrap().policy_version,
        "V2",
        "its first search is under the law of today"
    );
    assert_eq!(time_to_answer(&offer), 7_500);
    decline(&hub, &offer).await;
    let new = case(&mut client, &offer.case_id).await;
    assert_eq!(
        new.owner.unwrap().reference,
        "32",
        "every refusal counts under V2"
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_coordinator_lets_a_waiting_case_follow_the_active_policy() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let waiting = report(&mut client, intake("1")).await.case.unwrap();
    assert_eq!(waiting.state(), v1::CaseState::NoCandidate);
    switch_to(&mut client, "V2", |_| {}).await;

    let kept = client
        .referral
        .route_case(route(&waiting.case_id, false))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(kept.case.unwrap().policy_version, "P7-2021.1");
    let mut hotline = hub.client(Role::HotlineOperator, "ID");
    let refused = hotline
        .referral
        .route_case(route(&waiting.case_id, true))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::PermissionDenied, "PERMISSION_DENIED".to_owned())
    );

    let adopted = client
        .referral
        .route_case(route(&waiting.case_id, true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(adopted.case.unwrap().policy_version, "V2");
    let request = v1::GetDecisionRequest {
        decision_id: adopted.outcome.unwrap().decision_id,
    };
    let decision = client
        .referral
        .get_decision(request)
        .await
        .unwrap()
        .into_inner()
        .decision
        .unwrap();
    assert_eq!(decision.policy_version, "V2");
    assert_eq!(
        case(&mut client, &waiting.case_id).await.policy_version,
        "V2",
        "from now on"
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_case_whose_policy_is_gone_says_so_and_can_adopt_the_active_one() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let waiting = report(&mut client, intake("1")).await.case.unwrap();
    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE cases SET policy_version = 'P7-1999'")
        .execute(&mut connection)
        .await
        .unwrap();
    let refused = client
        .referral
        .route_case(route(&waiting.case_id, false))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "POLICY_UNKNOWN".to_owned())
    );
    let adopted = client
        .referral
        .route_case(route(&waiting.case_id, true))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(adopted.case.unwrap().policy_version, "P7-2021.1");
    hub.finish().await;
}

/// A hub whose policy requires everything of a child's case, with one facility.
async fn demanding_hub() -> TestHub {
    let mut policy = Policy::p7();
    policy.required.insert(Cluster::Anak, RequiredField::ALL.to_vec());
    let hub = TestHub::with_policy(policy).await;
    let mut wheelchairs = facility("A", "32.73.01", 4);
    wheelchairs.facility.as_mut().unwrap().admission = Some(v1::AdmissionRule {
        access: vec![v1::AccessNeed::Wheelchair as i32],
        ..v1::AdmissionRule::default()
    });
    import(&mut hub.coordinator(), vec![wheelchairs]).await;
    hub
}

#[tokio::test]
async fn a_case_that_lacks_what_its_cluster_requires_waits_for_triage_to_supply_it() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let bare = v1::Intake {
        persons: vec![],
        ..intake("1")
    };
    let answer = report(&mut client, bare.clone()).await;
    let (taken, outcome) = (answer.case.unwrap(), answer.outcome.unwrap());
    assert_eq!(
        (taken.state(), outcome.result()),
        (v1::CaseState::Triaged, v1::RouteResult::NotRouted)
    );
    for message in [&outcome.message_id, &outcome.message_en] {
        let wanted = "ppks_category, criteria, forms, sex, age (P16 Ps.27)";
        assert!(message.contains(wanted) && message.contains("anak"), "{message}");
    }
    let again = report(&mut client, bare).await;
    assert_eq!(
        again.outcome.unwrap(),
        outcome,
        "the same report gets the same answer"
    );

    let preview = v1::PreviewRouteRequest {
        case_id: taken.case_id.clone(),
    };
    for refused in [
        client.referral.preview_route(preview).await.unwrap_err(),
        client
            .referral
            .route_case(route(&taken.case_id, false))
            .await
            .unwrap_err(),
    ] {
        assert_eq!(
            refusal(&refused),
            (Code::FailedPrecondition, "FIELDS_MISSING".to_owned())
        );
        assert_eq!(
            metadata(&refused, "fields"),
            "ppks_category,criteria,forms,sex,age"
        );
        assert_eq!(
            (metadata(&refused, "cluster"), metadata(&refused, "article")),
            ("anak".to_owned(), "P16 Ps.27".to_owned())
        );
    }

    let girl = v1::PartyMember {
        sex: v1::Sex::Female as i32,
        age_years: Some(9),
        access_needs: vec![v1::AccessNeed::Wheelchair as i32],
    };
    let boy = v1::PartyMember {
        sex: v1::Sex::Male as i32,
        ..v1::PartyMember::default()
    };
    let triage = |party: Vec<v1::PartyMember>| v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: taken.case_id.clone(),
        ppks_category: "anak_telantar".to_owned(),
        criteria: vec![v1::Criterion::Neglect as i32],
        need: Some(v1::Need {
            forms: vec![v1::ServiceForm::SocialCare as i32],
            ..v1::Need::default()
        }),
        party,
        ..v1::TriageCaseRequest::default()
    };
    let half = client
        .cases
        .triage_case(triage(vec![girl.clone(), boy.clone()]))
        .await
        .unwrap()
        .into_inner();
    let outcome = half.outcome.unwrap();
    assert_eq!(half.case.unwrap().state(), v1::CaseState::Triaged);
    assert!(
        outcome.message_en.contains("still needs: age (P16 Ps.27)"),
        "{}",
        outcome.message_en
    );

    let boy = v1::PartyMember {
        age_years: Some(5),
        ..boy
    };
    let party = vec![girl, boy];
    let whole = client
        .cases
        .triage_case(triage(party.clone()))
        .await
        .unwrap()
        .into_inner();
    let offer = whole.outcome.unwrap().offer.unwrap();
    assert_eq!((offer.party, offer.places), (party, 2));
    assert_eq!(whole.case.unwrap().criteria, [v1::Criterion::Neglect as i32]);
    hub.finish().await;
}

#[tokio::test]
async fn an_emergency_is_served_before_anything_is_asked() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let emergency = v1::Intake {
        persons: vec![],
        urgency: v1::Urgency::Emergency as i32,
        ..intake("1")
    };
    let answer = report(&mut client, emergency).await;
    assert_eq!(answer.outcome.unwrap().result(), v1::RouteResult::Offered);
    hub.finish().await;
}

#[tokio::test]
async fn triage_keeps_what_it_does_not_change_and_tells_what_is_wrong_with_the_party() {
    let hub = hub_with(vec![facility("A", "32.73.01", 4)]).await;
    let mut client = hub.coordinator();
    let later = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(v1::Intake {
            criteria: vec![v1::Criterion::Violence as i32],
            ..intake("1")
        })
    };
    let taken = client
        .intake
        .submit_intake(later)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();
    let triage = |party| v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: taken.case_id.clone(),
        party,
        ..v1::TriageCaseRequest::default()
    };
    let wrong = v1::PartyMember {
        age_years: Some(130),
        access_needs: vec![77],
        ..v1::PartyMember::default()
    };
    let refused = client.cases.triage_case(triage(vec![wrong])).await.unwrap_err();
    assert_eq!(
        violated_fields(&refused),
        ["party[0].age_years", "party[0].access_needs[0]"]
    );
    let triaged = client
        .cases
        .triage_case(triage(vec![]))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(triaged.case.unwrap().criteria, [v1::Criterion::Violence as i32]);
    assert_eq!(
        triaged.outcome.unwrap().offer.unwrap().party[0].age_years,
        Some(10)
    );
    hub.finish().await;
}

#[tokio::test]
async fn holidays_shift_the_deadline_of_an_offer() {
    const DAYS: i64 = 10;
    let now = Clock::system().now();
    let today = local_date(now, TimeZone::Wib);
    let mut policy = Policy::p7();
    policy.holidays = (0..DAYS).map(|day| today + Duration::days(day)).collect();
    policy.regular.answer.clock = Hours::Working;
    let hub = TestHub::with_policy(policy.clone()).await;
    let mut client = hub.coordinator();
    import(&mut client, vec![facility("A", "32.73.01", 1)]).await;
    let offer = report(&mut client, intake("1"))
        .await
        .outcome
        .unwrap()
        .offer
        .unwrap();
    let moment = |time: Option<pbjson_types::Timestamp>| {
        OffsetDateTime::from_unix_timestamp(time.unwrap().seconds).unwrap()
    };
    let (offered, expires) = (moment(offer.offer_time), moment(offer.expire_time));
    let answer = policy.regular.answer;
    // Nothing of the allowance is used up before the first working day: 24 hours are three days of eight.
    assert!(
        local_date(expires, TimeZone::Wib) >= today + Duration::days(DAYS + 2),
        "{expires}"
    );
    assert_eq!(expires, answer.ends(offered, &policy.calendar(), TimeZone::Wib));
    hub.finish().await;
}
