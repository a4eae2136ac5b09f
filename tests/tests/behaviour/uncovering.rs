//! Ways around a mask that lead nowhere: triage, the facility's other people, reports sent to be compared, lists by key,
//! and retries from elsewhere.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{metadata, refusal};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::care::Care;
use crate::scene::{case, hub_with};

const HERE: &str = "32.73";
const NAME: &str = "Melati Contoh";

/// A child's case in a hub without facilities.
async fn a_childs_case(hub: &TestHub) -> String {
    let mut reporter = hub.client(Role::Referrer, "33");
    let answer = reporter.intake.submit_intake(submit(intake("1"))).await.unwrap();
    answer.into_inner().case.unwrap().case_id
}

async fn triage_as_of_an_old_man(client: &mut Client, case_id: &str) -> v1::Case {
    let triage = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        cluster: v1::Cluster::Lansia as i32,
        ppks_category: "lansia_telantar".to_owned(),
        party: vec![v1::PartyMember {
            age_years: Some(70),
            ..v1::PartyMember::default()
        }],
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    let answer = client.cases.triage_case(triage).await.unwrap();
    answer.into_inner().case.unwrap()
}

#[tokio::test]
async fn who_sees_a_case_masked_does_not_uncover_it_by_triage_and_who_sees_it_whole_may() {
    let hub = hub_with(vec![]).await;
    let id = a_childs_case(&hub).await;
    let mut hotline = hub.client(Role::HotlineOperator, HERE);
    let mut worker = hub.client(Role::SocialWorker, HERE);
    for _ in 0..2 {
        let said = triage_as_of_an_old_man(&mut hotline, &id).await;
        assert_eq!(said.cluster(), v1::Cluster::Lansia);
        assert_eq!(said.mask_reason(), v1::MaskReason::Child);
    }
    assert_eq!(case(&mut hotline, &id).await.persons[0].name, "***");
    let more_urgent = v1::TriageCaseRequest {
        request_id: request_id(),
        case_id: id.clone(),
        urgency: v1::Urgency::Urgent as i32,
        route_later: true,
        ..v1::TriageCaseRequest::default()
    };
    worker.cases.triage_case(more_urgent).await.unwrap();
    let unnoticed = case(&mut hotline, &id).await;
    assert_eq!(
        unnoticed.persons[0].name, "***",
        "who sees it whole has said nothing of what kind it is"
    );
    triage_as_of_an_old_man(&mut worker, &id).await;
    assert_eq!(case(&mut hotline, &id).await.persons[0].name, NAME);
    hub.finish().await;
}

#[tokio::test]
async fn nobody_of_a_house_is_told_that_a_place_or_an_offer_was_taken_back_for_safety() {
    let mut told = vec![];
    for is_danger in [true, false] {
        let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
        let mut care = Care::placed(&hub, intake("1")).await;
        let cancel = v1::CancelPlacementRequest {
            request_id: request_id(),
            placement_id: care.placement.placement_id.clone(),
            reason: if is_danger {
                v1::CancelReason::Safety
            } else {
                v1::CancelReason::PersonChangedMind
            } as i32,
            route_later: true,
            ..v1::CancelPlacementRequest::default()
        };
        care.worker.referral.cancel_placement(cancel).await.unwrap();
        let answer = care
            .worker
            .intake
            .submit_intake(submit(intake("2")))
            .await
            .unwrap();
        let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
        let withdraw = v1::WithdrawOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id.clone(),
            reason: if is_danger {
                v1::WithdrawReason::Safety
            } else {
                v1::WithdrawReason::PersonChangedMind
            } as i32,
            route_later: true,
            ..v1::WithdrawOfferRequest::default()
        };
        care.worker.referral.withdraw_offer(withdraw).await.unwrap();
        for role in [Role::SocialWorker, Role::Supervisor, Role::FacilityOfficer] {
            let token = hub.token(&[role], HERE, Some(&offer.facility_id));
            let look = v1::GetOfferRequest {
                offer_id: offer.offer_id.clone(),
            };
            let seen = hub
                .with_token(Some(&token))
                .referral
                .get_offer(look)
                .await
                .unwrap();
            assert_eq!(seen.into_inner().offer.unwrap().withdraw_reason, 0, "{role}");
        }
        let mut connection = hub.database.connect().await;
        let query = "SELECT kind, payload ->> 'reason' FROM events WHERE payload ? 'reason' ORDER BY kind";
        let events: Vec<(String, String)> = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
        assert!(
            events.iter().any(|(kind, _)| kind == "placement.cancelled"),
            "{events:?}"
        );
        assert!(
            events.iter().any(|(kind, _)| kind == "case.triaged"),
            "{events:?}"
        );
        told.push(events);
        hub.finish().await;
    }
    assert_eq!(told[0], told[1], "what differs would tell the reason");
}

/// How often somebody put `verb` on record about `subject`.
async fn on_record(hub: &TestHub, verb: &str, subject: &str) -> i64 {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar("SELECT count(*) FROM audit_entries WHERE verb = $1 AND subject_id = $2")
        .bind(verb)
        .bind(subject)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_report_sent_to_be_compared_tells_strangers_nothing_and_is_on_record() {
    let hub = hub_with(vec![]).await;
    let id = a_childs_case(&hub).await;
    let guess = v1::Intake {
        region_code: "32.73.02".to_owned(),
        ..intake("1")
    };
    let mut stranger = hub.client(Role::HotlineOperator, HERE);
    for times in 2..4 {
        let refused = stranger
            .intake
            .submit_intake(submit(guess.clone()))
            .await
            .unwrap_err();
        assert_eq!(
            refusal(&refused),
            (Code::AlreadyExists, "SOURCE_KEY_CONFLICT".to_owned())
        );
        let shown = format!("{refused:?}");
        assert!(!shown.contains(&id) && !shown.contains("region_code"), "{shown}");
        assert_eq!(on_record(&hub, "SubmitIntake", &id).await, times);
    }
    let mut first = hub.with_token(Some(&hub.token_of("aminah", &[Role::Referrer], "33", None)));
    first.intake.submit_intake(submit(intake("2"))).await.unwrap();
    let other = v1::Intake {
        story: "Cerita lain.".to_owned(),
        ..intake("2")
    };
    let refused = first.intake.submit_intake(submit(other)).await.unwrap_err();
    assert_eq!(metadata(&refused, "differences"), "story");
    hub.finish().await;
}

#[tokio::test]
async fn a_list_does_not_find_a_masked_case_by_the_key_of_its_sender() {
    let hub = hub_with(vec![]).await;
    let mut reporter = hub.with_token(Some(&hub.token_of("aminah", &[Role::Referrer], "33", None)));
    reporter.intake.submit_intake(submit(intake("1"))).await.unwrap();
    let found = async |client: &mut Client, source_system: &str, source_ref: &str| {
        let list = v1::ListCasesRequest {
            source_system: source_system.to_owned(),
            source_ref: source_ref.to_owned(),
            ..v1::ListCasesRequest::default()
        };
        client
            .cases
            .list_cases(list)
            .await
            .unwrap()
            .into_inner()
            .cases
            .len()
    };
    let mut hotline = hub.client(Role::HotlineOperator, HERE);
    assert_eq!(found(&mut hotline, "", "").await, 1);
    assert_eq!(found(&mut hotline, "", "1").await, 0);
    assert_eq!(found(&mut hotline, "hotline-uji", "").await, 0);
    let mut worker = hub.client(Role::SocialWorker, HERE);
    assert_eq!(found(&mut worker, "hotline-uji", "1").await, 1);
    assert_eq!(found(&mut reporter, "", "1").await, 1, "who sent it knows");
    hub.finish().await;
}

#[tokio::test]
async fn a_linked_report_sent_again_tells_how_the_main_case_stands_and_not_who_is_asked() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut worker = hub.client(Role::SocialWorker, HERE);
    let mut reporter = hub.with_token(Some(&hub.token_of("aminah", &[Role::Referrer], "33", None)));
    let taken_down = v1::SubmitIntakeRequest {
        route_later: true,
        ..submit(intake("1"))
    };
    let follower = reporter.intake.submit_intake(taken_down).await.unwrap();
    let follower = follower.into_inner().case.unwrap().case_id;
    let main = worker.intake.submit_intake(submit(intake("2"))).await.unwrap();
    let main = main.into_inner().case.unwrap();
    assert_eq!(main.state(), v1::CaseState::Offered);
    let main = main.case_id;
    let link = v1::LinkCasesRequest {
        request_id: request_id(),
        main_case_id: main.clone(),
        case_id: follower,
    };
    worker.cases.link_cases(link).await.unwrap();
    let mut stranger = hub.client(Role::Referrer, "33");
    let again = stranger.intake.submit_intake(submit(intake("1"))).await.unwrap();
    let again = again.into_inner();
    assert_eq!(again.case.unwrap().linked_to_case_id, main);
    let outcome = again.outcome.unwrap();
    assert_eq!(outcome.result(), v1::RouteResult::Offered);
    assert!(
        outcome.offer.is_none() && outcome.decision_id.is_empty(),
        "{outcome:?}"
    );
    assert!(!outcome.message_en.contains("LKSA"), "{}", outcome.message_en);
    assert!(on_record(&hub, "SubmitIntake", &main).await >= 2);
    let by_worker = worker.intake.submit_intake(submit(intake("1"))).await.unwrap();
    assert!(by_worker.into_inner().outcome.unwrap().offer.is_some());
    hub.finish().await;
}

#[tokio::test]
async fn a_retry_by_the_same_person_from_elsewhere_is_not_told_the_first_answer() {
    let hub = hub_with(vec![facility("A", "32.73.01", 2)]).await;
    let who = |roles: &[Role], scope| hub.with_token(Some(&hub.token_of("rina", roles, scope, None)));
    let request = submit(intake("1"));
    let first = who(&[Role::SocialWorker], HERE)
        .intake
        .submit_intake(request.clone())
        .await
        .unwrap();
    let again = who(&[Role::SocialWorker], HERE)
        .intake
        .submit_intake(request.clone())
        .await
        .unwrap();
    assert_eq!(first.into_inner(), again.into_inner());
    let moved = [
        who(&[Role::SocialWorker], "32.04"),
        who(&[Role::HotlineOperator], HERE),
        hub.with_token(Some(&hub.token_of(
            "rina",
            &[Role::SocialWorker],
            HERE,
            Some(&crate::scene::facility_id(&mut hub.coordinator(), "A").await),
        ))),
    ];
    for mut moved in moved {
        let refused = moved.intake.submit_intake(request.clone()).await.unwrap_err();
        assert_eq!(refusal(&refused).1, "REQUEST_ID_REUSED");
    }
    hub.finish().await;
}
