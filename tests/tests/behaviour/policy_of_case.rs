//! A case under its policy: it keeps the version it was routed under, waits while something required is missing, and
//! its deadlines skip holidays.

use serasi_domain::deadline::{Clock as Hours, local_date};
use serasi_domain::policy::Policy;
use serasi_geography::TimeZone;
use serasi_hub::auth::Role;
use serasi_hub::clock::Clock;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::refusal;
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

pub(crate) fn route(case_id: &str, use_active_policy: bool) -> v1::RouteCaseRequest {
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
    assert_eq!(kept.case.unwrap().policy_version, "P7-2021.2");
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
async fn a_case_whose_policy_is_gone_goes_on_under_the_active_one() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let offered = report(&mut client, intake("1"))
        .await
        .outcome
        .unwrap()
        .offer
        .unwrap();
    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE cases SET policy_version = 'P7-1999'")
        .execute(&mut connection)
        .await
        .unwrap();
    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offered.offer_id.clone(),
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    client.referral.decline_offer(decline).await.unwrap();
    let list = v1::ListOffersRequest {
        case_id: offered.case_id.clone(),
        states: vec![v1::OfferState::Offered as i32],
        ..v1::ListOffersRequest::default()
    };
    let live = client
        .referral
        .list_offers(list)
        .await
        .unwrap()
        .into_inner()
        .offers;
    assert_eq!(live.len(), 1, "the next facility is asked");
    let request = v1::GetDecisionRequest {
        decision_id: live[0].decision_id.clone(),
    };
    let decision = client.referral.get_decision(request).await.unwrap().into_inner();
    assert_eq!(decision.decision.unwrap().policy_version, "P7-2021.2");
    hub.finish().await;
}

#[tokio::test]
async fn neither_a_withdrawal_nor_triage_lets_a_routed_case_leave_its_policy() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let offered = report(&mut client, intake("1"))
        .await
        .outcome
        .unwrap()
        .offer
        .unwrap();
    switch_to(&mut client, "V2", |_| {}).await;
    let withdraw = v1::WithdrawOfferRequest {
        request_id: request_id(),
        offer_id: offered.offer_id,
        reason: v1::WithdrawReason::PersonChangedMind as i32,
        note: String::new(),
        route_later: true,
    };
    client.referral.withdraw_offer(withdraw).await.unwrap();
    let routed = client
        .referral
        .route_case(route(&offered.case_id, false))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(routed.case.unwrap().policy_version, "P7-2021.2");
    let again = v1::WithdrawOfferRequest {
        request_id: request_id(),
        offer_id: routed.outcome.unwrap().offer.unwrap().offer_id,
        reason: v1::WithdrawReason::WrongFacts as i32,
        ..v1::WithdrawOfferRequest::default()
    };
    client.referral.withdraw_offer(again).await.unwrap();
    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: offered.case_id,
        urgency: v1::Urgency::Urgent as i32,
        ..v1::TriageCaseRequest::default()
    };
    let triaged = client.cases.triage_case(triage).await.unwrap().into_inner();
    assert_eq!(triaged.case.unwrap().policy_version, "P7-2021.2");
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
