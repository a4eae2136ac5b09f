//! Transfers: one chain, whose sender owns the case and keeps the place until somebody accepts.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{facility, intake, request_id};
use serasi_tests::status::refusal;

use crate::care::{Care, accept, admit, events};
use crate::scene::{case, eventually, facility_id, hub_with, import, pool};

/// Occupied, held, free.
async fn places(hub: &TestHub, facility: &str) -> (i32, i32, i32) {
    let places = pool(&mut hub.coordinator(), facility).await;
    (places.occupied, places.held, places.free)
}

/// State and destination of all placements, in order.
async fn placements(hub: &TestHub) -> Vec<(String, Option<String>)> {
    let mut connection = hub.database.connect().await;
    sqlx::query_as("SELECT state, destination FROM placements ORDER BY reserved_at")
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

async fn two_facilities() -> TestHub {
    hub_with(vec![
        facility("HERE", "32.73.01", 1),
        facility("THERE", "32.04.05", 1),
    ])
    .await
}

#[tokio::test]
async fn the_sender_owns_the_case_until_somebody_accepts_and_keeps_the_place_until_admission() {
    let hub = two_facilities().await;
    let mut care = Care::admitted(&hub, "1").await;
    let here = care.placement.facility_id.clone();
    let asked = care.request_transfer().await.unwrap();
    assert!(!asked.already_under_way);
    let offer = asked.outcome.unwrap().offer.unwrap();
    let there = offer.facility_id.clone();
    assert_eq!(offer.facility_name, "LKSA THERE", "not the one they are to leave");
    let wanted = care.case().await;
    assert_eq!(wanted.state(), v1::CaseState::InService);
    assert_eq!(wanted.owner.unwrap().reference, here, "the sender owns the case");
    assert_eq!(wanted.transfer.unwrap().state(), v1::TransferState::Offered);
    assert_eq!(wanted.live_offer.unwrap().offer_id, offer.offer_id);
    assert_eq!(
        (places(&hub, &here).await, places(&hub, &there).await),
        ((1, 0, 0), (0, 1, 0))
    );

    let next = accept(&hub, &offer).await;
    let accepted = care.case().await;
    assert_eq!(accepted.state(), v1::CaseState::InService);
    assert_eq!(
        accepted.owner.unwrap().reference,
        there,
        "who accepts owns it from then on"
    );
    assert_eq!(accepted.next_deadline, next.admission_deadline_time);
    assert_eq!(
        accepted.placement.unwrap().placement_id,
        care.placement.placement_id
    );
    assert_eq!(accepted.next_placement.unwrap().placement_id, next.placement_id);
    assert_eq!(
        (places(&hub, &here).await, places(&hub, &there).await),
        ((1, 0, 0), (0, 1, 0))
    );
    let seen_here = case(&mut hub.officer(&here), &care.case_id).await;
    assert_eq!(
        seen_here.persons.len(),
        1,
        "the sender still has the persons, and sees them"
    );
    hub.finish().await;
}

#[tokio::test]
async fn admission_at_the_other_facility_ends_the_stay_at_the_first() {
    let hub = two_facilities().await;
    let mut care = Care::admitted(&hub, "1").await;
    let here = care.placement.facility_id.clone();
    let asked = care.request_transfer().await.unwrap();
    let next = accept(&hub, &asked.outcome.unwrap().offer.unwrap()).await;
    let there = next.facility_id.clone();
    admit(&mut hub.officer(&there), &next.placement_id).await.unwrap();
    let arrived = care.case().await;
    assert_eq!(arrived.placement.unwrap().placement_id, next.placement_id);
    assert!(arrived.transfer.is_none() && arrived.next_placement.is_none());
    assert_eq!(
        (places(&hub, &here).await, places(&hub, &there).await),
        ((0, 0, 1), (1, 0, 0))
    );
    let ended = [("discharged", Some("other_facility")), ("admitted", None)];
    assert_eq!(
        placements(&hub).await,
        ended.map(|(state, to)| (state.to_owned(), to.map(str::to_owned)))
    );
    let hidden = hub
        .officer(&here)
        .cases
        .get_case(v1::GetCaseRequest {
            case_id: care.case_id.clone(),
        })
        .await;
    assert!(hidden.is_err(), "who has left is no longer seen");
    let told = events(&hub, &care.case_id).await;
    assert_eq!(
        told,
        [
            "case.offered",
            "case.placed",
            "case.admitted",
            "case.transfer_offered",
            "case.placed",
            "case.admitted"
        ]
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_second_request_is_shown_the_first_and_changes_nothing() {
    let hub = two_facilities().await;
    let mut care = Care::admitted(&hub, "1").await;
    let first = care.request_transfer().await.unwrap();
    let second = care.request_transfer().await.unwrap();
    assert!(second.already_under_way);
    assert_eq!(second.case.unwrap().version, first.case.unwrap().version);
    let (first, second) = (first.outcome.unwrap(), second.outcome.unwrap());
    assert_eq!(first.offer.unwrap().offer_id, second.offer.unwrap().offer_id);
    hub.finish().await;
}

#[tokio::test]
async fn a_transfer_without_a_place_waits_in_the_queue_and_is_served_when_one_is_free() {
    let hub = hub_with(vec![facility("HERE", "32.73.01", 1)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    let asked = care.request_transfer().await.unwrap();
    assert!(asked.outcome.unwrap().offer.is_none());
    let waiting = care.case().await;
    assert_eq!(waiting.transfer.unwrap().state(), v1::TransferState::Waiting);
    let version = waiting.version;
    import(&mut care.coordinator, vec![facility("THERE", "32.04.05", 1)]).await;
    let coordinator = hub.coordinator();
    let look = || async { case(&mut coordinator.clone(), &care.case_id).await };
    let offered = eventually(look, |case| case.live_offer.is_some()).await;
    assert_eq!(offered.state(), v1::CaseState::InService);
    assert_eq!(
        offered.version,
        version + 1,
        "tries without a result leave no trace"
    );
    hub.finish().await;
}

#[tokio::test]
async fn declines_count_but_do_not_take_the_case_from_who_serves_the_persons() {
    let mut rows = vec![facility("HERE", "32.73.01", 1)];
    rows.extend(["B", "C", "D"].map(|name| facility(name, "32.04.05", 1)));
    let hub = hub_with(rows).await;
    let mut care = Care::admitted(&hub, "1").await;
    let here = care.placement.facility_id.clone();
    care.request_transfer().await.unwrap();
    for _ in 0..3 {
        let offer = care.case().await.live_offer.unwrap();
        let decline = v1::DeclineOfferRequest {
            request_id: request_id(),
            offer_id: offer.offer_id,
            reason: v1::DeclineReason::NotEligible as i32,
            ..v1::DeclineOfferRequest::default()
        };
        hub.officer(&offer.facility_id)
            .referral
            .decline_offer(decline)
            .await
            .unwrap();
    }
    let now = care.case().await;
    assert_eq!((now.refusals, now.escalations), (3, 0));
    assert_eq!(now.owner.unwrap().reference, here);
    assert_eq!(now.transfer.unwrap().state(), v1::TransferState::Waiting);
    hub.finish().await;
}

#[tokio::test]
async fn a_cancelled_transfer_gives_back_what_it_took_in_every_state() {
    let hub = hub_with(vec![facility("HERE", "32.73.01", 1)]).await;
    let mut care = Care::admitted(&hub, "1").await;
    let here = care.placement.facility_id.clone();
    let nothing = care.cancel_transfer().await.unwrap_err();
    assert_eq!(refusal(&nothing).1, "CASE_STATE");
    care.request_transfer().await.unwrap();
    assert!(
        care.cancel_transfer().await.unwrap().transfer.is_none(),
        "waiting"
    );

    import(&mut care.coordinator, vec![facility("THERE", "32.04.05", 1)]).await;
    let there = facility_id(&mut care.coordinator, "THERE").await;
    care.request_transfer().await.unwrap();
    assert_eq!(places(&hub, &there).await, (0, 1, 0));
    assert!(
        care.cancel_transfer().await.unwrap().transfer.is_none(),
        "offered"
    );
    assert_eq!(places(&hub, &there).await, (0, 0, 1));

    import(&mut care.coordinator, vec![facility("ELSEWHERE", "32.04.06", 1)]).await;
    let asked = care.request_transfer().await.unwrap();
    let offer = asked.outcome.unwrap().offer.unwrap();
    accept(&hub, &offer).await;
    let stays = care.cancel_transfer().await.unwrap();
    assert!(stays.transfer.is_none(), "accepted");
    assert_eq!(
        stays.owner.unwrap().reference,
        here,
        "the sender has the case back"
    );
    assert_eq!(places(&hub, &offer.facility_id).await, (0, 0, 1));
    assert_eq!(places(&hub, &here).await, (1, 0, 0));
    hub.finish().await;
}

#[tokio::test]
async fn who_does_not_arrive_there_is_still_here() {
    let hub = two_facilities().await;
    let mut care = Care::admitted(&hub, "1").await;
    let asked = care.request_transfer().await.unwrap();
    let next = accept(&hub, &asked.outcome.unwrap().offer.unwrap()).await;
    let missed = v1::MarkNoShowRequest {
        request_id: request_id(),
        placement_id: next.placement_id,
        reason: v1::NoShowReason::DidNotArrive as i32,
        ..v1::MarkNoShowRequest::default()
    };
    hub.officer(&next.facility_id)
        .referral
        .mark_no_show(missed)
        .await
        .unwrap();
    let back = care.case().await;
    assert_eq!(back.state(), v1::CaseState::InService);
    assert_eq!(back.owner.unwrap().reference, care.placement.facility_id);
    assert!(back.transfer.is_none() && back.next_deadline.is_some());
    hub.finish().await;
}

#[tokio::test]
async fn who_leaves_for_the_accepting_facility_is_expected_there_and_who_goes_home_is_not() {
    let hub = hub_with(vec![
        facility("HERE", "32.73.01", 2),
        facility("THERE", "32.04.05", 2),
    ])
    .await;
    let mut travels = Care::admitted(&hub, "1").await;
    let asked = travels.request_transfer().await.unwrap();
    let next = accept(&hub, &asked.outcome.unwrap().offer.unwrap()).await;
    travels
        .discharge(v1::DischargeDestination::OtherFacility)
        .await
        .unwrap();
    let on_the_way = travels.case().await;
    assert_eq!(on_the_way.state(), v1::CaseState::Placed);
    assert_eq!(on_the_way.placement.unwrap().placement_id, next.placement_id);
    assert_eq!(on_the_way.next_deadline, next.admission_deadline_time);
    admit(&mut hub.officer(&next.facility_id), &next.placement_id)
        .await
        .unwrap();

    let mut goes_home = Care::admitted(&hub, "2").await;
    let asked = goes_home.request_transfer().await.unwrap();
    let offer = asked.outcome.unwrap().offer.unwrap();
    goes_home
        .discharge(v1::DischargeDestination::Family)
        .await
        .unwrap();
    assert_eq!(goes_home.case().await.state(), v1::CaseState::Aftercare);
    let offer = hub
        .coordinator()
        .referral
        .get_offer(v1::GetOfferRequest {
            offer_id: offer.offer_id,
        })
        .await;
    assert_eq!(
        offer.unwrap().into_inner().offer.unwrap().state(),
        v1::OfferState::Withdrawn
    );
    hub.finish().await;
}

#[tokio::test]
async fn only_who_has_the_persons_or_decides_for_them_asks_for_a_transfer() {
    let hub = two_facilities().await;
    let mut care = Care::admitted(&hub, "1").await;
    let there = facility_id(&mut care.coordinator, "THERE").await;
    care.officer = hub.officer(&there);
    assert_eq!(
        care.request_transfer().await.unwrap_err().code(),
        tonic::Code::NotFound
    );
    care.officer = hub.client(Role::HotlineOperator, "ID");
    assert_eq!(
        care.request_transfer().await.unwrap_err().code(),
        tonic::Code::PermissionDenied
    );
    let mut placed = Care::placed(&hub, intake("2")).await;
    assert_eq!(
        refusal(&placed.request_transfer().await.unwrap_err()).1,
        "CASE_STATE"
    );
    hub.finish().await;
}
