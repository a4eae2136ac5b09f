//! Whatever the bytes of a request are, they are decoded and parsed, or refused. The first byte says as what.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serasi_hub::hostile::{Shape, read};
use time::macros::datetime;

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let shape = Shape::ALL[usize::from(*first) % Shape::ALL.len()];
    let _ = read(shape, rest, datetime!(2026-11-23 03:00 UTC));
});
