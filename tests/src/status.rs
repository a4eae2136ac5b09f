//! Reading what a refused call says.

use std::error::Error;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// Code and stable reason of a refusal, in one line; checks that a message in Indonesian came with it.
pub fn refusal(status: &Status) -> (Code, String) {
    let details = status.get_error_details();
    let info = details.error_info().expect("every refusal has an ErrorInfo");
    let localized = details
        .localized_message()
        .expect("every refusal has a message in Indonesian");
    assert_eq!(localized.locale, "id-ID");
    assert!(!localized.message.is_empty());
    (status.code(), info.reason.clone())
}

/// The fields of a BadRequest, in order.
pub fn violated_fields(status: &Status) -> Vec<String> {
    let details = status.get_error_details();
    let request = details
        .bad_request()
        .expect("an invalid request lists its violations");
    request
        .field_violations
        .iter()
        .map(|violation| violation.field.clone())
        .collect()
}

/// One entry of the ErrorInfo's metadata.
pub fn metadata(status: &Status, key: &str) -> String {
    let details = status.get_error_details();
    details
        .error_info()
        .and_then(|info| info.metadata.get(key).cloned())
        .unwrap_or_default()
}

/// Whether no hub has begun the request, though tonic calls it `CANCELLED` or `INTERNAL`: it was still in the caller's own
/// process when the connection closed, or the hub's GOAWAY says that it came too late (RFC 9113, 6.8). Other libraries of
/// gRPC send such a request again by themselves (gRFC A6, "transparent retries").
pub fn never_begun(status: &Status) -> bool {
    causes(status).any(|error| {
        let unsent = error
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_canceled);
        let too_late = error.downcast_ref::<h2::Error>().is_some_and(|error| {
            error.is_go_away() && error.is_remote() && error.reason() == Some(h2::Reason::NO_ERROR)
        });
        unsent || too_late
    })
}

/// What led to it, the nearest first.
pub fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    let mut next = status.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
