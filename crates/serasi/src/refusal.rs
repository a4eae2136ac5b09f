//! What the hub says when it does not do something, for people: the Indonesian sentence, the English one, every
//! field to correct, the rule with its article, and the facts that help.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use tonic::{Code, Status};
use tonic_types::StatusExt;

/// One field the hub wants corrected.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Violation {
    /// Path of the field; empty = the row as a whole.
    pub(crate) field: String,
    pub(crate) description: String,
}

/// A refusal with its details taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// As in the gRPC specification: `INVALID_ARGUMENT`.
    pub(crate) code: &'static str,
    /// Stable reason, e.g. `SOURCE_KEY_CONFLICT`; empty when the hub gave none.
    pub(crate) reason: String,
    /// In Indonesian; empty when the answer did not come from the hub itself.
    pub(crate) message_id: String,
    pub(crate) message_en: String,
    pub(crate) violations: Vec<Violation>,
    /// Broken rules: what is wrong, and the article.
    rules: Vec<String>,
    /// Facts by name: current state, allowed verbs, the record that exists.
    facts: BTreeMap<String, String>,
}

/// True = nobody knows whether it was done: the call got no answer of the hub, or one that says to come back.
pub(crate) fn is_unanswered(status: &Status) -> bool {
    // The client cancels nothing itself: CANCELLED is what the transport makes of a deadline. A status with a
    // source was made here, of a broken connection; one from the hub has none.
    let says_come_back = matches!(
        status.code(),
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled
    );
    says_come_back || status.source().is_some()
}

/// The name of a code as the gRPC specification writes it.
pub(crate) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

impl From<&Status> for Refusal {
    fn from(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let reason = info.map(|info| info.reason.clone()).unwrap_or_default();
        let metadata = info.map(|info| info.metadata.clone()).unwrap_or_default();
        let mut facts: BTreeMap<_, _> = metadata.into_iter().collect();
        // Counted by the list of violations itself.
        facts.remove("violations");
        facts.retain(|_, value| !value.is_empty());
        if let Some(resource) = details.resource_info() {
            let is_told = facts.values().any(|value| *value == resource.resource_name);
            if !is_told && !resource.resource_name.is_empty() {
                facts.insert(resource.resource_type.clone(), resource.resource_name.clone());
            }
        }
        let violations = details.bad_request().map(|bad| bad.field_violations.as_slice());
        let rules = details
            .precondition_failure()
            .map(|failure| failure.violations.as_slice());
        Self {
            code: code_name(status.code()),
            reason,
            message_id: details
                .localized_message()
                .map(|message| message.message.clone())
                .unwrap_or_default(),
            message_en: status.message().to_owned(),
            violations: violations
                .unwrap_or_default()
                .iter()
                .map(|violation| Violation {
                    field: violation.field.clone(),
                    description: violation.description.clone(),
                })
                .collect(),
            rules: rules
                .unwrap_or_default()
                .iter()
                .map(|rule| format!("{} ({})", rule.description, rule.subject))
                .collect(),
            facts,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = if self.reason.is_empty() {
            self.code.to_owned()
        } else {
            format!("{}, {}", self.code, self.reason)
        };
        let mut messages = [&self.message_id, &self.message_en]
            .into_iter()
            .filter(|message| !message.is_empty());
        let first = messages.next().map_or("no message", String::as_str);
        write!(f, "refused ({reason}): {first}")?;
        for message in messages {
            write!(f, "\n  {message}")?;
        }
        for Violation { field, description } in &self.violations {
            write!(f, "\n  {field}: {description}")?;
        }
        for rule in self
            .rules
            .iter()
            .filter(|rule| !rule.starts_with(&self.message_en))
        {
            write!(f, "\n  {rule}")?;
        }
        for (name, value) in &self.facts {
            write!(f, "\n  {name}: {value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    fn shown(code: Code, message: &str, details: ErrorDetails) -> String {
        Refusal::from(&Status::with_error_details(code, message, details)).to_string()
    }

    #[test]
    fn every_field_to_correct_has_its_own_line() {
        let mut details = ErrorDetails::new();
        details.add_bad_request_violation("intake.story", "must not be empty");
        details.add_bad_request_violation("intake.persons[0].nik", "has 15 digits; a NIK has 16");
        details.set_localized_message("id-ID", "2 isian perlu diperbaiki.");
        let metadata = [("violations".to_owned(), "2".to_owned())];
        details.set_error_info("REQUEST_INVALID", "serasi.kemensos.go.id", metadata);
        assert_eq!(
            shown(Code::InvalidArgument, "2 fields must be corrected", details),
            "refused (INVALID_ARGUMENT, REQUEST_INVALID): 2 isian perlu diperbaiki.\n  \
             2 fields must be corrected\n  \
             intake.story: must not be empty\n  \
             intake.persons[0].nik: has 15 digits; a NIK has 16"
        );
    }

    #[test]
    fn a_broken_rule_is_shown_with_article_state_and_allowed_verbs() {
        let mut details = ErrorDetails::new();
        details.add_precondition_failure_violation("CASE_STATE", "P16 Ps.31", "the case is closed");
        details.set_localized_message("id-ID", "Kasus berstatus closed.");
        let metadata = [("state", "closed"), ("article", "P16 Ps.31"), ("allowed", "none")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        details.set_error_info("CASE_STATE", "serasi.kemensos.go.id", metadata);
        assert_eq!(
            shown(Code::FailedPrecondition, "the case is closed", details),
            "refused (FAILED_PRECONDITION, CASE_STATE): Kasus berstatus closed.\n  the case is closed\n  \
             allowed: none\n  article: P16 Ps.31\n  state: closed"
        );
    }

    #[test]
    fn the_record_that_exists_is_named_once() {
        let mut details = ErrorDetails::new();
        details.set_resource_info(
            "serasi.v1.Case",
            "3509-1",
            "",
            "the record that has this source key",
        );
        let metadata = [("existing_id".to_owned(), "3509-1".to_owned())];
        details.set_error_info("SOURCE_KEY_CONFLICT", "serasi.kemensos.go.id", metadata);
        assert_eq!(
            shown(Code::AlreadyExists, "this source key is taken", details),
            "refused (ALREADY_EXISTS, SOURCE_KEY_CONFLICT): this source key is taken\n  existing_id: 3509-1"
        );
    }

    #[test]
    fn an_answer_without_details_is_shown_as_it_is() {
        assert_eq!(
            shown(Code::Unimplemented, "", ErrorDetails::new()),
            "refused (UNIMPLEMENTED): no message"
        );
        let bare = Status::unavailable("the connection was refused");
        assert_eq!(
            Refusal::from(&bare).to_string(),
            "refused (UNAVAILABLE): the connection was refused"
        );
        let damaged = Status::with_details(Code::Internal, "broken", b"no protobuf".as_slice().into());
        assert_eq!(Refusal::from(&damaged).to_string(), "refused (INTERNAL): broken");
    }

    #[test]
    fn a_broken_connection_is_no_answer_whatever_its_code() {
        let broken = Status::from_error(Box::new(std::io::Error::other("connection reset")));
        assert!(is_unanswered(&broken), "{broken:?}");
        assert!(is_unanswered(&Status::deadline_exceeded("slow")));
        assert!(!is_unanswered(&Status::internal("the hub's own")));
        assert!(!is_unanswered(&Status::not_found("the hub's own")));
    }
}
