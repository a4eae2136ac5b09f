//! What a client sees whose call is not let in: by its token, its role, its share, or because the hub is full.

use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::{RETRY_AFTER, Shown};
use crate::auth::TokenError;

pub(super) fn bad_token(error: TokenError) -> Status {
    match error {
        TokenError::StaleKeys => Shown::new(
            Code::Unavailable,
            "ISSUER_UNAVAILABLE",
            error.to_string(),
            "Penerbit token sedang tidak terjangkau; coba lagi nanti.",
        )
        .into_status(ErrorDetails::with_retry_info(Some(RETRY_AFTER))),
        TokenError::Missing
        | TokenError::Malformed
        | TokenError::WrongType
        | TokenError::UnknownKey
        | TokenError::Invalid
        | TokenError::Claims
        | TokenError::OtherCertificate => Shown::new(
            Code::Unauthenticated,
            "TOKEN_INVALID",
            error.to_string(),
            "Token tidak sah atau sudah kedaluwarsa. Minta token baru lalu coba lagi.",
        )
        .into_status(ErrorDetails::new()),
    }
}

/// `wait` is until the caller's next call may come.
pub(super) fn too_fast(wait: Duration) -> Status {
    Shown::new(
        Code::ResourceExhausted,
        "RATE_LIMITED",
        "more calls than one caller may make a second; wait as RetryInfo says, then go on more slowly",
        "Terlalu banyak permintaan dari satu pemanggil; tunggu sebentar lalu lanjutkan lebih pelan.",
    )
    .into_status(ErrorDetails::with_retry_info(Some(wait)))
}

pub(super) fn forbidden(why: &str) -> Status {
    Shown::new(
        Code::PermissionDenied,
        "PERMISSION_DENIED",
        why,
        "Peran Anda tidak mengizinkan tindakan ini.",
    )
    .into_status(ErrorDetails::new())
}

pub(super) fn overloaded() -> Status {
    Shown::new(
        Code::ResourceExhausted,
        "OVERLOADED",
        "the hub has more calls in flight than it can answer in good time; nothing was done",
        "Hub sedang terlalu sibuk; tidak ada yang dilakukan. Coba lagi sebentar.",
    )
    .into_status(ErrorDetails::with_retry_info(Some(RETRY_AFTER)))
}

pub(super) fn caller_busy() -> Status {
    Shown::new(
        Code::ResourceExhausted,
        "TOO_MANY_IN_FLIGHT",
        "more calls in flight than one caller may have; nothing was done: wait for the answers, then send fewer at once",
        "Terlalu banyak permintaan berjalan dari satu pemanggil; tidak ada yang dilakukan. Tunggu jawabannya lebih dahulu.",
    )
    .into_status(ErrorDetails::with_retry_info(Some(RETRY_AFTER)))
}
