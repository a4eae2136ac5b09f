//! A balai's system in Python that is killed, and a hub that is restarted: the balai misses nothing and counts nothing
//! twice. Long form: SERASI_TEST_EVENTS=10000 SERASI_TEST_RESTARTS=10.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serasi_tests::HubProcess;
use serasi_tests::database::TestDatabase;

use super::load::{EVENTS_PER_CASE, free_port, hub, offers, one_facility, token, wanted};
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
    let (python, database) = (python().await, TestDatabase::create().await);
    let stubs = stubs(&python);
    let data_dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut server: HubProcess = hub(&database, data_dir.path(), port, &[]).await;
    let roles = [
        "--role",
        "coordinator",
        "--role",
        "administrator",
        "--role",
        "hotline_operator",
    ];
    let coordinator = token(data_dir.path(), &roles);
    let facility = one_facility(&server, &coordinator).await;
    let officer = token(
        data_dir.path(),
        &["--role", "facility_officer", "--facility", &facility],
    );
    let inbox = data_dir.path().join("inbox.tsv");
    let start = || {
        let mut command = Command::new(&python);
        command.arg(folder().join("balai.py")).arg(stubs.path());
        command.arg(format!("127.0.0.1:{port}")).arg(&officer).arg(&inbox);
        command.spawn().unwrap()
    };
    let mut balai = Balai {
        child: start(),
        start: &start,
    };
    until("the beginning of the watch", || {
        inbox.metadata().is_ok_and(|file| file.len() > 0)
    })
    .await;

    let begun = Instant::now();
    let url = server.url().to_owned();
    let mut parties = offers(&url, (&coordinator, &officer), cases);
    let all = usize::try_from(cases * EVENTS_PER_CASE).unwrap();
    for restart in 1..=restarts {
        // Spread over the run: when so many events have been told.
        let share = all * usize::try_from(restart).unwrap() / usize::try_from(restarts + 1).unwrap();
        until("the next share of the events", || events(&inbox).len() >= share).await;
        if restart % 2 == 0 {
            assert_eq!(server.terminate(), Some(0));
        } else {
            server.kill();
        }
        balai.restart();
        server = hub(&database, data_dir.path(), port, &[]).await;
    }
    while let Some(party) = parties.join_next().await {
        party.unwrap();
    }
    let mut connection = database.connect().await;
    let told: Vec<String> = sqlx::query_scalar("SELECT event_id::text FROM events WHERE kind LIKE 'offer.%'")
        .fetch_all(&mut connection)
        .await
        .unwrap();
    assert_eq!(told.len(), all);
    until("the last event", || events(&inbox).len() >= all).await;
    balai.restart();
    // A last heartbeat's time: what came twice would come now.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let inbox = events(&inbox);
    println!(
        "{} events, {restarts} restarts of hub and balai, {:.1} s",
        inbox.len(),
        begun.elapsed().as_secs_f64()
    );
    let ids: BTreeSet<&String> = inbox.iter().map(|(event, _, _)| event).collect();
    assert_eq!(ids, told.iter().collect::<BTreeSet<_>>(), "nothing is missed");
    assert_eq!(inbox.len(), ids.len(), "nothing is counted twice");
    let mut versions: BTreeMap<&String, Vec<i64>> = BTreeMap::new();
    for (_, offer, version) in &inbox {
        versions.entry(offer).or_default().push(*version);
    }
    assert!(
        versions.values().all(|versions| *versions == [1, 2, 3]),
        "in order per offer"
    );
    drop(balai);
    server.kill();
}
