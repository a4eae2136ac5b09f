//! A balai's system in Python that is killed, and a hub that is restarted: the balai misses nothing and counts nothing
//! twice. Long form: SERASI_TEST_EVENTS=10000 SERASI_TEST_RESTARTS=10.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serasi_tests::database::TestDatabase;

use super::load::{EVENTS_PER_CASE, Scene, wanted};
use super::{folder, python, stubs};

/// After the last event everything has been told by then.
const PATIENCE: Duration = Duration::from_secs(30);

/// The balai's process.
struct Balai<'b> {
    child: Child,
    start: &'b dyn Fn() -> Child,
}

impl Balai<'_> {
    /// kill -9, and up again.
    fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = (self.start)();
    }
}

impl Drop for Balai<'_> {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The events of an inbox, in its order: event, offer, version.
fn events(inbox: &Path) -> Vec<(String, String, i64)> {
    let text = std::fs::read_to_string(inbox).unwrap_or_default();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let lines = whole.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    lines
        .filter(|fields| fields.len() == 5)
        .map(|fields| {
            (
                fields[0].to_owned(),
                fields[2].to_owned(),
                fields[3].parse().unwrap(),
            )
        })
        .collect()
}

async fn until(what: &str, mut ready: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not happen in time");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balai_in_python_misses_nothing_and_counts_nothing_twice() {
    let cases = wanted("SERASI_TEST_EVENTS", 900).div_ceil(EVENTS_PER_CASE);
    let restarts = wanted("SERASI_TEST_RESTARTS", 3);
    let (python, (scene, mut hub)) = (python().await, Scene::start(&[]).await);
    let stubs = stubs(&python);
    let inbox = scene.data_dir.path().join("inbox.tsv");
    let start = || {
        let mut command = Command::new(&python);
        command.arg(folder().join("balai.py")).arg(stubs.path());
        command.arg(format!("127.0.0.1:{}", scene.port));
        command.arg(&scene.officer).arg(&inbox).spawn().unwrap()
    };
    let child = start();
    let mut balai = Balai { child, start: &start };
    let has_begun = || inbox.metadata().is_ok_and(|file| file.len() > 0);
    until("the beginning of the watch", has_begun).await;

    let begun = Instant::now();
    let parties = scene.offers(0..cases);
    let all = usize::try_from(cases * EVENTS_PER_CASE).unwrap();
    for restart in 1..=restarts {
        // Spread over the run: when so many events have been told.
        let share = all * usize::try_from(restart).unwrap() / usize::try_from(restarts + 1).unwrap();
        until("the next share of the events", || events(&inbox).len() >= share).await;
        if restart % 2 == 0 {
            assert_eq!(hub.terminate(), Some(0));
        } else {
            hub.kill();
        }
        balai.restart();
        hub = scene.hub().await;
    }
    parties.join_all().await;
    until("the last event", || events(&inbox).len() >= all).await;
    balai.restart();
    // One more case: what would come twice comes before it.
    scene.offers(cases..cases + 1).join_all().await;
    let all = all + usize::try_from(EVENTS_PER_CASE).unwrap();
    until("the event after the last one", || events(&inbox).len() >= all).await;
    let seconds = begun.elapsed().as_secs_f64();
    println!("{all} events, {restarts} restarts of hub and balai, {seconds:.1} s");
    check(&events(&inbox), &told(&scene.database).await, all);
    drop(balai);
    hub.kill();
}

/// Every event of an offer that the database has.
async fn told(database: &TestDatabase) -> BTreeSet<String> {
    let ids: Vec<String> = sqlx::query_scalar("SELECT event_id::text FROM events WHERE kind LIKE 'offer.%'")
        .fetch_all(&mut database.connect().await)
        .await
        .unwrap();
    ids.into_iter().collect()
}

fn check(inbox: &[(String, String, i64)], told: &BTreeSet<String>, all: usize) {
    let ids: BTreeSet<String> = inbox.iter().map(|(event, _, _)| event.clone()).collect();
    assert_eq!(told.len(), all);
    assert_eq!(ids, *told, "nothing is missed");
    assert_eq!(inbox.len(), all, "nothing is counted twice");
    let mut versions: BTreeMap<&String, Vec<i64>> = BTreeMap::new();
    for (_, offer, version) in inbox {
        versions.entry(offer).or_default().push(*version);
    }
    let in_order = versions.values().all(|versions| *versions == [1, 2, 3]);
    assert!(in_order, "in order per offer");
}
