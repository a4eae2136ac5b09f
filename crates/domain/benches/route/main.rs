//! What a decision costs over the whole reference directory, and what a change of the directory costs the board.
//!
//! Plain `main`, one core: `cargo bench -p serasi-domain`. Cases are drawn over all districts in the mix of
//! `serasi bench`; the seed is printed.
#![expect(clippy::print_stdout, reason = "a bench reports to the terminal")]

mod cases;
mod reference;

use std::hint::black_box;
use std::time::{Duration, Instant};

use serasi_domain::case::CaseFacts;
use serasi_domain::directory::{Changes, Directory};
use serasi_domain::need::Urgency;
use serasi_domain::policy::Policy;
use serasi_domain::routing::decision::Outcome;
use serasi_domain::routing::{Routing, Seeker, route};
use serasi_geography::atlas;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2026-11-23 03:00 UTC);
const SEED: u64 = 20;
const CASES: usize = 20_000;
const CHANGED: usize = 100;
const REFRESHES: u32 = 200;

fn main() {
    atlas().preload();
    let directory = reference::directory(NOW);
    let cases = cases::draw(SEED, CASES);
    println!(
        "{} facilities, {CASES} cases, seed {SEED}, one core",
        directory.len()
    );
    for (name, policy) in [("P7", Policy::p7()), ("P16", Policy::p16())] {
        decisions(name, &directory, &policy, &cases);
    }
    for urgency in Urgency::ALL {
        let some: Vec<_> = cases
            .iter()
            .filter(|facts| facts.urgency == *urgency)
            .cloned()
            .collect();
        decisions(urgency.code(), &directory, &Policy::p7(), &some);
    }
    if is_wanted("board") {
        refreshes(&directory);
    }
}

fn decide(facts: &CaseFacts, directory: &Directory, policy: &Policy) -> Routing {
    let seeker = Seeker {
        facts,
        reported_at: NOW,
        exclusions: &[],
    };
    route(seeker, directory, policy, NOW).expect("drawn cases have a cluster and a place")
}

/// `cargo bench -p serasi-domain --bench route -- urgent` runs the one of that name.
fn is_wanted(name: &str) -> bool {
    let mut wanted = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .peekable();
    wanted.peek().is_none() || wanted.any(|argument| argument == name)
}

fn decisions(name: &str, directory: &Directory, policy: &Policy, cases: &[CaseFacts]) {
    if !is_wanted(name) {
        return;
    }
    for facts in cases.iter().take(1_000) {
        black_box(decide(facts, directory, policy));
    }
    let mut times = Vec::with_capacity(cases.len());
    let (mut offered, mut bytes) = (0_u32, 0);
    for facts in cases {
        let start = Instant::now();
        let routing = black_box(decide(facts, directory, policy));
        times.push(start.elapsed());
        offered += u32::from(routing.decision.outcome == Outcome::Offered);
        bytes += routing.decision.to_bytes().len();
    }
    times.sort_unstable();
    let total: Duration = times.iter().sum();
    let at = |share: f64| percentile(&times, share);
    #[expect(clippy::cast_precision_loss, reason = "a few ten thousand")]
    let count = cases.len() as f64;
    println!(
        "decisions, {name:<9} {:>7.0}/s   mean {:>6.1?}   p50 {:>6.1?}   p99 {:>6.1?}   max {:>6.1?}   offered {:.0} %   record {} bytes",
        count / total.as_secs_f64(),
        total.div_f64(count),
        at(0.50),
        at(0.99),
        at(1.0),
        f64::from(offered) * 100.0 / count,
        bytes / cases.len(),
    );
}

/// Every look finds a hundred facilities whose places have changed.
fn refreshes(directory: &Directory) {
    let mut current = directory.clone();
    let mut times = vec![];
    for version in 2..2 + i64::from(REFRESHES) {
        let step = current.len() / CHANGED;
        let pools = current
            .entries()
            .step_by(step)
            .take(CHANGED)
            .filter_map(|entry| {
                let mut pool = entry.pools.first()?.clone();
                pool.version = version;
                pool.occupied += 1;
                Some((entry.facility.id, pool))
            })
            .collect();
        let changes = Changes {
            pools,
            ..Changes::default()
        };
        let start = Instant::now();
        current = black_box(current.with(version, changes)).expect("something has changed");
        times.push(start.elapsed());
    }
    times.sort_unstable();
    println!(
        "board, {CHANGED} changed          p50 {:>6.1?}   p99 {:>6.1?}   (what is read from the database comes on top)",
        percentile(&times, 0.50),
        percentile(&times, 0.99),
    );
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a short list"
    )]
    let index = ((sorted.len() - 1) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or_default()
}
