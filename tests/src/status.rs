//! Reading what a refused call says.

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
