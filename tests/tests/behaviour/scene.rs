//! Set pieces that several groups use.

use std::time::Duration;

use serasi_domain::policy::Policy;
use serasi_proto::v1;
use serasi_tests::{Client, TestHub};

/// Imports rows; the hub has them in its directory afterwards.
pub(crate) async fn import(client: &mut Client, rows: Vec<v1::ImportFacilitiesRequest>) {
    client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();
}

/// The id of the facility that was imported as `reference`.
pub(crate) async fn facility_id(client: &mut Client, reference: &str) -> String {
    let request = v1::ListFacilitiesRequest {
        source_system: "uji".to_owned(),
        source_ref: reference.to_owned(),
        ..v1::ListFacilitiesRequest::default()
    };
    client
        .facilities
        .list_facilities(request)
        .await
        .unwrap()
        .into_inner()
        .facilities[0]
        .facility_id
        .clone()
}

/// The case as it stands.
pub(crate) async fn case(client: &mut Client, id: &str) -> v1::Case {
    let request = v1::GetCaseRequest {
        case_id: id.to_owned(),
    };
    client
        .cases
        .get_case(request)
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap()
}

/// The residential pool of a facility.
pub(crate) async fn pool(client: &mut Client, facility: &str) -> v1::CapacityPool {
    let request = v1::GetCapacityRequest {
        facility_id: facility.to_owned(),
    };
    client
        .facilities
        .get_capacity(request)
        .await
        .unwrap()
        .into_inner()
        .pools[0]
}

/// Looks again and again until `ready`, for at most 10 s.
pub(crate) async fn eventually<T, F: Future<Output = T>>(
    mut look: impl FnMut() -> F,
    ready: impl Fn(&T) -> bool,
) -> T {
    for _ in 0..200 {
        let seen = look().await;
        if ready(&seen) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within 10 s")
}

/// The shipped policy, but offers expire after `seconds`.
pub(crate) fn impatient(seconds: u32) -> Policy {
    let mut policy = Policy::p7();
    for urgency in [&mut policy.regular, &mut policy.urgent, &mut policy.emergency] {
        urgency.answer.seconds = seconds;
        urgency.answer.clock = serasi_domain::deadline::Clock::Wall;
    }
    policy
}

/// A hub with the facilities `rows`.
pub(crate) async fn hub_with(rows: Vec<v1::ImportFacilitiesRequest>) -> TestHub {
    let hub = TestHub::start().await;
    import(&mut hub.coordinator(), rows).await;
    hub
}
