//! Reserved places that nobody takes, and where persons go who leave.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id};
use serasi_tests::status::refusal;
use serasi_tests::{Client, TestHub};
use tonic::{Code, Status};

use crate::care::{Care, admit, events};
use crate::scene::{facility_id, hub_with, pool};

async fn no_show(
    client: &mut Client,
    placement: &v1::Placement,
    reason: v1::NoShowReason,
) -> Result<v1::MarkNoShowResponse, Status> {
    let request = v1::MarkNoShowRequest {
        request_id: request_id(),
        placement_id: placement.placement_id.clone(),
        reason: reason as i32,
        note: "Tidak ada kabar.".to_owned(),
        route_later: false,
    };
    Ok(client.referral.mark_no_show(request).await?.into_inner())
}

async fn cancel(
    client: &mut Client,
    placement: &v1::Placement,
    reason: v1::CancelReason,
) -> Result<v1::CancelPlacementResponse, Status> {
    let request = v1::CancelPlacementRequest {
        request_id: request_id(),
        placement_id: placement.placement_id.clone(),
        reason: reason as i32,
        note: "Atap bocor.".to_owned(),
        route_later: false,
    };
    Ok(client.referral.cancel_placement(request).await?.into_inner())
}

async fn two_facilities() -> TestHub {
    hub_with(vec![
        facility("NEAR", "32.73.01", 1),
        facility("FAR", "32.04.05", 1),
    ])
    .await
}

#[tokio::test]
async fn who_does_not_arrive_frees_the_place_and_is_looked_for_by_the_coordinator() {
    let hub = two_facilities().await;
    let mut care = Care::placed(&hub, intake("1")).await;
    let answer = no_show(&mut care.officer, &care.placement, v1::NoShowReason::DidNotArrive)
        .await
        .unwrap();
    assert_eq!(answer.next(), v1::RouteResult::NotRouted);
    let placement = answer.placement.unwrap();
    assert_eq!(
        (placement.state(), placement.no_show_reason()),
        (v1::PlacementState::NoShow, v1::NoShowReason::DidNotArrive)
    );
    assert!(placement.end_time.is_some());
    let now = care.case().await;
    assert_eq!(now.state(), v1::CaseState::Triaged);
    let owner = now.owner.unwrap();
    assert_eq!(
        (owner.kind(), owner.reference.as_str()),
        (v1::OwnerKind::Coordinator, "32.73")
    );
    assert!(now.next_deadline.is_some());
    let places = pool(&mut care.coordinator, &placement.facility_id).await;
    assert_eq!((places.held, places.free), (0, 1));
    let told = events(&hub, &placement.placement_id).await;
    assert_eq!(told, ["placement.no_show"]);
    let late = admit(&mut care.officer, &placement.placement_id)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&late),
        (Code::FailedPrecondition, "PLACEMENT_STATE".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn who_refuses_to_go_there_is_offered_to_the_next_facility() {
    let hub = two_facilities().await;
    let mut care = Care::placed(&hub, intake("1")).await;
    let answer = no_show(
        &mut care.officer,
        &care.placement,
        v1::NoShowReason::PersonRefused,
    )
    .await
    .unwrap();
    assert_eq!(answer.next(), v1::RouteResult::Offered);
    let offer = care.case().await.live_offer.unwrap();
    assert_eq!((offer.facility_name.as_str(), offer.attempt), ("LKSA FAR", 2));
    hub.finish().await;
}

#[tokio::test]
async fn everybody_of_the_house_that_holds_the_place_says_so_at_once_and_of_another_house_nobody() {
    let hub = hub_with(vec![
        facility("NEAR", "32.73.01", 3),
        facility("FAR", "32.04.05", 1),
    ])
    .await;
    let mut coordinator = hub.coordinator();
    let near = facility_id(&mut coordinator, "NEAR").await;
    let far = facility_id(&mut coordinator, "FAR").await;
    for (number, role) in [Role::FacilityOfficer, Role::SocialWorker, Role::Supervisor]
        .into_iter()
        .enumerate()
    {
        let mut care = Care::placed(&hub, intake(&number.to_string())).await;
        assert_eq!(care.placement.facility_id, near);
        // Their scope reaches no case here: only the house does.
        let of = |house| hub.with_token(Some(&hub.token(&[role], "33", Some(house))));
        let reason = v1::NoShowReason::DidNotArrive;
        let hidden = no_show(&mut of(&far), &care.placement, reason).await.unwrap_err();
        assert_eq!(hidden.code(), Code::NotFound, "{role}");
        no_show(&mut of(&near), &care.placement, reason).await.unwrap();
        assert_eq!(care.case().await.state(), v1::CaseState::Triaged, "{role}");
    }
    hub.finish().await;
}

#[tokio::test]
async fn others_than_the_facility_say_so_after_the_admission_deadline_only() {
    let hub = two_facilities().await;
    let mut care = Care::placed(&hub, intake("1")).await;
    // Sees the case, and has no say at the facility.
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let early = no_show(&mut worker, &care.placement, v1::NoShowReason::NoTransport)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&early),
        (Code::FailedPrecondition, "ADMISSION_NOT_DUE".to_owned())
    );
    let mut connection = hub.database.connect().await;
    sqlx::query("UPDATE placements SET admit_before = now() - interval '1 second'")
        .execute(&mut connection)
        .await
        .unwrap();
    no_show(&mut worker, &care.placement, v1::NoShowReason::NoTransport)
        .await
        .unwrap();
    assert_eq!(care.case().await.state(), v1::CaseState::Triaged);
    let mut stranger = hub.client(Role::SocialWorker, "33");
    let hidden = no_show(&mut stranger, &care.placement, v1::NoShowReason::NoTransport)
        .await
        .unwrap_err();
    assert_eq!(hidden.code(), Code::NotFound);
    hub.finish().await;
}

#[tokio::test]
async fn a_facility_that_cannot_after_all_gives_the_place_back_and_the_next_is_asked() {
    let hub = two_facilities().await;
    let mut care = Care::placed(&hub, intake("1")).await;
    let answer = cancel(
        &mut care.officer,
        &care.placement,
        v1::CancelReason::FacilityCannot,
    )
    .await
    .unwrap();
    assert_eq!(answer.next(), v1::RouteResult::Offered);
    let placement = answer.placement.unwrap();
    assert_eq!(
        (placement.state(), placement.cancel_reason()),
        (v1::PlacementState::Cancelled, v1::CancelReason::FacilityCannot)
    );
    let offer = care.case().await.live_offer.unwrap();
    assert_eq!(offer.facility_name, "LKSA FAR");
    hub.finish().await;
}

#[tokio::test]
async fn help_from_elsewhere_leaves_the_case_with_its_coordinator_who_closes_it() {
    let hub = two_facilities().await;
    let mut care = Care::placed(&hub, intake("1")).await;
    let mut worker = hub.client(Role::SocialWorker, "32.73");
    let answer = cancel(&mut worker, &care.placement, v1::CancelReason::SolvedOtherwise)
        .await
        .unwrap();
    assert_eq!(answer.next(), v1::RouteResult::NotRouted);
    let closed = care.close(v1::CloseReason::ReferredOut).await.unwrap();
    assert_eq!(closed.close_reason(), v1::CloseReason::ReferredOut);
    hub.finish().await;
}

#[tokio::test]
async fn where_persons_go_decides_what_becomes_of_the_case() {
    let hub = hub_with(vec![facility("A", "32.73.01", 6)]).await;
    let ways = [
        (v1::DischargeDestination::Family, v1::CaseState::Aftercare),
        (v1::DischargeDestination::OtherFacility, v1::CaseState::Aftercare),
        (v1::DischargeDestination::Independent, v1::CaseState::Aftercare),
        (v1::DischargeDestination::Left, v1::CaseState::Aftercare),
        (v1::DischargeDestination::Death, v1::CaseState::Closed),
    ];
    for (number, (to, becomes)) in ways.into_iter().enumerate() {
        let mut care = Care::admitted(&hub, &number.to_string()).await;
        let placement = care.discharge(to).await.unwrap();
        assert_eq!(
            (placement.state(), placement.destination()),
            (v1::PlacementState::Discharged, to)
        );
        let now = care.case().await;
        assert_eq!(now.state(), becomes, "{to:?}");
        assert_eq!(now.next_deadline.is_none(), becomes == v1::CaseState::Closed);
        let again = care.discharge(to).await.unwrap_err();
        assert_eq!(refusal(&again).1, "PLACEMENT_STATE");
        if becomes == v1::CaseState::Closed {
            assert_eq!(now.close_reason(), v1::CloseReason::Died);
        } else {
            let closed = care.close(v1::CloseReason::LostContact).await.unwrap();
            assert_eq!(closed.state(), v1::CaseState::Closed);
        }
    }
    hub.finish().await;
}
