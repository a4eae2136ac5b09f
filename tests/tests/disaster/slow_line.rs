//! R7, R9: a database that is slow or away for a while. Callers are told soon, the hub does not swell, and all is well as
//! soon as the line is.

use std::time::{Duration, Instant};

use serasi_hub::auth::Role;
use serasi_tests::build::{intake, submit};
use tokio::task::JoinSet;
use tonic::Code;

use crate::checker::faults;
use crate::crowd::{Crowd, Habits};
use crate::line::Weather;
use crate::site::{Plan, Site};
use crate::{is_long, seed};

const HABITS: Habits = Habits {
    reporters: 8,
    houses: 0,
    doubled: 0.0,
    given_up: 0.0,
    strict: false,
};
/// No call is without an answer for longer: its deadline, and half a second (R7). The short form runs beside other tests
/// and without optimisation.
fn longest() -> Duration {
    Duration::from_millis(if is_long() { 10_500 } else { 15_000 })
}

/// Who is shed is told at once, and not when others time out.
fn at_once() -> Duration {
    Duration::from_secs(if is_long() { 1 } else { 6 })
}

/// Afterwards all is as before by then.
const RECOVERY: Duration = Duration::from_secs(10);

/// Sends so many reports at once; how long each waited for its answer, and what that was.
async fn burst(site: &Site, name: &str, calls: usize) -> Vec<(Duration, Code)> {
    let mut set = JoinSet::new();
    for call in 0..calls {
        let mut client = site.client(0, &[Role::HotlineOperator]);
        let report = submit(intake(&format!("burst-{name}-{call}")));
        set.spawn(async move {
            let begun = Instant::now();
            let answer = client.intake.submit_intake(report).await;
            (
                begun.elapsed(),
                answer.map_or_else(|status| status.code(), |_| Code::Ok),
            )
        });
    }
    set.join_all().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_database_topples_nothing_and_callers_are_told_in_time() {
    let seconds = if is_long() { 60 } else { 8 };
    let site = Site::build(Plan {
        replicas: 1,
        by_line: true,
        places: 5_000,
        hub: &["--calls-in-flight", "64"],
        ..Plan::default()
    })
    .await;
    let line = site.line.as_ref().unwrap();
    let crowd = Crowd::gather(&site, &[], HABITS, seed());
    crowd.until(200).await;
    let before = site.memory(0);

    line.turn(Weather::Slow(Duration::from_secs(2)));
    let begun = Instant::now();
    let mut answers = vec![];
    let mut round = 0;
    while begun.elapsed() < Duration::from_secs(seconds) {
        round += 1;
        answers.extend(burst(&site, &format!("slow-{round}"), 128).await);
    }
    let during = site.memory(0);
    line.turn(Weather::Fair);
    let fair = Instant::now();
    while burst(&site, &format!("after-{}", fair.elapsed().as_millis()), 1).await[0].1 != Code::Ok {
        assert!(fair.elapsed() < RECOVERY, "the hub did not recover");
    }
    crowd.until(100).await;
    let recovered = fair.elapsed();

    let slowest = answers.iter().map(|(took, _)| *took).max().unwrap();
    let shed: Vec<Duration> = answers
        .iter()
        .filter(|(_, code)| *code == Code::ResourceExhausted)
        .map(|(took, _)| *took)
        .collect();
    let slowest_shed = shed.iter().max();
    println!(
        "{} calls in {seconds} s, {} shed, the slowest of them after {slowest_shed:?}; slowest answer {slowest:?}; {} MiB, then {} MiB; \
         well again after {recovered:?}",
        answers.len(),
        shed.len(),
        before >> 20,
        during >> 20
    );
    assert!(slowest <= longest(), "{slowest:?}");
    assert!(!shed.is_empty(), "128 calls do not fit into 64 places");
    assert!(*slowest_shed.unwrap() < at_once(), "{slowest_shed:?}");
    assert!(during <= before + before / 2, "{before} became {during}");
    assert!(recovered < RECOVERY, "{recovered:?}");
    let told = crowd.disperse().await;
    let found = faults(&site, &told).await;
    assert!(found.is_empty(), "{found:#?}");
    site.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_is_cut_holds_no_call_beyond_its_deadline_and_heals() {
    let rounds = if is_long() { 20 } else { 1 };
    let site = Site::build(Plan {
        replicas: 1,
        by_line: true,
        places: 5_000,
        ..Plan::default()
    })
    .await;
    let line = site.line.as_ref().unwrap();
    let crowd = Crowd::gather(&site, &[], HABITS, seed());
    for round in 0..rounds {
        crowd.until(50).await;
        line.turn(Weather::Cut);
        let answers = burst(&site, &format!("cut-{round}"), 16).await;
        let slowest = answers.iter().map(|(took, _)| *took).max().unwrap();
        assert!(slowest <= longest(), "{slowest:?}");
        assert!(
            answers
                .iter()
                .all(|(_, code)| matches!(code, Code::DeadlineExceeded | Code::Unavailable)),
            "{answers:?}"
        );
        line.turn(Weather::Fair);
        let fair = Instant::now();
        crowd.until(20).await;
        assert!(fair.elapsed() < RECOVERY, "{:?}", fair.elapsed());
    }
    let told = crowd.disperse().await;
    let found = faults(&site, &told).await;
    assert!(found.is_empty(), "{found:#?}");
    site.clear().await;
}
