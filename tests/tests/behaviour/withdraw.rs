//! Those who decide where a case goes take an offer back: the place is free, the next is asked, nobody has refused.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::status::{refusal, violated_fields};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::scene::{case, facility_id, hub_with, pool};

async fn offer_for(client: &mut Client, reference: &str) -> v1::Offer {
    let answer = client
        .intake
        .submit_intake(submit(intake(reference)))
        .await
        .unwrap()
        .into_inner();
    answer.outcome.unwrap().offer.unwrap()
}

fn withdrawal(offer: &v1::Offer, reason: v1::WithdrawReason) -> v1::WithdrawOfferRequest {
    v1::WithdrawOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        reason: reason as i32,
        note: "catatan rahasia".to_owned(),
        route_later: false,
    }
}

async fn withdraw(client: &mut Client, request: v1::WithdrawOfferRequest) -> v1::WithdrawOfferResponse {
    client
        .referral
        .withdraw_offer(request)
        .await
        .unwrap()
        .into_inner()
}

async fn kinds_of_events(hub: &TestHub) -> Vec<String> {
    let mut connection = hub.database.connect().await;
    sqlx::query_scalar("SELECT kind FROM events WHERE kind NOT LIKE 'policy.%' ORDER BY position")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_withdrawn_offer_frees_the_place_and_the_next_is_asked_without_a_refusal() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.01", 1),
        facility("FAR", "32.04.05", 1),
    ])
    .await;
    let mut client = hub.coordinator();
    let first = offer_for(&mut client, "1").await;
    assert_eq!(first.facility_name, "LKSA NEAR");
    let answer = withdraw(
        &mut client,
        withdrawal(&first, v1::WithdrawReason::PersonChangedMind),
    )
    .await;
    let withdrawn = answer.offer.unwrap();
    assert_eq!(withdrawn.state(), v1::OfferState::Withdrawn);
    assert_eq!(withdrawn.withdraw_reason(), v1::WithdrawReason::PersonChangedMind);
    assert!(withdrawn.answer_time.is_some());
    let second = answer.outcome.unwrap().offer.unwrap();
    assert_eq!((second.facility_name.as_str(), second.attempt), ("LKSA FAR", 2));
    assert_eq!(pool(&mut client, &first.facility_id).await.free, 1);
    let now = case(&mut client, &first.case_id).await;
    assert_eq!(
        (now.state(), now.refusals, now.escalations),
        (v1::CaseState::Offered, 0, 0)
    );
    assert_eq!(now.owner.unwrap().reference, "32.73");
    assert_eq!(
        kinds_of_events(&hub).await,
        [
            "case.offered",
            "offer.offered",
            "offer.withdrawn",
            "case.offered",
            "offer.offered"
        ]
    );

    let late = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: first.offer_id,
        capacity: None,
    };
    let mut officer = hub.officer(&first.facility_id);
    let late = officer.referral.accept_offer(late).await.unwrap_err();
    assert_eq!(
        refusal(&late),
        (Code::FailedPrecondition, "OFFER_STATE".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn withdrawn_for_safety_a_facility_is_never_asked_again_and_else_for_a_while() {
    for (reason, outcome, lasting) in [
        (v1::WithdrawReason::Safety, v1::RouteResult::NoCandidate, true),
        (
            v1::WithdrawReason::PersonChangedMind,
            v1::RouteResult::Waiting,
            false,
        ),
        // Somebody must look at the case first.
        (v1::WithdrawReason::WrongFacts, v1::RouteResult::NotRouted, false),
        (
            v1::WithdrawReason::SolvedOtherwise,
            v1::RouteResult::NotRouted,
            false,
        ),
        (v1::WithdrawReason::Other, v1::RouteResult::Waiting, false),
    ] {
        let hub = hub_with(vec![facility("ONLY", "32.73.01", 5)]).await;
        let mut client = hub.coordinator();
        let offer = offer_for(&mut client, "1").await;
        let answer = withdraw(&mut client, withdrawal(&offer, reason)).await;
        assert_eq!(answer.outcome.unwrap().result(), outcome, "{reason:?}");
        let mut connection = hub.database.connect().await;
        let query = "SELECT excluded_until IS NULL, (excluded_until > now() + interval '23 hours') IS TRUE
             FROM case_exclusions";
        let kept: (bool, bool) = sqlx::query_as(query).fetch_one(&mut connection).await.unwrap();
        assert_eq!(kept, (lasting, !lasting), "{reason:?}");
        // Another case may go there.
        assert_eq!(offer_for(&mut client, "2").await.facility_id, offer.facility_id);
        hub.finish().await;
    }
}

#[tokio::test]
async fn withdrawn_to_be_routed_later_the_case_waits_for_its_coordinator() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let offer = offer_for(&mut client, "1").await;
    let request = v1::WithdrawOfferRequest {
        route_later: true,
        ..withdrawal(&offer, v1::WithdrawReason::WrongFacts)
    };
    let answer = withdraw(&mut client, request).await;
    assert_eq!(answer.outcome.unwrap().result(), v1::RouteResult::NotRouted);
    let triaged = answer.case.unwrap();
    assert_eq!(triaged.state(), v1::CaseState::Triaged);
    assert!(triaged.next_deadline.is_some());
    assert_eq!(triaged.owner.as_ref().unwrap().kind(), v1::OwnerKind::Coordinator);
    assert_eq!(pool(&mut client, &offer.facility_id).await.free, 1);
    assert_eq!(
        kinds_of_events(&hub).await,
        ["case.offered", "offer.offered", "offer.withdrawn", "case.triaged"]
    );
    let route = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: offer.case_id,
        version: triaged.version,
        use_active_policy: false,
    };
    let routed = client.referral.route_case(route).await.unwrap().into_inner();
    let next = routed.outcome.unwrap().offer.unwrap();
    assert_ne!(next.facility_id, offer.facility_id, "it is left out for a while");
    hub.finish().await;
}

#[tokio::test]
async fn only_those_who_decide_for_the_person_withdraw_and_only_in_their_scope() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "32.73.02", 1)]).await;
    let offer = offer_for(&mut hub.coordinator(), "1").await;
    let request = || withdrawal(&offer, v1::WithdrawReason::WrongFacts);
    let denied = (Code::PermissionDenied, "PERMISSION_DENIED".to_owned());
    let hidden = (Code::NotFound, "NOT_FOUND".to_owned());
    for (mut client, expected) in [
        (hub.client(Role::HotlineOperator, "ID"), &denied),
        (hub.officer(&offer.facility_id), &denied),
        (hub.client(Role::SocialWorker, "32.74"), &hidden),
        (hub.client(Role::Coordinator, "33"), &hidden),
    ] {
        let refused = client.referral.withdraw_offer(request()).await.unwrap_err();
        assert_eq!(refusal(&refused), *expected);
    }
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    withdraw(&mut worker, request()).await;
    hub.finish().await;
}

#[tokio::test]
async fn what_is_answered_cannot_be_withdrawn_and_a_reason_must_be_given() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let mut client = hub.coordinator();
    let offer = offer_for(&mut client, "1").await;
    let wordless = v1::WithdrawOfferRequest {
        note: String::new(),
        ..withdrawal(&offer, v1::WithdrawReason::Other)
    };
    let refused = client.referral.withdraw_offer(wordless).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["note"]);
    let unexplained = withdrawal(&offer, v1::WithdrawReason::Unspecified);
    let refused = client.referral.withdraw_offer(unexplained).await.unwrap_err();
    assert_eq!(violated_fields(&refused), ["reason"]);

    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let mut officer = hub.officer(&offer.facility_id);
    officer.referral.accept_offer(accept).await.unwrap();
    let request = withdrawal(&offer, v1::WithdrawReason::Safety);
    let refused = client.referral.withdraw_offer(request).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "OFFER_STATE".to_owned())
    );
    assert_eq!(pool(&mut client, &offer.facility_id).await.held, 1);
    hub.finish().await;
}

#[tokio::test]
async fn the_words_of_a_withdrawal_are_sealed_and_its_retry_gets_the_first_response() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1)]).await;
    let token = hub.token(&[Role::Coordinator, Role::HotlineOperator], "ID", None);
    let mut client = hub.with_token(Some(&token));
    let offer = offer_for(&mut client, "1").await;
    let request = withdrawal(&offer, v1::WithdrawReason::WrongFacts);
    let first = withdraw(&mut client, request.clone()).await;
    assert_eq!(withdraw(&mut client, request).await, first);
    let mut connection = hub.database.connect().await;
    let query = "SELECT withdraw_note, withdraw_reason FROM offers";
    let (note, reason): (Vec<u8>, String) = sqlx::query_as(query).fetch_one(&mut connection).await.unwrap();
    assert!(!note.windows(7).any(|bytes| bytes == b"rahasia"));
    assert_eq!(reason, "wrong_facts");
    hub.finish().await;
}

#[tokio::test]
async fn one_offer_is_shown_to_the_facility_that_is_asked_and_to_those_who_see_the_case() {
    let hub = hub_with(vec![facility("A", "32.73.01", 1), facility("B", "33.74.01", 1)]).await;
    let mut client = hub.coordinator();
    let offer = offer_for(&mut client, "1").await;
    let stranger = facility_id(&mut client, "B").await;
    let request = v1::GetOfferRequest {
        offer_id: offer.offer_id.clone(),
    };
    for (mut client, sees) in [
        (hub.officer(&offer.facility_id), true),
        (hub.client(Role::HotlineOperator, "32.73"), true),
        (hub.officer(&stranger), false),
        (hub.client(Role::Coordinator, "33"), false),
    ] {
        let got = client.referral.get_offer(request.clone()).await;
        match got {
            Ok(got) => {
                let got = got.into_inner().offer.unwrap();
                assert!(sees && got.offer_id == offer.offer_id && got.state == offer.state);
            }
            Err(refused) => {
                assert!(!sees);
                assert_eq!(refusal(&refused), (Code::NotFound, "NOT_FOUND".to_owned()));
            }
        }
    }
    hub.finish().await;
}
