//! Processing that is suspended: for whom, and that service does not wait.

use serasi_hub::auth::Role;
use serasi_hub::search_terms;
use serasi_proto::v1;
use serasi_store::{Context, persons};
use serasi_tests::build::{facility, request_id};

use super::{HERE, freeze, old_woman, report, somebody, unfreeze};
use crate::scene::{case, facility_id, hub_with};

fn assert_hidden(seen: &v1::Case, who: &str) {
    assert_eq!(seen.mask_reason(), v1::MaskReason::Frozen, "{who}");
    let text = format!("{seen:?}");
    for secret in [
        "Kenanga",
        "Waluyo",
        "3273015006460007",
        "081299988877",
        "gubuk",
        "32.73.01",
        "hotline-uji",
    ] {
        assert!(!text.contains(secret), "{who} sees {secret}");
    }
}

fn assert_whole(seen: &v1::Case, who: &str) {
    assert_eq!(seen.mask_reason(), v1::MaskReason::Unspecified, "{who}");
    assert!(format!("{seen:?}").contains("Kenanga Kenari"), "{who}");
}

#[tokio::test]
async fn who_is_frozen_is_seen_by_the_owner_of_the_open_case_only_and_by_nobody_when_it_has_ended() {
    let hub = hub_with(vec![]).await;
    let reported = report(&hub, old_woman("1")).await;
    let (id, person) = (&reported.case_id, &reported.persons[0].person_id);
    let mut owner = somebody(&hub, "budi", Role::Coordinator);
    let onlookers = [
        (Role::SocialWorker, HERE),
        (Role::Supervisor, HERE),
        (Role::HotlineOperator, HERE),
        (Role::Coordinator, "ID"),
    ];
    for (role, scope) in onlookers {
        assert_whole(&case(&mut hub.client(role, scope), id).await, role.code());
    }
    assert!(freeze(&mut owner, person).await.frozen);
    for (role, scope) in onlookers {
        let mut client = hub.client(role, scope);
        assert_hidden(&case(&mut client, id).await, role.code());
        let listed = client
            .cases
            .list_cases(v1::ListCasesRequest::default())
            .await
            .unwrap();
        assert_hidden(&listed.into_inner().cases[0], role.code());
    }
    assert_whole(&case(&mut owner, id).await, "the owner");

    let request = v1::ResolveDirectlyRequest {
        request_id: request_id(),
        case_id: id.clone(),
        resolution: "Diantar ke keluarga.".to_owned(),
        version: 0,
    };
    owner.cases.resolve_directly(request).await.unwrap();
    assert_hidden(&case(&mut owner, id).await, "the owner of what has ended");
    assert!(!unfreeze(&mut owner, person).await.frozen);
    assert_whole(&case(&mut owner, id).await, "the owner again");
    hub.finish().await;
}

#[tokio::test]
async fn service_goes_on_and_the_facility_that_gives_it_sees_whom_it_serves() {
    let mut row = facility("A", "32.73.01", 5);
    row.facility.as_mut().unwrap().clusters = vec![v1::Cluster::Lansia as i32];
    let hub = hub_with(vec![row]).await;
    let reported = report(&hub, old_woman("1")).await;
    let mut coordinator = somebody(&hub, "budi", Role::Coordinator);
    freeze(&mut coordinator, &reported.persons[0].person_id).await;
    let request = v1::RouteCaseRequest {
        request_id: request_id(),
        case_id: reported.case_id.clone(),
        ..v1::RouteCaseRequest::default()
    };
    let routed = coordinator
        .referral
        .route_case(request)
        .await
        .unwrap()
        .into_inner();
    let offer = routed.outcome.unwrap().offer.unwrap();
    let own = facility_id(&mut hub.coordinator(), "A").await;
    let mut officer = hub.officer(&own);
    let accept = v1::AcceptOfferRequest {
        request_id: request_id(),
        offer_id: offer.offer_id,
        capacity: None,
    };
    officer.referral.accept_offer(accept).await.unwrap();
    assert_whole(&case(&mut officer, &reported.case_id).await, "the facility");
    assert_hidden(
        &case(&mut coordinator, &reported.case_id).await,
        "the coordinator",
    );
    hub.finish().await;
}

#[tokio::test]
async fn freezing_again_changes_nothing_and_is_on_record_and_a_case_is_open_when_its_last_person_is() {
    let hub = hub_with(vec![]).await;
    let reported = report(&hub, old_woman("1")).await;
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    let (one, other) = (&reported.persons[0].person_id, &reported.persons[1].person_id);
    unfreeze(&mut budi, one).await;
    freeze(&mut budi, one).await;
    freeze(&mut budi, one).await;
    let version = case(&mut budi, &reported.case_id).await.version;
    assert_eq!(version, reported.version + 1);
    freeze(&mut budi, other).await;
    unfreeze(&mut budi, one).await;
    assert_hidden(&case(&mut budi, &reported.case_id).await, "the supervisor");
    unfreeze(&mut budi, other).await;
    assert_whole(&case(&mut budi, &reported.case_id).await, "the supervisor");

    let mut connection = hub.database.connect().await;
    let events: Vec<String> =
        sqlx::query_scalar("SELECT kind FROM events WHERE kind LIKE 'case.person%' ORDER BY subject_version")
            .fetch_all(&mut connection)
            .await
            .unwrap();
    let (frozen, unfrozen) = ("case.person_frozen", "case.person_unfrozen");
    assert_eq!(events, [frozen, frozen, unfrozen, unfrozen]);
    let acts: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM audit_entries WHERE verb IN ('FreezeSubject', 'UnfreezeSubject')",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(acts, 6);
    hub.finish().await;
}

#[tokio::test]
async fn who_is_frozen_is_found_by_no_number_and_no_name() {
    let hub = hub_with(vec![]).await;
    let reported = report(&hub, old_woman("1")).await;
    let mut budi = somebody(&hub, "budi", Role::Supervisor);
    let store = hub.database.store().await;
    let nik = "3273015006460007".parse().unwrap();
    let phone = "081299988877".parse().unwrap();
    for is_frozen in [false, true, false] {
        if is_frozen {
            freeze(&mut budi, &reported.persons[0].person_id).await;
        } else {
            unfreeze(&mut budi, &reported.persons[0].person_id).await;
        }
        let mut connection = store.begin(Context::WorkOnPersons).await.unwrap();
        let now = serasi_store::now(&mut connection).await.unwrap();
        let sealer = store.sealer();
        let by_nik = persons::by_nik(&mut connection, sealer, &nik, 10).await.unwrap();
        let by_phone = persons::by_phone(&mut connection, sealer, &phone, 10)
            .await
            .unwrap();
        let named = serasi_domain::person::Person {
            name: Some(serasi_domain::text::Text::new("Kenanga Kenari").unwrap()),
            birth: Some("1946".parse().unwrap()),
            ..serasi_domain::person::Person::unknown()
        };
        let terms = search_terms::around(&named, now);
        let by_name = persons::candidates(&mut connection, sealer, &terms, 10)
            .await
            .unwrap();
        let found = [by_nik.len(), by_phone.len(), by_name.len()];
        assert_eq!(found, if is_frozen { [0, 0, 0] } else { [1, 1, 1] });
    }
    store.close().await;
    hub.finish().await;
}
