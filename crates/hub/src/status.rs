//! The single mapping from an error to what the client sees: code, stable reason, details, and a message in Indonesian.
//! Nothing here carries SQL, ids of others or personal data.

use std::collections::HashMap;
use std::time::Duration;

use serasi_store::StoreError;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::error::{HubError, Kind, Violation};
use crate::server::request_id;

mod admission;
mod broken;
mod stream;

use admission::{bad_token, caller_busy, forbidden, overloaded, too_fast};
use broken::broken;

/// Domain of the stable reasons.
const DOMAIN: &str = "serasi.kemensos.go.id";
const LOCALE: &str = "id-ID";
/// When a client should try again after the database was away.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// Details travel in the trailers, of which many clients take no more than 8 KiB: so many bytes of violations are shown
/// in one answer; the rest is counted.
const MAX_VIOLATION_BYTES: usize = 4 * 1024;

/// What the client reads.
struct Shown {
    code: Code,
    reason: &'static str,
    message_en: String,
    message_id: String,
    metadata: HashMap<String, String>,
}

impl Shown {
    fn new(
        code: Code,
        reason: &'static str,
        message_en: impl Into<String>,
        message_id: impl Into<String>,
    ) -> Self {
        Self {
            code,
            reason,
            message_en: message_en.into(),
            message_id: message_id.into(),
            metadata: HashMap::new(),
        }
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "call sites pass ids and literals alike"
    )]
    fn with(mut self, key: &str, value: impl ToString) -> Self {
        self.metadata.insert(key.to_owned(), value.to_string());
        self
    }

    fn into_status(self, mut details: ErrorDetails) -> Status {
        details.set_error_info(self.reason, DOMAIN, self.metadata);
        details.set_localized_message(LOCALE, self.message_id);
        Status::with_error_details(self.code, self.message_en, details)
    }
}

impl From<HubError> for Status {
    fn from(error: HubError) -> Self {
        match error {
            HubError::Invalid(violations) => invalid(&violations),
            HubError::Token(error) => bad_token(error),
            HubError::TooFast(wait) => too_fast(wait),
            HubError::Forbidden(why) => forbidden(why),
            HubError::NotFound { kind, id } => not_found(kind, &id),
            HubError::Exists {
                kind,
                id,
                differences: Some(differences),
            } => exists(kind, &id, &differences),
            HubError::Exists { differences: None, .. } => Shown::new(
                Code::AlreadyExists,
                "SOURCE_KEY_CONFLICT",
                "another sender has used this source key for another report; take a new source_ref if this is another one",
                "Kunci sumber ini sudah dipakai pengirim lain untuk laporan lain. Gunakan source_ref baru bila ini \
                 laporan lain.",
            )
            .into_status(ErrorDetails::new()),
            HubError::RequestIdReused => Shown::new(
                Code::AlreadyExists,
                "REQUEST_ID_REUSED",
                "this request_id was used for another request; use a new UUID for a new request",
                "request_id ini sudah dipakai untuk permintaan lain; gunakan UUID baru.",
            )
            .into_status(ErrorDetails::new()),
            HubError::Rule(rule) => broken(&rule),
            HubError::Moved | HubError::Raced => Shown::new(
                Code::Aborted,
                "VERSION_MOVED",
                "the record changed meanwhile; read it again and repeat with its new version",
                "Data sudah berubah. Baca ulang lalu ulangi dengan versi yang baru.",
            )
            .into_status(ErrorDetails::new()),
            HubError::Busy => Shown::new(
                Code::ResourceExhausted,
                "BUSY",
                "another dry run is going on here; come back when it has ended",
                "Uji coba lain sedang berjalan; ulangi setelah selesai.",
            )
            .into_status(ErrorDetails::with_retry_info(Some(RETRY_AFTER))),
            HubError::Overloaded => overloaded(),
            HubError::CallerBusy => caller_busy(),
            HubError::TooMuch(what) => Shown::new(
                Code::ResourceExhausted,
                "LIMIT_EXCEEDED",
                format!("limit exceeded: {what}"),
                "Melebihi batas yang diizinkan; kirim dalam bagian yang lebih kecil.",
            )
            .into_status(ErrorDetails::with_quota_failure_violation(what, what)),
            HubError::Deadline => Shown::new(
                Code::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "the call took too long; repeat it with the same request_id",
                "Permintaan terlalu lama diproses; ulangi dengan request_id yang sama.",
            )
            .into_status(ErrorDetails::new()),
            HubError::StreamEnded { why, cursor } => stream::ended(why, &cursor),
            HubError::CursorUnknown { earliest } => stream::cursor_unknown(&earliest),
            HubError::Store(error) => stored(&error),
            HubError::Bug(what) => internal(what),
        }
    }
}

fn invalid(violations: &[Violation]) -> Status {
    let fields: Vec<_> = violations
        .iter()
        .take(5)
        .map(|violation| violation.field.as_str())
        .collect();
    let more = if violations.len() > fields.len() {
        ", ..."
    } else {
        ""
    };
    let mut details = ErrorDetails::new();
    let mut bytes = 0;
    for (shown, violation) in violations.iter().enumerate() {
        bytes += violation.field.len() + violation.description.len();
        if bytes > MAX_VIOLATION_BYTES {
            let rest = violations.len() - shown;
            details.add_bad_request_violation("*", format!("and {rest} more; correct these and send again"));
            break;
        }
        details.add_bad_request_violation(&violation.field, &violation.description);
    }
    Shown::new(
        Code::InvalidArgument,
        "REQUEST_INVALID",
        format!(
            "{} fields must be corrected: {}{more}",
            violations.len(),
            fields.join(", ")
        ),
        format!(
            "{} isian perlu diperbaiki: {}{more}. Tidak ada yang disimpan.",
            violations.len(),
            fields.join(", ")
        ),
    )
    .with("violations", violations.len())
    .into_status(details)
}

fn not_found(kind: Kind, id: &str) -> Status {
    let mut details = ErrorDetails::new();
    details.set_resource_info(
        kind.name(),
        id,
        "",
        "does not exist, or is outside what you may see",
    );
    Shown::new(
        Code::NotFound,
        "NOT_FOUND",
        format!("{} not found", kind.name()),
        "Tidak ditemukan, atau di luar wewenang Anda.",
    )
    .into_status(details)
}

fn exists(kind: Kind, id: &str, differences: &[&str]) -> Status {
    let fields = differences.join(", ");
    let (reason, message_en, message_id) = match kind {
        Kind::Policy => (
            "POLICY_VERSION_TAKEN",
            format!(
                "version {id} is another policy, which differs in: {fields}; a version never changes, take a new one"
            ),
            format!("Versi {id} sudah dipakai; isinya berbeda pada: {fields}. Gunakan versi baru."),
        ),
        Kind::Reconciliation => (
            "REQUEST_ID_REUSED",
            format!(
                "reconciliation {id} was begun otherwise: {fields}; take a new request_id for another one"
            ),
            format!("Pemadanan {id} dimulai dengan isi lain: {fields}. Gunakan request_id baru."),
        ),
        Kind::AuditEntry
        | Kind::AuditHead
        | Kind::BreakGlass
        | Kind::Case
        | Kind::Decision
        | Kind::Document
        | Kind::Facility
        | Kind::Offer
        | Kind::Person
        | Kind::Placement
        | Kind::Registration
        | Kind::SubjectRequest => (
            "SOURCE_KEY_CONFLICT",
            format!("this source key belongs to {id}, which differs in: {fields}"),
            format!(
                "Kunci sumber ini sudah dipakai oleh {id}; isinya berbeda pada: {fields}. Gunakan source_ref baru bila \
                 ini laporan lain."
            ),
        ),
    };
    let mut details = ErrorDetails::new();
    details.set_resource_info(kind.name(), id, "", "the record that has this key");
    Shown::new(Code::AlreadyExists, reason, message_en, message_id)
        .with("existing_id", id)
        .with("differences", differences.join(","))
        .into_status(details)
}

fn stored(error: &StoreError) -> Status {
    match error {
        StoreError::Conflict(_) => {
            tracing::warn!(error = %error, "a transaction was repeated as often as allowed");
            let mut details = ErrorDetails::new();
            details.set_retry_info(Some(RETRY_AFTER));
            Shown::new(
                Code::Unavailable,
                "TOO_MUCH_AT_ONCE",
                "others are changing the same records; repeat the call with the same request_id",
                "Data yang sama sedang diubah pihak lain; ulangi dengan request_id yang sama.",
            )
            .into_status(details)
        }
        StoreError::Unavailable(_) => {
            tracing::warn!(error = %error, "the database does not answer in time");
            let mut details = ErrorDetails::new();
            details.set_retry_info(Some(RETRY_AFTER));
            Shown::new(
                Code::Unavailable,
                "DATABASE_UNAVAILABLE",
                "the database is not reachable; repeat the call with the same request_id",
                "Basis data sedang tidak terjangkau; ulangi dengan request_id yang sama.",
            )
            .into_status(details)
        }
        StoreError::TooSlow(_) => HubError::Deadline.into(),
        StoreError::Value(_) => invalid(&[Violation {
            field: "*".to_owned(),
            description: "a value is outside what can be stored, such as a moment outside the calendar"
                .to_owned(),
        }]),
        StoreError::Constraint(name) => internal(&format!("constraint {name} refused a change")),
        StoreError::Keys(why) if why.is_away() => {
            tracing::error!(error = %why, "data keys cannot be unwrapped");
            let mut details = ErrorDetails::new();
            details.set_retry_info(Some(RETRY_AFTER));
            Shown::new(
                Code::Unavailable,
                "KEY_SERVICE_UNAVAILABLE",
                "the keys of this region are not reachable; repeat the call with the same request_id",
                "Kunci data wilayah ini sedang tidak terjangkau; ulangi dengan request_id yang sama.",
            )
            .into_status(details)
        }
        StoreError::Impossible { .. }
        | StoreError::Unsealable { .. }
        | StoreError::KeyNeeded(_)
        | StoreError::Keys(_) => internal(&error.to_string()),
        StoreError::Database(_) => internal(&format!("database error {}", error.sqlstate())),
        StoreError::Migration(_) => internal("schema migration"),
    }
}

fn internal(what: &str) -> Status {
    // The client reads this number to the operator, who finds the line in the log.
    let request_id = request_id();
    tracing::error!(what, request.id = %request_id, "inconsistency");
    let mut details = ErrorDetails::new();
    details.set_request_info(request_id.to_string(), "");
    Shown::new(
        Code::Internal,
        "INTERNAL",
        "an internal error was recorded; nothing was changed",
        "Terjadi kesalahan di hub dan sudah dicatat; tidak ada yang berubah.",
    )
    .into_status(details)
}
