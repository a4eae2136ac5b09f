//! How a stream ends, and where to go on.

use tonic::{Code, Status};
use tonic_types::ErrorDetails;

use super::{RETRY_AFTER, Shown};
use crate::error::StreamEnd;

pub(super) fn ended(why: StreamEnd, cursor: &str) -> Status {
    let (shown, details) = match why {
        StreamEnd::Stopping => (
            Shown::new(
                Code::Unavailable,
                "HUB_STOPPING",
                "this hub is stopping; call again and go on from the cursor",
                "Hub ini sedang berhenti; sambungkan kembali dan lanjutkan dari kursor.",
            ),
            ErrorDetails::with_retry_info(Some(RETRY_AFTER)),
        ),
        StreamEnd::TooSlow => (
            Shown::new(
                Code::ResourceExhausted,
                "SLOW_CONSUMER",
                "the client reads more slowly than things happen; call again and go on from the cursor",
                "Klien membaca terlalu lambat; sambungkan kembali dan lanjutkan dari kursor.",
            ),
            ErrorDetails::with_retry_info(Some(RETRY_AFTER)),
        ),
        StreamEnd::TokenExpired => (
            Shown::new(
                Code::Unauthenticated,
                "TOKEN_EXPIRED",
                "the token has expired; call again with a new one and go on from the cursor",
                "Token sudah kedaluwarsa; minta token baru dan lanjutkan dari kursor.",
            ),
            ErrorDetails::new(),
        ),
    };
    shown.with("cursor", cursor).into_status(details)
}

pub(super) fn cursor_unknown(earliest: &str) -> Status {
    Shown::new(
        Code::OutOfRange,
        "CURSOR_UNKNOWN",
        "this cursor is not known, or older than the events that are kept; begin without one, or at the earliest",
        "Kursor ini tidak dikenal atau terlalu lama; mulai tanpa kursor, atau dari yang paling awal.",
    )
    .with("earliest_cursor", earliest)
    .into_status(ErrorDetails::new())
}
