//! Whatever dies, hangs, fills up or is slow while reports come in: what was acknowledged is there, once, and no bed is
//! promised twice. Callers keep ledgers on the disk, as the checker does not believe the hub.
//!
//! Short forms by default; `SERASI_LONG_TESTS=1` for the long ones. `SERASI_DISASTER_SEED` repeats a run's choices.

#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the failure that is wanted"
)]
#![expect(clippy::indexing_slicing, reason = "replicas are named by their numbers")]
#![expect(
    clippy::print_stdout,
    reason = "what a run has measured, and what this machine lacks"
)]

#[path = "disaster/cancels.rs"]
mod cancels;
#[path = "disaster/checker.rs"]
mod checker;
#[path = "disaster/crowd.rs"]
mod crowd;
#[path = "disaster/deadlines.rs"]
mod deadlines;
#[path = "disaster/deploys.rs"]
mod deploys;
#[path = "disaster/full_disk.rs"]
mod full_disk;
#[path = "disaster/kills.rs"]
mod kills;
#[path = "disaster/ledger.rs"]
mod ledger;
#[path = "disaster/line.rs"]
mod line;
#[path = "disaster/site.rs"]
mod site;
#[path = "disaster/slow_line.rs"]
mod slow_line;

/// Whether the long forms were asked for.
fn is_long() -> bool {
    std::env::var_os("SERASI_LONG_TESTS").is_some()
}

/// Of what a run draws; printed, so that a run that failed can be repeated.
fn seed() -> u64 {
    let named = std::env::var("SERASI_DISASTER_SEED").ok();
    let seed = named.map_or_else(rand::random, |text| text.parse().unwrap());
    println!("SERASI_DISASTER_SEED={seed}");
    seed
}
