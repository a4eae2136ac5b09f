//! The calls that last. Of a watch the first message is looked at: what stands, or that nothing does.

use super::*;

/// A request that opens a stream of `method`.
pub(super) fn stream(method: &str, stage: &Stage) -> Option<Sample> {
    Some(match method {
        "WatchOffers" => Sample::of(&v1::WatchOffersRequest {
            facility_id: stage.facility.clone(),
            ..v1::WatchOffersRequest::default()
        })
        .shows(&stage.offered.offer_id),
        // A watch of cases does not begin with what there is.
        "WatchCases" => Sample::of(&v1::WatchCasesRequest::default()),
        "WatchCapacity" => Sample::of(&v1::WatchCapacityRequest {
            facility_id: stage.facility.clone(),
            ..v1::WatchCapacityRequest::default()
        })
        .shows(&stage.facility),
        "StreamIntakes" => Sample::of(&v1::StreamIntakesRequest {
            entry: 1,
            submission: Some(v1::SubmitIntakeRequest {
                request_id: id(),
                intake: Some(intake_of("offered")),
                route_later: false,
            }),
        }),
        // One at a time: whoever comes second is told which one is going on.
        "Reconcile" => Sample::of(&v1::ReconcileRequest {
            message: Some(v1::reconcile_request::Message::Start(registry::start(
                v1::RegistryCode::Dtsen,
                "2026-Q4",
            ))),
        }),
        _ => return None,
    })
}
