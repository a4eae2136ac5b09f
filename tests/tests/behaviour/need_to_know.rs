//! Who sees how much of a case: each confidential class x each viewer, lists, and offers before and after the answer.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::refusal;
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::{case, hub_with};

const VILLAGE: &str = "32.73.01.1001";
const SECRETS: [&str; 7] = [
    "Kenanga",
    "3273015006960007",
    "081299988877",
    "Gang Rahasia",
    "Dahlia",
    "1996-06-10",
    "rahasia sekali",
];

/// A report about somebody of 30 with everything that gives a person away.
fn told(reference: &str, cluster: v1::Cluster, category: &str) -> v1::Intake {
    v1::Intake {
        cluster: cluster as i32,
        ppks_category: category.to_owned(),
        region_code: VILLAGE.to_owned(),
        story: "Cerita yang rahasia sekali.".to_owned(),
        persons: vec![v1::Person {
            nik: "3273015006960007".to_owned(),
            name: "Kenanga Kenari".to_owned(),
            birth_date: "1996-06-10".to_owned(),
            sex: v1::Sex::Female as i32,
            phone: "081299988877".to_owned(),
            address: "Gang Rahasia 17".to_owned(),
            mother_name: "Dahlia Kenari".to_owned(),
            domicile_region_code: VILLAGE.to_owned(),
            ..v1::Person::default()
        }],
        need: Some(v1::Need {
            excluded_region_codes: vec!["32.04".to_owned()],
            ..v1::Need::default()
        }),
        ..intake(reference)
    }
}

async fn report(client: &mut Client, intake: v1::Intake) -> v1::SubmitIntakeResponse {
    client
        .intake
        .submit_intake(submit(intake))
        .await
        .unwrap()
        .into_inner()
}

fn assert_masked(seen: &v1::Case, reason: v1::MaskReason, who: &str) {
    assert_eq!(seen.mask_reason(), reason, "{who}");
    let text = format!("{seen:?}");
    for secret in SECRETS.iter().chain(&[VILLAGE, "32.04", "hotline-uji"]) {
        assert!(!text.contains(secret), "{who} sees {secret}");
    }
    assert_eq!(seen.region_code, "32.73");
    let person = &seen.persons[0];
    assert!(person.masked && person.name == "***" && person.sex() == v1::Sex::Female);
    assert_eq!(person.domicile_region_code, "32.73");
}

fn assert_whole(seen: &v1::Case, who: &str) {
    assert_eq!(seen.mask_reason(), v1::MaskReason::Unspecified, "{who}");
    let text = format!("{seen:?}");
    for secret in SECRETS.iter().chain(&[VILLAGE, "32.04", "hotline-uji"]) {
        assert!(text.contains(secret), "{who} does not see {secret}");
    }
}

#[tokio::test]
async fn of_a_confidential_case_only_those_who_work_on_it_see_who_it_is() {
    let hub = hub_with(vec![]).await;
    let disabled_child = {
        let mut told = told("cacat", v1::Cluster::Disabilitas, "");
        let little = v1::Person {
            estimated_age_years: Some(9),
            ..v1::Person::default()
        };
        told.persons.push(little);
        told
    };
    let classes = [
        (told("anak", v1::Cluster::Anak, ""), Some(v1::MaskReason::Child)),
        (disabled_child, Some(v1::MaskReason::Child)),
        (
            told("tppo", v1::Cluster::TunaSosialKpo, "korban_trafficking"),
            Some(v1::MaskReason::Trafficking),
        ),
        (
            told("tuna", v1::Cluster::TunaSosialKpo, ""),
            Some(v1::MaskReason::Trafficking),
        ),
        (told("napza", v1::Cluster::Napza, ""), Some(v1::MaskReason::Drugs)),
        (
            told("baru", v1::Cluster::Unspecified, ""),
            Some(v1::MaskReason::Unclassified),
        ),
        (
            told("gelandangan", v1::Cluster::TunaSosialKpo, "gelandangan"),
            None,
        ),
        (told("lansia", v1::Cluster::Lansia, ""), None),
    ];
    let mut reporter = hub.client(Role::Referrer, "33");
    for (intake, reason) in classes {
        let reference = intake.source_ref.clone();
        let id = report(&mut reporter, intake).await.case.unwrap().case_id;
        for (role, scope, is_assigned) in [
            (Role::Coordinator, "32.73", true),
            (Role::SocialWorker, "32.73", true),
            (Role::SocialWorker, "32", false),
            (Role::Coordinator, "32", false),
            (Role::Coordinator, "ID", false),
            (Role::Supervisor, "32.73", false),
            (Role::HotlineOperator, "32.73", false),
            (Role::DinasOfficer, "32.73", false),
        ] {
            let who = format!("{role} of {scope} looking at {reference}");
            let seen = case(&mut hub.client(role, scope), &id).await;
            match reason.filter(|_| !is_assigned) {
                Some(reason) => assert_masked(&seen, reason, &who),
                None => assert_whole(&seen, &who),
            }
        }
        let own = case(&mut reporter, &id).await;
        match reason {
            Some(reason) => assert_masked(&own, reason, "the reporter"),
            None => assert_whole(&own, "the reporter"),
        }
    }
    hub.finish().await;
}

#[tokio::test]
async fn a_list_names_nobody_and_does_not_find_a_child_village_by_village() {
    let hub = hub_with(vec![]).await;
    let mut reporter = hub.client(Role::Referrer, "33");
    report(&mut reporter, told("anak", v1::Cluster::Anak, "")).await;
    report(&mut reporter, told("lansia", v1::Cluster::Lansia, "")).await;
    let list = async |role, region: &str, page_size| {
        let request = v1::ListCasesRequest {
            region_code: region.to_owned(),
            page_size,
            ..v1::ListCasesRequest::default()
        };
        let mut client = hub.client(role, "32.73");
        client.cases.list_cases(request).await.unwrap().into_inner()
    };
    for role in [Role::HotlineOperator, Role::SocialWorker] {
        let text = format!("{:?}", list(role, "32.73", 50).await);
        for secret in SECRETS {
            assert!(!text.contains(secret), "{secret}");
        }
    }
    let places = |page: v1::ListCasesResponse| {
        let cases = page.cases.into_iter();
        cases.map(|case| case.region_code).collect::<Vec<_>>()
    };
    let onlooker = Role::HotlineOperator;
    assert_eq!(places(list(onlooker, "32.73", 50).await), ["32.73", VILLAGE]);
    assert_eq!(places(list(onlooker, VILLAGE, 50).await), [VILLAGE]);
    let first = list(onlooker, VILLAGE, 1).await;
    assert_eq!(first.next_page_token, "", "nor by the length of a page");
    assert_eq!(
        places(list(Role::SocialWorker, VILLAGE, 50).await),
        [VILLAGE, VILLAGE]
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_decision_on_a_masked_case_tells_neither_the_way_nor_the_danger() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.02", 2),
        facility("FAR", "32.04.05", 2),
        facility("DANGER", "32.73.03", 2),
    ])
    .await;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let told = v1::Intake {
        need: Some(v1::Need {
            excluded_region_codes: vec!["32.73.03".to_owned()],
            ..v1::Need::default()
        }),
        ..told("1", v1::Cluster::Anak, "")
    };
    let outcome = report(&mut worker, told).await.outcome.unwrap();
    let decision_id = outcome.decision_id;
    let decision = async |role| {
        let request = v1::GetDecisionRequest {
            decision_id: decision_id.clone(),
        };
        let mut client = hub.client(role, "32.73");
        let answer = client.referral.get_decision(request).await.unwrap();
        answer.into_inner().decision.unwrap()
    };
    let dangers = |decision: &v1::Decision| {
        let misses = decision.near_misses.iter();
        misses.map(|miss| miss.facility_name.clone()).collect::<Vec<_>>()
    };
    let whole = decision(Role::SocialWorker).await;
    assert_eq!(dangers(&whole), ["LKSA DANGER"]);
    assert!(whole.ranked.iter().any(|one| one.travel_minutes % 60 != 0));
    let masked = decision(Role::HotlineOperator).await;
    assert!(dangers(&masked).is_empty());
    assert!(masked.ranked.iter().all(|one| one.travel_minutes % 60 == 0));
    assert_eq!(masked.ranked.len(), whole.ranked.len());
    let excluded = |decision: &v1::Decision| {
        let counts = decision.excluded.iter();
        counts
            .map(|count| (count.rule.clone(), count.facilities))
            .collect::<Vec<_>>()
    };
    let (near, danger) = (("within_tier".to_owned(), 1), ("is_not_excluded".to_owned(), 1));
    assert_eq!(excluded(&whole), [near.clone(), danger]);
    assert_eq!(excluded(&masked), [near]);
    assert_eq!(
        (whole.facilities_considered, masked.facilities_considered),
        (3, 2),
        "nor by subtraction"
    );
    hub.finish().await;
}

/// The offer as the officer of its facility sees it.
async fn seen_by_facility(hub: &TestHub, offer: &v1::Offer) -> v1::Offer {
    let request = v1::GetOfferRequest {
        offer_id: offer.offer_id.clone(),
    };
    let mut officer = hub.officer(&offer.facility_id);
    let seen = officer.referral.get_offer(request).await.unwrap();
    seen.into_inner().offer.unwrap()
}

#[tokio::test]
async fn an_offer_carries_what_a_decision_needs_and_after_a_decline_what_the_records_need() {
    let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let told = v1::Intake {
        need: Some(v1::Need {
            forms: vec![v1::ServiceForm::Therapy as i32],
            ..v1::Need::default()
        }),
        ..told("1", v1::Cluster::Anak, "anak_telantar")
    };
    let answer = report(&mut worker, told).await;
    let offer = answer.outcome.unwrap().offer.unwrap();
    assert_eq!(
        offer.party[0].age_years,
        Some(30),
        "who works on the case sees it"
    );

    let asked = seen_by_facility(&hub, &offer).await;
    assert_eq!(asked.mask_reason(), v1::MaskReason::NotAccepted);
    let member = &asked.party[0];
    assert_eq!((member.age_years, member.age_band()), (None, v1::AgeBand::Adult));
    assert_eq!(member.sex(), v1::Sex::Female);
    assert_eq!(
        (asked.cluster(), asked.urgency()),
        (v1::Cluster::Anak, v1::Urgency::Regular)
    );
    assert_eq!(asked.ppks_category, "anak_telantar");
    assert_eq!(asked.forms, [v1::ServiceForm::Therapy as i32]);
    let text = format!("{asked:?}");
    for secret in SECRETS.iter().chain(&[VILLAGE]) {
        assert!(!text.contains(secret), "{secret}");
    }

    let decline = v1::DeclineOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: v1::DeclineReason::NotEligible as i32,
        ..v1::DeclineOfferRequest::default()
    };
    let mut officer = hub.officer(&offer.facility_id);
    let answered = officer
        .referral
        .decline_offer(decline)
        .await
        .unwrap()
        .into_inner();
    let declined = seen_by_facility(&hub, &offer).await;
    assert_eq!(answered.offer.as_ref(), Some(&declined));
    assert_eq!(declined.mask_reason(), v1::MaskReason::OfferEnded);
    assert!(declined.party.is_empty() && declined.forms.is_empty() && declined.ppks_category.is_empty());
    assert_eq!(declined.decline_reason(), v1::DeclineReason::NotEligible);
    hub.finish().await;
}

#[tokio::test]
async fn a_facility_that_accepts_sees_the_person_and_loses_sight_of_no_one_elses() {
    let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let answer = report(
        &mut worker,
        v1::Intake {
            need: None,
            ..told("1", v1::Cluster::Anak, "")
        },
    )
    .await;
    let offer = answer.outcome.unwrap().offer.unwrap();
    let mut officer = hub.officer(&offer.facility_id);
    let get = || v1::GetCaseRequest {
        case_id: offer.case_id.clone(),
    };
    let refused = officer.cases.get_case(get()).await.unwrap_err();
    assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let accepted = officer.referral.accept_offer(accept).await.unwrap().into_inner();
    assert_eq!(accepted.offer.unwrap().party[0].age_years, Some(30));
    let seen = case(&mut officer, &offer.case_id).await;
    assert_eq!(seen.persons[0].name, "Kenanga Kenari");
    // The coordinator no longer answers for the case, and sees no more of it than needed.
    let coordinator = case(&mut hub.client(Role::Coordinator, "32.73"), &offer.case_id).await;
    assert_eq!(coordinator.mask_reason(), v1::MaskReason::Child);
    hub.finish().await;
}

#[tokio::test]
async fn a_facility_is_not_told_why_an_offer_was_taken_back() {
    let reasons = [v1::WithdrawReason::Safety, v1::WithdrawReason::WrongFacts];
    let mut seen = vec![];
    for reason in reasons {
        let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
        let mut worker = hub.client(Role::SocialWorker, "32.73");
        let answer = report(&mut worker, intake("1")).await;
        let offer = answer.outcome.unwrap().offer.unwrap();
        let withdraw = v1::WithdrawOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id.clone(),
            reason: reason as i32,
            note: String::new(),
            route_later: true,
        };
        let answer = worker
            .referral
            .withdraw_offer(withdraw)
            .await
            .unwrap()
            .into_inner();
        assert_eq!(answer.offer.unwrap().withdraw_reason(), reason);
        let told = seen_by_facility(&hub, &offer).await;
        assert_eq!(told.state(), v1::OfferState::Withdrawn);
        let mut connection = hub.database.connect().await;
        let query =
            "SELECT (payload - 'case_id' - 'facility_id')::text FROM events WHERE kind = 'offer.withdrawn'";
        let event: String = sqlx::query_scalar(query)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        seen.push((told.withdraw_reason, told.mask_reason, event));
        hub.finish().await;
    }
    assert_eq!(seen[0], seen[1], "what differs would tell the reason");
    assert_eq!(seen[0].0, 0);
}
