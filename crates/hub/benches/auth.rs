//! What it costs to let a call in: token, role and share of calls, with a token that was seen before and with new ones.
//!
//! Plain `main`, one core: `cargo bench -p serasi-hub --bench auth`. The audit row of a call is the database's work and
//! not measured here.
#![expect(clippy::print_stdout, reason = "a bench reports to the terminal")]

use std::hint::black_box;
use std::num::NonZeroU32;
use std::time::{Duration, Instant};

use serasi_geography::atlas;
use serasi_hub::auth::{DevIssuer, Gate, Role, TokenRequest};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

const NOW: OffsetDateTime = datetime!(2026-11-23 03:00 UTC);
const METHOD: &str = "serasi.v1.CaseService/GetCase";
const CALLS: usize = 200_000;
/// Fewer than the hub remembers, so that the second round finds them all.
const TOKENS: u128 = 5_000;

fn main() {
    atlas().preload();
    let folder = tempfile::tempdir().expect("a folder");
    let issuer = DevIssuer::open_or_create(&folder.path().join("key")).expect("a key");
    let gate = || Gate::new(issuer.verifier().expect("its own keys"), NonZeroU32::MAX);
    let headers: Vec<String> = (0..TOKENS)
        .map(|number| format!("Bearer {}", token(&issuer, number)))
        .collect();
    let one = headers.iter().take(1).cycle().take(CALLS);
    let length = headers.first().map_or(0, String::len);
    println!(
        "one core, tokens of {length} bytes, {CALLS} calls with a remembered token, {TOKENS} with new ones"
    );
    measure("new tokens: signature and claims", &gate(), headers.iter());
    measure("one remembered token", &gate(), one);
    let warm = gate();
    for header in &headers {
        black_box(warm.admits(METHOD, header, NOW));
    }
    measure(
        "5,000 remembered tokens in turn",
        &warm,
        headers.iter().cycle().take(CALLS),
    );
    let foreign = DevIssuer::open_or_create(&folder.path().join("other")).expect("a key");
    let refused: Vec<String> = (0..TOKENS)
        .map(|number| format!("Bearer {}", token(&foreign, number)))
        .collect();
    measure("refused: unknown key", &gate(), refused.iter());
}

fn token(issuer: &DevIssuer, number: u128) -> String {
    let request = TokenRequest {
        subject: format!("petugas-{number}"),
        roles: vec![Role::Coordinator, Role::HotlineOperator],
        scope: "32.73".parse().expect("a city"),
        facility: None,
        system: Some("simpeksos".to_owned()),
        lives: time::Duration::minutes(10),
    };
    issuer
        .mint(&request, NOW, Uuid::from_u128(number))
        .expect("it signs")
}

fn measure<'h>(name: &str, gate: &Gate, headers: impl Iterator<Item = &'h String>) {
    let mut times: Vec<Duration> = headers
        .map(|header| {
            let begun = Instant::now();
            black_box(gate.admits(METHOD, header, NOW));
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    let microseconds = |time: Duration| time.as_secs_f64() * 1e6;
    let at = |percent: usize| {
        times
            .get((times.len() - 1) * percent / 100)
            .copied()
            .unwrap_or_default()
    };
    let mean = microseconds(times.iter().sum::<Duration>()) / times.iter().map(|_| 1.0).sum::<f64>();
    println!(
        "{name:<36} mean {mean:7.2} us   p50 {:7.2} us   p99 {:7.2} us",
        microseconds(at(50)),
        microseconds(at(99))
    );
}
