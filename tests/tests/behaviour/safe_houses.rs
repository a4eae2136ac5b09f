//! Houses whose place is a secret: where the trafficked may live, and where somebody said so.

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, request_id, submit};
use serasi_tests::{Client, TestHub};

use crate::scene::{facility_id, hub_with, import};

const VILLAGE: &str = "32.73.01.1001";

/// An LKS for those who were trafficked, with an address.
fn shelter(reference: &str) -> v1::ImportFacilitiesRequest {
    let mut row = facility(reference, VILLAGE, 5);
    let shelter = row.facility.as_mut().unwrap();
    shelter.clusters = vec![v1::Cluster::TunaSosialKpo as i32];
    "Jl. Rahasia 1".clone_into(&mut shelter.address);
    (shelter.latitude_deg, shelter.longitude_deg) = (Some(-6.9), Some(107.6));
    row
}

async fn get(client: &mut Client, id: &str) -> v1::Facility {
    let request = v1::GetFacilityRequest {
        facility_id: id.to_owned(),
    };
    let response = client.facilities.get_facility(request).await.unwrap();
    response.into_inner().facility.unwrap()
}

fn is_hidden(seen: &v1::Facility) -> bool {
    let place = (
        seen.region_code.as_str(),
        seen.address.as_str(),
        seen.latitude_deg,
        seen.longitude_deg,
    );
    let hidden = seen.mask_reason() == v1::MaskReason::LocationHidden;
    if hidden {
        assert_eq!(place, ("32.73", "", None, None));
    } else {
        assert_eq!(place, (VILLAGE, "Jl. Rahasia 1", Some(-6.9), Some(107.6)));
    }
    hidden
}

/// Takes somebody from `village` in; gives the case.
async fn move_in(hub: &TestHub, reference: &str, village: &str) -> v1::Offer {
    let mut reporter = hub.client(Role::HotlineOperator, "ID");
    let report = v1::Intake {
        cluster: v1::Cluster::TunaSosialKpo as i32,
        ppks_category: "korban_trafficking".to_owned(),
        region_code: village.to_owned(),
        persons: vec![],
        ..intake(reference)
    };
    let answer = reporter.intake.submit_intake(submit(report)).await.unwrap();
    let offer = answer.into_inner().outcome.unwrap().offer.unwrap();
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id.clone(),
        capacity: None,
    };
    let mut officer = hub.officer(&offer.facility_id);
    officer.referral.accept_offer(accept).await.unwrap();
    offer
}

#[tokio::test]
async fn the_place_of_a_safe_house_is_seen_by_its_keepers_its_officers_and_who_works_with_somebody_there() {
    let hub = hub_with(vec![shelter("S"), facility("A", "32.73.01", 1)]).await;
    let id = facility_id(&mut hub.coordinator(), "S").await;
    let other = facility_id(&mut hub.coordinator(), "A").await;
    let look = async |role, scope: &str| is_hidden(&get(&mut hub.client(role, scope), &id).await);
    for (role, scope, hidden) in [
        (Role::Coordinator, "32.73", false),
        (Role::Administrator, "32", false),
        (Role::Coordinator, "33", true),
        (Role::HotlineOperator, "ID", true),
        (Role::Auditor, "ID", true),
        (Role::DinasOfficer, "32.73", true),
        (Role::SocialWorker, "32.73", true),
    ] {
        assert_eq!(look(role, scope).await, hidden, "{role} {scope}");
    }
    assert!(!is_hidden(&get(&mut hub.officer(&id), &id).await));
    assert!(is_hidden(&get(&mut hub.officer(&other), &id).await));

    let offer = move_in(&hub, "1", "32.73.02").await;
    assert_eq!(offer.facility_id, id);
    assert!(
        !look(Role::SocialWorker, "32.73").await,
        "somebody of theirs is to live there"
    );
    assert!(
        look(Role::SocialWorker, "32").await,
        "a whole province goes to nobody"
    );
    assert!(look(Role::SocialWorker, "33.74").await);
    assert!(look(Role::HotlineOperator, "32.73").await);
    hub.finish().await;
}

#[tokio::test]
async fn a_list_does_not_find_a_safe_house_village_by_village() {
    let hub = hub_with(vec![shelter("S"), facility("A", VILLAGE, 1)]).await;
    let list = async |role, region: &str, page_size| {
        let request = v1::ListFacilitiesRequest {
            region_code: region.to_owned(),
            page_size,
            ..v1::ListFacilitiesRequest::default()
        };
        let mut client = hub.client(role, "32.73");
        let page = client
            .facilities
            .list_facilities(request)
            .await
            .unwrap()
            .into_inner();
        let names = page.facilities.iter().map(|facility| facility.name.clone());
        let mut names: Vec<_> = names.collect();
        names.sort_unstable();
        (names, page.next_page_token)
    };
    let (all, one) = (["LKSA A", "LKSA S"], ["LKSA A"]);
    assert_eq!(list(Role::Auditor, "32.73", 50).await.0, all);
    assert_eq!(list(Role::Auditor, VILLAGE, 50).await.0, one);
    let first = list(Role::Auditor, VILLAGE, 1).await;
    assert_eq!(
        (first.0.as_slice(), first.1.as_str()),
        (&one.map(str::to_owned)[..], "")
    );
    assert_eq!(list(Role::Coordinator, VILLAGE, 50).await.0, all);
    hub.finish().await;
}

#[tokio::test]
async fn how_far_it_is_to_a_safe_house_is_told_in_hours() {
    let hub = hub_with(vec![shelter("S")]).await;
    let report = |reference| {
        submit(v1::Intake {
            cluster: v1::Cluster::TunaSosialKpo as i32,
            ppks_category: "korban_trafficking".to_owned(),
            persons: vec![],
            region_code: "32.73.25".to_owned(),
            ..intake(reference)
        })
    };
    let mut keeper = hub.coordinator();
    let known = keeper
        .intake
        .submit_intake(report("1"))
        .await
        .unwrap()
        .into_inner();
    let exact = known.outcome.unwrap().offer.unwrap().travel_minutes;
    assert!((1..60).contains(&exact), "{exact}");

    let mut hotline = hub.client(Role::HotlineOperator, "32.73");
    let answer = hotline
        .intake
        .submit_intake(report("2"))
        .await
        .unwrap()
        .into_inner();
    let outcome = answer.outcome.unwrap();
    assert!(
        outcome.message_id.ends_with("Waktu tempuh sekitar 1 jam."),
        "{}",
        outcome.message_id
    );
    let offer = outcome.offer.unwrap();
    assert_eq!(offer.travel_minutes, 60);
    let get = v1::GetDecisionRequest {
        decision_id: offer.decision_id.clone(),
    };
    let decision = hotline.referral.get_decision(get).await.unwrap().into_inner();
    let chosen = decision.decision.unwrap().ranked[0].clone();
    assert_eq!(chosen.travel_minutes, 60);
    assert!(!chosen.scores.is_empty());
    assert!(
        chosen
            .scores
            .iter()
            .all(|score| score.preference != "travel_minutes")
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_flag_hides_any_house_and_no_old_file_or_officer_uncovers_it() {
    let flagged = |stated| {
        let mut row = facility("F", VILLAGE, 1);
        let house = row.facility.as_mut().unwrap();
        house.location_hidden = stated;
        "Jl. Rahasia 1".clone_into(&mut house.address);
        (house.latitude_deg, house.longitude_deg) = (Some(-6.9), Some(107.6));
        row
    };
    let hub = hub_with(vec![flagged(Some(true))]).await;
    let mut keeper = hub.coordinator();
    let id = facility_id(&mut keeper, "F").await;
    let mut stranger = hub.client(Role::Auditor, "ID");
    assert!(is_hidden(&get(&mut stranger, &id).await));

    let mut silent = flagged(None);
    silent.facility.as_mut().unwrap().phone = "0220000001".to_owned();
    import(&mut keeper, vec![silent]).await;
    let seen = get(&mut stranger, &id).await;
    assert!(is_hidden(&seen) && seen.phone == "0220000001");

    let mut officer = hub.officer(&id);
    let own = get(&mut officer, &id).await;
    assert_eq!(own.location_hidden, Some(true));
    let update = |stated| v1::UpdateFacilityRequest {
        request_id: request_id(),
        facility: Some(v1::Facility {
            location_hidden: stated,
            email: "rumah@contoh.example".to_owned(),
            ..own.clone()
        }),
    };
    let refused = officer
        .facilities
        .update_facility(update(Some(false)))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), tonic::Code::PermissionDenied);
    officer.facilities.update_facility(update(None)).await.unwrap();
    assert!(is_hidden(&get(&mut stranger, &id).await));
    import(&mut keeper, vec![flagged(Some(false))]).await;
    assert!(!is_hidden(&get(&mut stranger, &id).await));
    hub.finish().await;
}
