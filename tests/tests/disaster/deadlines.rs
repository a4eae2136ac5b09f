//! R6: offers that nobody answers expire once, and on time, by the clock of the database: whatever a hub's own clock says,
//! and although hubs are killed just then.

use std::path::Path;
use std::time::Duration;

use sqlx::PgConnection;

use crate::checker::faults;
use crate::crowd::{Crowd, Habits};
use crate::site::{Plan, Site};
use crate::{is_long, seed};

/// An offer is gone so many seconds after its deadline (R6), and not before. The short form runs beside other tests and
/// without optimisation.
fn at_most_late() -> f64 {
    if is_long() { 5.0 } else { 20.0 }
}

const ANSWER_WITHIN: u32 = 6;

/// Where libfaketime is (`apt-get install faketime`); without it the clocks of the hubs are right.
const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// Makes a process believe that it is another time.
fn wrong_clock(by: &'static str) -> Vec<(&'static str, &'static str)> {
    if Path::new(FAKETIME).is_file() {
        // The time that runs inside the process stays right: only the wall clock is moved.
        vec![
            ("LD_PRELOAD", FAKETIME),
            ("FAKETIME", by),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ]
    } else {
        println!("no libfaketime on this machine: the clocks of the hubs are right");
        vec![]
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Expired {
    offers: i64,
    early: i64,
    twice: i64,
    told: i64,
    latest: f64,
}

async fn expired(connection: &mut PgConnection) -> Expired {
    sqlx::query_as(
        "SELECT count(*) AS offers, count(*) FILTER (WHERE answered_at < expires_at) AS early,
                (SELECT count(*) FROM (SELECT subject_id FROM events WHERE kind = 'offer.expired'
                     GROUP BY subject_id HAVING count(*) > 1) t) AS twice,
                (SELECT count(DISTINCT subject_id) FROM events WHERE kind = 'offer.expired') AS told,
                COALESCE(max(EXTRACT(epoch FROM answered_at - expires_at)), 0)::float8 AS latest
         FROM offers WHERE state = 'expired'",
    )
    .fetch_one(connection)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_expire_once_and_on_time_although_hubs_die_at_that_moment() {
    let reports = if is_long() { 10_000 } else { 120 };
    let mut site = Site::build(Plan {
        places: 10_000,
        answer_within: ANSWER_WITHIN,
        ..Plan::default()
    })
    .await;
    let habits = Habits {
        reporters: 12,
        houses: 0,
        doubled: 0.0,
        given_up: 0.0,
        strict: false,
    };
    let crowd = Crowd::gather(&site, &[], habits, seed());
    crowd.until(reports).await;
    let told = crowd.disperse().await;
    let mut connection = site.connect().await;
    // From the first deadline on one of the two is killed again and again, and comes back with a clock of its own.
    for round in 0..6 {
        tokio::time::sleep(Duration::from_millis(1500)).await;
        site.kill(round % 2);
        let clock = wrong_clock(if round % 2 == 0 { "+1h" } else { "-1h" });
        site.start_in(round % 2, &clock).await;
    }
    let seen = expired(&mut connection).await;
    println!("{seen:?}");
    assert!(seen.offers >= i64::try_from(reports).unwrap(), "{seen:?}");
    assert_eq!(
        (seen.early, seen.twice, seen.told),
        (0, 0, seen.offers),
        "{seen:?}"
    );
    assert!(seen.latest <= at_most_late(), "{seen:?}");
    let found = faults(&site, &told).await;
    assert!(found.is_empty(), "{found:#?}");
    site.clear().await;
}
