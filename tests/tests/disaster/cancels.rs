//! R14: callers that give up at a random moment leave no debris, and find on their next call what became of the last.

use std::sync::atomic::Ordering;

use crate::checker::faults;
use crate::crowd::{Crowd, Habits};
use crate::kills::houses;
use crate::site::{Plan, Site};
use crate::{is_long, seed};

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_give_up_leave_no_open_transaction_and_no_half_report() {
    let seed = seed();
    let wanted = if is_long() { 5_000 } else { 250 };
    let site = Site::build(Plan {
        places: 2_000,
        ..Plan::default()
    })
    .await;
    let houses = houses(&site).await;
    let habits = Habits {
        reporters: 12,
        houses: 4,
        doubled: 0.0,
        given_up: 0.7,
        strict: false,
    };
    let crowd = Crowd::gather(&site, &houses, habits, seed);
    while crowd.told.given_up.load(Ordering::Relaxed) < wanted {
        crowd.until(5).await;
    }
    let told = crowd.disperse().await;
    println!(
        "{} calls given up, {} reports and {} answers acknowledged",
        told.given_up.load(Ordering::Relaxed),
        told.reports.read().len(),
        told.answers.read().len()
    );
    let found = faults(&site, &told).await;
    assert!(found.is_empty(), "{found:#?}");
    // What was given up was done all the same, or not at all: the replicas hold nothing of it.
    let mut connection = site.connect().await;
    let busy: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'serasi' AND state <> 'idle' AND state_change < now() - interval '1 s'",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    assert_eq!(busy, 0);
    site.clear().await;
}
