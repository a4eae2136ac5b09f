//! Every method of the service to its end, called once by somebody who may.

use serasi_proto::v1;
use serasi_tests::TestHub;
use serasi_tests::build::{intake, request_id};

use crate::care::Care;
use crate::endings::{link, reopen, unlink};

pub(super) async fn everything_once(hub: &TestHub) {
    let mut care = Care::admitted(hub, "served").await;
    let transfer = care.request_transfer().await.unwrap();
    assert!(transfer.case.unwrap().transfer.is_some());
    care.cancel_transfer().await.unwrap();
    care.until(v1::Stage::Aftercare).await;
    let list = v1::ListRecordsRequest {
        case_id: care.case_id.clone(),
        ..v1::ListRecordsRequest::default()
    };
    care.worker.cases.list_records(list).await.unwrap();
    care.close(v1::CloseReason::PersonDeclined).await.unwrap();
    let mut client = hub.coordinator();
    reopen(&mut client, &care.case_id).await.unwrap();

    let missed = Care::placed(hub, intake("missed")).await;
    let request = v1::MarkNoShowRequest {
        request_id: request_id(),
        placement_id: missed.placement.placement_id.clone(),
        reason: v1::NoShowReason::DidNotArrive as i32,
        ..v1::MarkNoShowRequest::default()
    };
    let mut officer = missed.officer;
    officer.referral.mark_no_show(request).await.unwrap();
    link(&mut client, &care.case_id, &missed.case_id).await.unwrap();
    unlink(&mut client, &missed.case_id).await.unwrap();

    let cancelled = Care::placed(hub, intake("cancelled")).await;
    let request = v1::CancelPlacementRequest {
        request_id: request_id(),
        placement_id: cancelled.placement.placement_id,
        reason: v1::CancelReason::WrongFacts as i32,
        ..v1::CancelPlacementRequest::default()
    };
    let mut officer = cancelled.officer;
    officer.referral.cancel_placement(request).await.unwrap();
}
