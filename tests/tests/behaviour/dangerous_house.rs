//! Persons who leave a house for their safety are neither kept there nor sent back.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, request_id};
use serasi_tests::{Client, TestHub};
use tonic::Code;

use crate::care::{Care, accept};
use crate::scene::hub_with;

/// Somebody who lives HERE, and a place THERE.
async fn lives_here() -> (TestHub, Care) {
    let hub = hub_with(vec![
        facility("HERE", "32.73.01", 1),
        facility("THERE", "32.04.05", 1),
    ])
    .await;
    let care = Care::admitted(&hub, "1").await;
    (hub, care)
}

async fn for_safety(care: &mut Care) -> v1::RequestTransferResponse {
    let request = v1::RequestTransferRequest {
        request_id: request_id(),
        case_id: care.case_id.clone(),
        version: 0,
        reason: v1::TransferReason::Safety as i32,
        need: None,
    };
    let answer = care.worker.referral.request_transfer(request).await.unwrap();
    answer.into_inner()
}

/// What is kept about the house: why it is passed over, and whether for good.
async fn exclusion(hub: &TestHub, facility: &str) -> (String, bool) {
    let mut connection = hub.database.connect().await;
    let (_, id) = facility.split_once('-').unwrap();
    sqlx::query_as(
        "SELECT reason, excluded_until IS NULL OR excluded_until > now() FROM case_exclusions WHERE facility_id = $1",
    )
    .bind(uuid::Uuid::parse_str(id).unwrap())
    .fetch_one(&mut connection)
    .await
    .unwrap()
}

async fn cancel_transfer(client: &mut Client, case_id: &str) -> Result<(), tonic::Status> {
    let request = v1::CancelTransferRequest {
        request_id: request_id(),
        case_id: case_id.to_owned(),
        version: 0,
    };
    client.referral.cancel_transfer(request).await.map(drop)
}

#[tokio::test]
async fn that_a_house_is_dangerous_outlives_the_transfer_and_any_other_reason() {
    let (hub, mut care) = Box::pin(lives_here()).await;
    let here = care.placement.facility_id.clone();
    let under_way = care.request_transfer().await.unwrap();
    assert_eq!(
        exclusion(&hub, &here).await,
        ("transfer:nearer_to_family".to_owned(), true)
    );
    let again = for_safety(&mut care).await;
    assert!(again.already_under_way);
    let (first, second) = (under_way.outcome.unwrap(), again.outcome.unwrap());
    assert_eq!(first.offer.unwrap().offer_id, second.offer.unwrap().offer_id);
    let dangerous = ("transfer:safety".to_owned(), true);
    assert_eq!(exclusion(&hub, &here).await, dangerous);

    care.cancel_transfer().await.unwrap();
    assert_eq!(exclusion(&hub, &here).await, dangerous, "cancelled");
    care.request_transfer().await.unwrap();
    care.discharge(v1::DischargeDestination::Family).await.unwrap();
    assert_eq!(exclusion(&hub, &here).await, dangerous, "discharged");
    hub.finish().await;
}

#[tokio::test]
async fn the_dangerous_house_ends_no_transfer_in_any_state_and_learns_no_reason() {
    let (hub, mut care) = Box::pin(lives_here()).await;
    let case_id = care.case_id.clone();
    care.request_transfer().await.unwrap();
    cancel_transfer(&mut care.officer, &case_id).await.unwrap();
    let offer = for_safety(&mut care).await.outcome.unwrap().offer;
    assert!(offer.is_none(), "THERE was asked before and is parked");
    let refused = cancel_transfer(&mut care.officer, &case_id).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(!refused.message().contains("safe"), "{}", refused.message());
    hub.finish().await;

    let (hub, mut care) = Box::pin(lives_here()).await;
    let offer = for_safety(&mut care).await.outcome.unwrap().offer.unwrap();
    let next = accept(&hub, &offer).await;
    let cancel = || v1::CancelPlacementRequest {
        request_id: request_id(),
        placement_id: next.placement_id.clone(),
        reason: v1::CancelReason::SolvedOtherwise as i32,
        ..v1::CancelPlacementRequest::default()
    };
    let refused = care
        .officer
        .referral
        .cancel_placement(cancel())
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let case_id = care.case_id.clone();
    let refused = cancel_transfer(&mut care.officer, &case_id).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    care.worker.referral.cancel_placement(cancel()).await.unwrap();
    hub.finish().await;
}

#[tokio::test]
async fn only_the_house_that_has_the_persons_ends_their_stay_by_aftercare() {
    let (hub, mut care) = Box::pin(lives_here()).await;
    let here = care.placement.facility_id.clone();
    let asked = care.request_transfer().await.unwrap();
    let there = accept(&hub, &asked.outcome.unwrap().offer.unwrap())
        .await
        .facility_id;
    let mut code_for = async |facility: &str| {
        let token = hub.token(&[Role::SocialWorker], "33.74", Some(facility));
        care.worker = hub.with_token(Some(&token));
        let refused = care.start_aftercare(v1::DischargeDestination::Family).await;
        refused.unwrap_err().code()
    };
    assert_eq!(code_for(&there).await, Code::NotFound);
    assert_eq!(
        code_for(&here).await,
        Code::FailedPrecondition,
        "its stages are not done"
    );
    hub.finish().await;
}
