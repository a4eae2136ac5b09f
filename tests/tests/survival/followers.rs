//! `serasi` that follows a hub: what it was told is kept, and what nobody has read comes again.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serasi_tests::build::{facility, intake, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::{Client, HubProcess, binary};

use super::{free_port, token};

const PATIENCE: Duration = Duration::from_secs(20);

/// `serasi` with these arguments, in the name of the token.
fn serasi(hub: &HubProcess, token: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command
        .args(["--hub", hub.url(), "--token", token])
        .args(arguments);
    command
}

/// A running watch of all offers.
fn watch(hub: &HubProcess, token: &str, cursor_file: &str) -> Child {
    let arguments = ["watch", "offers", "--json", "--cursor-file", cursor_file];
    let mut watch = serasi(hub, token, &arguments);
    let watch = watch.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    watch.unwrap()
}

/// Lines of a watch of all offers, read until `enough`; then it is killed.
fn watched(
    hub: &HubProcess,
    token: &str,
    cursor_file: &str,
    enough: &dyn Fn(&[serde_json::Value]) -> bool,
) -> Vec<serde_json::Value> {
    let mut watch = watch(hub, token, cursor_file);
    let mut read = vec![];
    for line in BufReader::new(watch.stdout.take().unwrap()).lines() {
        read.push(serde_json::from_str(&line.unwrap()).unwrap());
        if enough(&read) {
            break;
        }
    }
    watch.kill().unwrap();
    watch.wait().unwrap();
    read
}

/// A hub process with one facility, and a token that may do nearly everything.
async fn hub_with_a_facility(database: &TestDatabase, data_dir: &std::path::Path) -> (HubProcess, String) {
    let hub = HubProcess::start(Some(database.url()), data_dir, free_port()).await;
    let token = token(data_dir);
    let mut client = Client::new(hub.url(), Some(&token));
    let rows = tokio_stream::iter(vec![facility("A", "32.73.01", 50)]);
    client.facilities.import_facilities(rows).await.unwrap();
    (hub, token)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_replayed_in_one_stream_from_the_command_line() {
    let (database, data_dir) = (TestDatabase::create().await, tempfile::tempdir().unwrap());
    let (hub, token) = hub_with_a_facility(&database, data_dir.path()).await;
    let file = data_dir.path().join("antrean.jsonl");
    let lines: Vec<String> = (0..20)
        .map(|number| serde_json::to_string(&intake(&format!("antrean-{number}"))).unwrap())
        .collect();
    std::fs::write(&file, lines.join("\n")).unwrap();
    let submit_file = ["intake", "submit", file.to_str().unwrap(), "--stream"];
    for sum in [
        "20 new, 0 known already, 0 refused",
        "0 new, 20 known already, 0 refused",
    ] {
        let output = serasi(&hub, &token, &submit_file).output().unwrap();
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaint}");
        assert!(String::from_utf8_lossy(&output.stdout).contains(sum));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_watch_on_the_command_line_goes_on_where_its_file_says() {
    let (database, data_dir) = (TestDatabase::create().await, tempfile::tempdir().unwrap());
    let (hub, token) = hub_with_a_facility(&database, data_dir.path()).await;
    let client = Client::new(hub.url(), Some(&token));
    let cursor_file = data_dir.path().join("cursor");
    let report = async |reference: &str| {
        let request = submit(intake(reference));
        let answer = client.clone().intake.submit_intake(request).await.unwrap();
        answer.into_inner().outcome.unwrap().offer.unwrap().offer_id
    };
    let is_of = |read: &[serde_json::Value], offer: &str| {
        read.last().is_some_and(|line| line["offer"]["offer_id"] == offer)
    };
    let watched = |enough: &(dyn Fn(&[serde_json::Value]) -> bool + Sync)| {
        watched(&hub, &token, cursor_file.to_str().unwrap(), enough)
    };
    let standing = report("sebelumnya").await;
    // What stands is told, then what comes: by then the watch has kept a cursor.
    let runtime = tokio::runtime::Handle::current();
    let (read, first) = tokio::task::block_in_place(|| {
        std::thread::scope(|scope| {
            let watching = scope.spawn(|| watched(&|read| read.len() == 2));
            while !cursor_file.exists() {
                std::thread::sleep(Duration::from_millis(20));
            }
            let first = runtime.block_on(report("sambil-menonton"));
            (watching.join().unwrap(), first)
        })
    });
    assert!(read[0]["event"].is_null() && is_of(&read[..1], &standing));
    assert!(is_of(&read, &first), "{read:?}");
    // Two while nobody watches; the one before may come again, if the kill came before its cursor was kept.
    let (second, third) = (report("satu").await, report("dua").await);
    let read = watched(&|read| is_of(read, &third));
    let offers: Vec<_> = read
        .iter()
        .map(|line| line["offer"]["offer_id"].as_str().unwrap())
        .collect();
    let whole = [first.as_str(), &second, &third];
    assert!(offers == whole || offers == whole[1..], "{offers:?}");
    let kind = |line: &serde_json::Value| line["event"]["kind"] == "offer.offered";
    assert!(read.iter().all(kind));
}

/// Waits for what takes a moment.
async fn until(what: &str, mut ready: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !ready() {
        assert!(begun.elapsed() < PATIENCE, "{what} in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_nobody_has_read_comes_again() {
    let (database, data_dir) = (TestDatabase::create().await, tempfile::tempdir().unwrap());
    let (hub, token) = hub_with_a_facility(&database, data_dir.path()).await;
    let client = Client::new(hub.url(), Some(&token));
    let file = data_dir.path().join("cursor");
    let cursor_file = file.to_str().unwrap();
    let report = async |reference: &str| {
        let request = submit(intake(reference));
        let answer = client.clone().intake.submit_intake(request).await.unwrap();
        answer.into_inner().outcome.unwrap().offer.unwrap().offer_id
    };
    let mut left = watch(&hub, &token, cursor_file);
    until("the watch begins", || file.exists()).await;
    // The reader leaves, as `| head` does; the next line ends the watch.
    drop(left.stdout.take());
    let unread = report("unread").await;
    until("the watch ends", || left.try_wait().unwrap().is_some()).await;
    let last = report("last").await;
    let is_last =
        |read: &[serde_json::Value]| read.last().is_some_and(|line| line["offer"]["offer_id"] == *last);
    let read = tokio::task::block_in_place(|| watched(&hub, &token, cursor_file, &is_last));
    let offers: Vec<_> = read
        .iter()
        .map(|line| line["offer"]["offer_id"].clone())
        .collect();
    assert_eq!(offers, [unread, last]);
}
