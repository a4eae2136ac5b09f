//! A case under its policy: it keeps the version it was routed under, waits while something required is missing, and
//! its deadlines skip holidays.

use serasi_domain::cluster::Cluster;
use serasi_domain::deadline::{Clock as Hours, local_date};
use serasi_domain::policy::{Policy, RequiredField};
use serasi_geography::TimeZone;
use serasi_hub::auth::Role;
use serasi_hub::clock::Clock;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal, violated_fields};
use time::{Duration, OffsetDateTime};
use tonic::Code;

use crate::policy::{report, switch_to, time_to_answer};
use crate::scene::{case, hub_with, import};

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

/// A report of which nothing is known that the policy of the demanding hub requires.
fn bare(reference: &str) -> v1::Intake {
    v1::Intake {
        persons: vec![],
        ..intake(reference)
    }
}

#[tokio::test]
async fn a_case_that_lacks_what_its_cluster_requires_is_taken_down_and_not_routed() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let answer = report(&mut client, bare("1")).await;
    let (taken, outcome) = (answer.case.unwrap(), answer.outcome.unwrap());
    assert_eq!(
        (taken.state(), outcome.result()),
        (v1::CaseState::Triaged, v1::RouteResult::NotRouted)
    );
    for message in [&outcome.message_id, &outcome.message_en] {
        let wanted = "ppks_category, criteria, forms, sex, age (P16 Ps.27)";
        assert!(message.contains(wanted) && message.contains("anak"), "{message}");
    }
    let again = report(&mut client, bare("1")).await;
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
    hub.finish().await;
}

#[tokio::test]
async fn triage_supplies_what_is_missing_and_routes_the_case() {
    let hub = demanding_hub().await;
    let mut client = hub.coordinator();
    let taken = report(&mut client, bare("1")).await.case.unwrap();
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
    let half = triage(vec![girl.clone(), boy.clone()]);
    let half = client.cases.triage_case(half).await.unwrap().into_inner();
    let message = half.outcome.unwrap().message_en;
    assert_eq!(half.case.unwrap().state(), v1::CaseState::Triaged);
    assert!(message.contains("still needs: age (P16 Ps.27)"), "{message}");

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
        urgency: v1::Urgency::Emergency as i32,
        ..bare("1")
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
