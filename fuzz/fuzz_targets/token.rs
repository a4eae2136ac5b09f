//! No text is a token that the issuer did not sign.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serasi_hub::auth::{DevIssuer, Verifier};
use time::macros::datetime;

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = DevIssuer::open_or_create(&folder.path().join("key")).expect("a key");
    issuer.verifier().expect("its own keys")
});

fuzz_target!(|text: &str| {
    let authorization = format!("Bearer {text}");
    assert!(VERIFIER.verify(Some(&authorization), None, datetime!(2026-11-23 03:00 UTC)).is_err());
    let _ = VERIFIER.verify(Some(text), None, datetime!(2026-11-23 03:00 UTC));
});
