//! R13: replicas that are told to stop and come again, under load: nobody notices who retries UNAVAILABLE alone.

use std::time::Duration;

use crate::checker::{Watchman, faults};
use crate::crowd::{Crowd, Habits};
use crate::kills::houses;
use crate::site::{Plan, Site};
use crate::{is_long, seed};

/// A replica ends its calls and is gone by then.
const DRAIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_leaves_and_one_that_joins_are_seen_by_nobody() {
    let seed = seed();
    let (rounds, between) = if is_long() { (50, 100) } else { (4, 20) };
    let mut site = Site::build(Plan::default()).await;
    let houses = houses(&site).await;
    let habits = Habits {
        reporters: 8,
        houses: 4,
        doubled: 0.1,
        given_up: 0.0,
        strict: true,
    };
    let crowd = Crowd::gather(&site, &houses, habits, seed);
    let watchman = Watchman::post(&site);
    let (mut slowest_end, mut slowest_start) = (Duration::ZERO, Duration::ZERO);
    for round in 0..rounds {
        crowd.until(between).await;
        let (code, took) = site.stop(round % 2).await;
        assert_eq!(code, Some(0));
        slowest_end = slowest_end.max(took);
        crowd.until(between).await;
        slowest_start = slowest_start.max(site.start(round % 2).await);
    }
    crowd.until(between).await;
    let told = crowd.disperse().await;
    let (looks, broken) = watchman.relieve().await;
    println!(
        "{} reports, {rounds} replicas replaced: gone after {slowest_end:?} at most, back after {slowest_start:?}",
        told.reports.read().len()
    );
    let found = faults(&site, &told).await;
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!((broken, looks > 0), (0, true));
    assert!(slowest_end < DRAIN, "{slowest_end:?}");
    site.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_is_killed_instead_is_noticed_by_such_callers() {
    let mut site = Site::build(Plan::default()).await;
    let habits = Habits {
        reporters: 16,
        houses: 0,
        doubled: 0.0,
        given_up: 0.0,
        strict: true,
    };
    let crowd = Crowd::gather(&site, &[], habits, seed());
    // A call in flight breaks off, and what the library says of that is not always UNAVAILABLE.
    for round in 0..30 {
        crowd.until(20).await;
        site.kill(round % 2);
        site.start(round % 2).await;
        if !crowd.told.failures.read().is_empty() {
            break;
        }
    }
    let told = crowd.disperse().await;
    assert!(
        !told.failures.read().is_empty(),
        "the control was noticed by nobody"
    );
    site.clear().await;
}
