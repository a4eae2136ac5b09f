//! Facilities and their places.

use pbjson_types::Timestamp;
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{facility, intake, pool as report, request_id, submit};
use serasi_tests::status::{metadata, refusal};
use tonic::Code;

use crate::scene::{facility_id, hub_with, import, pool};

#[expect(clippy::disallowed_methods, reason = "a report must be about now")]
pub(crate) fn now() -> Timestamp {
    let now = time::OffsetDateTime::now_utc();
    Timestamp {
        seconds: now.unix_timestamp(),
        nanos: i32::try_from(now.nanosecond()).unwrap(),
    }
}

#[tokio::test]
async fn a_facility_is_created_once_per_source_key() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    let described = facility("A", "32.73.02", 1).facility;
    let create = |facility: Option<v1::Facility>| v1::CreateFacilityRequest {
        request_id: request_id(),
        facility,
    };
    let made = client
        .facilities
        .create_facility(create(described.clone()))
        .await
        .unwrap()
        .into_inner();
    let made = made.facility.unwrap();
    assert!(made.facility_id.starts_with("3273-"));
    let again = client
        .facilities
        .create_facility(create(described.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(again.facility.unwrap().facility_id, made.facility_id);

    let other = v1::Facility {
        name: "LKSA Lain".to_owned(),
        ..described.unwrap()
    };
    let refused = client
        .facilities
        .create_facility(create(Some(other)))
        .await
        .unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::AlreadyExists, "SOURCE_KEY_CONFLICT".to_owned())
    );
    assert_eq!(metadata(&refused, "differences"), "name");
    hub.finish().await;
}

#[tokio::test]
async fn an_update_needs_the_version_it_saw_and_never_moves_the_regency() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1)]).await;
    let mut client = hub.coordinator();
    let id = facility_id(&mut client, "A").await;
    let get = v1::GetFacilityRequest { facility_id: id };
    let seen = client
        .facilities
        .get_facility(get)
        .await
        .unwrap()
        .into_inner()
        .facility
        .unwrap();
    let update = |facility: v1::Facility| v1::UpdateFacilityRequest {
        request_id: request_id(),
        facility: Some(facility),
    };
    let renamed = v1::Facility {
        name: "LKSA Baru".to_owned(),
        ..seen.clone()
    };
    let written = client
        .facilities
        .update_facility(update(renamed.clone()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(written.facility.unwrap().version, seen.version + 1);
    let stale = client
        .facilities
        .update_facility(update(renamed))
        .await
        .unwrap_err();
    assert_eq!(refusal(&stale), (Code::Aborted, "VERSION_MOVED".to_owned()));
    let moved = v1::Facility {
        region_code: "32.04.05".to_owned(),
        version: 0,
        ..seen
    };
    let refused = client
        .facilities
        .update_facility(update(moved))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    hub.finish().await;
}

#[tokio::test]
async fn an_import_sent_again_changes_nothing_and_a_changed_row_is_replaced() {
    let hub = hub_with(vec![facility("A", "32.73.02", 1), facility("B", "32.73.02", 2)]).await;
    let mut client = hub.coordinator();
    let mut renamed = facility("B", "32.73.02", 2);
    renamed.facility.as_mut().unwrap().name = "LKSA Baru".to_owned();
    let rows = vec![
        facility("A", "32.73.02", 1),
        renamed,
        facility("C", "32.73.02", 3),
    ];
    let done = client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap()
        .into_inner();
    assert_eq!((done.created, done.updated, done.unchanged), (1, 1, 1));
    hub.finish().await;
}

#[tokio::test]
async fn a_report_keeps_what_the_hub_holds_and_shows_a_shortfall() {
    let hub = hub_with(vec![facility("A", "32.73.02", 2)]).await;
    let mut client = hub.coordinator();
    client.intake.submit_intake(submit(intake("1"))).await.unwrap();
    let id = facility_id(&mut client, "A").await;
    let mut officer = hub.officer(&id);
    let say = |occupied, at: Timestamp| v1::ReportCapacityRequest {
        request_id: request_id(),
        facility_id: id.clone(),
        observe_time: Some(at),
        valid_until_time: None,
        pools: vec![report(2, occupied)],
    };
    let walked_in = officer
        .facilities
        .report_capacity(say(1, now()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (
            walked_in.pools[0].held,
            walked_in.pools[0].free,
            walked_in.pools[0].shortfall
        ),
        (1, 0, 0)
    );
    let gone = officer
        .facilities
        .report_capacity(say(2, now()))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (gone.pools[0].held, gone.pools[0].free, gone.pools[0].shortfall),
        (1, -1, 1)
    );

    let old = Timestamp {
        seconds: now().seconds - 3600,
        nanos: 0,
    };
    let refused = officer.facilities.report_capacity(say(0, old)).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "STALE_REPORT".to_owned())
    );
    assert_eq!(pool(&mut client, &id).await.free, -1);
    hub.finish().await;
}

#[tokio::test]
async fn a_facility_that_still_holds_places_cannot_be_closed() {
    let hub = hub_with(vec![facility("A", "32.73.02", 2), facility("B", "32.73.02", 2)]).await;
    let mut client = hub.coordinator();
    let answer = client
        .intake
        .submit_intake(submit(intake("1")))
        .await
        .unwrap()
        .into_inner();
    let busy = answer.outcome.unwrap().offer.unwrap().facility_id;
    let close = |id: &str| v1::CloseFacilityRequest {
        request_id: request_id(),
        facility_id: id.to_owned(),
        version: 0,
        reason: "bubar".to_owned(),
    };
    let refused = client.facilities.close_facility(close(&busy)).await.unwrap_err();
    assert_eq!(
        refusal(&refused),
        (Code::FailedPrecondition, "FACILITY_IN_USE".to_owned())
    );
    let (a, b) = (
        facility_id(&mut client, "A").await,
        facility_id(&mut client, "B").await,
    );
    let idle = if a == busy { b } else { a };
    client.facilities.close_facility(close(&idle)).await.unwrap();
    let again = client.facilities.close_facility(close(&idle)).await.unwrap_err();
    assert_eq!(
        refusal(&again),
        (Code::FailedPrecondition, "FACILITY_STATE".to_owned())
    );
    hub.finish().await;
}

#[tokio::test]
async fn facilities_are_listed_page_by_page_without_gaps() {
    let rows: Vec<_> = (0..7)
        .map(|number| facility(&format!("F{number}"), "32.73.02", 1))
        .collect();
    let hub = hub_with(rows).await;
    let mut client = hub.client(Role::Auditor, "ID");
    let mut seen = vec![];
    let mut page_token = String::new();
    loop {
        let request = v1::ListFacilitiesRequest {
            region_code: "32.73".to_owned(),
            page_size: 3,
            page_token,
            ..v1::ListFacilitiesRequest::default()
        };
        let page = client
            .facilities
            .list_facilities(request)
            .await
            .unwrap()
            .into_inner();
        seen.extend(page.facilities.into_iter().map(|facility| facility.source_ref));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, ["F0", "F1", "F2", "F3", "F4", "F5", "F6"]);
    hub.finish().await;
}

#[tokio::test]
async fn the_whole_reference_directory_is_imported_and_serves_every_cluster() {
    let hub = hub_with(vec![]).await;
    let mut client = hub.coordinator();
    import(&mut client, serasi_directory::reference_facilities()).await;
    for (number, cluster) in [1, 2, 3, 4, 5].into_iter().enumerate() {
        let report = v1::Intake {
            cluster,
            region_code: ["11.09", "53.05", "74.07", "93.04", "31.71"][number].to_owned(),
            persons: vec![],
            ..intake(&format!("cluster-{cluster}"))
        };
        let answer = client
            .intake
            .submit_intake(submit(report))
            .await
            .unwrap()
            .into_inner();
        assert_eq!(
            answer.outcome.unwrap().result(),
            v1::RouteResult::Offered,
            "cluster {cluster}"
        );
    }
    hub.finish().await;
}
