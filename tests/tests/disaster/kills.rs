//! R1, R3, R4, R8: kill -9 of hubs and of the database, and hubs that stand still and go on, under load.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::{Signal, signal};

use crate::checker::{Watchman, faults};
use crate::crowd::{Crowd, Habits};
use crate::site::{Plan, Site};
use crate::{is_long, seed};

const HABITS: Habits = Habits {
    reporters: 12,
    houses: 6,
    doubled: 0.1,
    given_up: 0.05,
    strict: false,
};

/// Ids of the facilities.
pub(crate) async fn houses(site: &Site) -> Vec<String> {
    let mut client = site.client(0, &[Role::Coordinator]);
    let list = v1::ListFacilitiesRequest::default();
    let listed = client
        .facilities
        .list_facilities(list)
        .await
        .unwrap()
        .into_inner();
    listed
        .facilities
        .into_iter()
        .map(|facility| facility.facility_id)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_killed_nothing_acknowledged_is_lost_or_doubled_and_no_bed_is_overbooked() {
    let seed = seed();
    let mut rng = StdRng::seed_from_u64(seed);
    // Kills of hubs, of the database, hubs that stand still, and reports between two of them.
    let (hubs, databases, pauses, between) = if is_long() {
        (40, 10, 20, 300)
    } else {
        (4, 1, 1, 40)
    };
    let mut site = Site::build(Plan {
        // Too few for all.
        places: if is_long() { 300 } else { 10 },
        answer_within: 5,
        ..Plan::default()
    })
    .await;
    let houses = houses(&site).await;
    let crowd = Crowd::gather(&site, &houses, HABITS, seed);
    let watchman = Watchman::post(&site);

    let mut disasters: Vec<u8> = vec![];
    disasters.extend(std::iter::repeat_n(0, hubs));
    disasters.extend(std::iter::repeat_n(1, databases));
    disasters.extend(std::iter::repeat_n(2, pauses));
    rand::seq::SliceRandom::shuffle(disasters.as_mut_slice(), &mut rng);
    let mut slowest = Duration::ZERO;
    for disaster in disasters {
        crowd.until(rng.random_range(1..2 * between)).await;
        let at = rng.random_range(0..2);
        match disaster {
            0 => {
                site.kill(at);
                slowest = slowest.max(site.start(at).await);
            }
            1 => site.kill_database(),
            _ => {
                site.tell(at, Signal::STOP);
                // Longer than any lease or lock of the hub lasts.
                tokio::time::sleep(Duration::from_secs(12)).await;
                site.tell(at, Signal::CONT);
            }
        }
    }
    crowd.until(between).await;
    let told = crowd.disperse().await;
    let (looks, broken) = watchman.relieve().await;
    let reports = told.reports.read().len();
    println!(
        "{reports} reports and {} answers acknowledged, {} calls given up, {hubs} kills of a hub, {databases} of the database, \
         {pauses} pauses; a hub was back after {slowest:?} at most; {looks} looks at the places",
        told.answers.read().len(),
        told.given_up.load(std::sync::atomic::Ordering::Relaxed),
    );
    let found = faults(&site, &told).await;
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(broken, 0, "of {looks} looks");
    assert!(looks > 20 && reports > 200, "{looks} looks, {reports} reports");
    assert!(told.answers.read().len() > 20);
    site.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_synchronous_commit_the_same_check_finds_what_is_lost() {
    let seed = seed();
    let mut site = Site::build(Plan {
        replicas: 1,
        database: &["synchronous_commit = off"],
        hub: &["--allow-unsafe-database"],
        ..Plan::default()
    })
    .await;
    let habits = Habits {
        houses: 0,
        doubled: 0.0,
        given_up: 0.0,
        ..HABITS
    };
    // Whoever writes the WAL down for those who do not wait stands still: it stays in the memory of the server, and dies
    // with it.
    let writer = site.wal_writer().await;
    signal(writer, Signal::STOP);
    let crowd = Crowd::gather(&site, &[], habits, seed);
    crowd.until(20).await;
    site.kill_database();
    signal(writer, Signal::KILL);
    site.kill(0);
    site.connect().await;
    site.start(0).await;
    let told = crowd.disperse().await;
    let found = faults(&site, &told).await;
    assert!(
        found
            .iter()
            .any(|fault| fault.contains("was acknowledged and is lost")),
        "the control loses nothing: {found:#?}"
    );
    site.clear().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_case_that_vanishes_and_a_report_under_a_new_key_are_found_by_the_check() {
    let site = Site::build(Plan {
        replicas: 1,
        ..Plan::default()
    })
    .await;
    let habits = Habits {
        reporters: 2,
        houses: 0,
        doubled: 0.0,
        given_up: 0.0,
        ..HABITS
    };
    let crowd = Crowd::gather(&site, &[], habits, seed());
    crowd.until(20).await;
    let told = crowd.disperse().await;
    assert_eq!(faults(&site, &told).await, Vec::<String>::new());
    // Who is told twice, and differently, of one report.
    told.reports
        .write("0-0", "3273-00000000-0000-0000-0000-000000000000");
    told.reports
        .write("vanished", "3273-00000000-0000-0000-0000-000000000001");
    let found = faults(&site, &told).await;
    assert_eq!(found.len(), 2, "{found:#?}");
    let mut connection = site.connect().await;
    sqlx::query(
        "UPDATE holds SET places = places + 1 WHERE hold_id = (SELECT min(hold_id::text)::uuid FROM holds)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    let watchman = Watchman::post(&site);
    tokio::time::sleep(Duration::from_millis(600)).await;
    let (looks, broken) = watchman.relieve().await;
    assert!(looks > 0 && broken == looks, "{broken} of {looks}");
    site.clear().await;
}
