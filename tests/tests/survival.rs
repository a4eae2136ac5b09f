//! kill -9 of the hub in the middle of the work: what was acknowledged is there, once, and no place is lost.

#![expect(
    clippy::unwrap_used,
    reason = "in a test a panic is the failure that is wanted"
)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serasi_tests::build::{facility, intake, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::invariants::capacity_violations;
use serasi_tests::{Client, HubProcess, Signal, binary, free_port, signal};
use tokio::task::JoinSet;

#[path = "survival/followers.rs"]
mod followers;
#[path = "survival/reconciling.rs"]
mod reconciling;
#[path = "survival/restore.rs"]
mod restore;

const CLIENTS: usize = 8;
const KILLS: u32 = 4;

/// Mints a token of the process's development issuer, as a person would.
fn token(data_dir: &std::path::Path) -> String {
    token_of(data_dir, &["coordinator", "administrator", "hotline_operator"])
}

/// The same for these roles.
fn token_of(data_dir: &std::path::Path, roles: &[&str]) -> String {
    let mut mint = Command::new(binary());
    mint.arg("token");
    for role in roles {
        mint.args(["--role", role]);
    }
    mint.arg("--data-dir");
    let output = mint.arg(data_dir).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Sends report after report, each until it is acknowledged; gives back what was.
async fn reporter(
    url: String,
    token: String,
    name: usize,
    stop: Arc<AtomicBool>,
) -> BTreeMap<String, String> {
    let mut client = Client::new(&url, Some(&token));
    let mut acknowledged = BTreeMap::new();
    for number in 0_u32.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let reference = format!("{name}-{number}");
        let request = submit(intake(&reference));
        // The same request until there is an answer: a retry has one effect.
        let case = loop {
            match client.intake.submit_intake(request.clone()).await {
                Ok(answer) => break answer.into_inner().case.unwrap(),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        };
        acknowledged.insert(reference, case.case_id);
    }
    acknowledged
}

#[tokio::test(flavor = "multi_thread")]
async fn killing_the_hub_loses_no_acknowledged_case_and_doubles_none() {
    let database = TestDatabase::create().await;
    let data_dir = tempfile::tempdir().unwrap();
    let port = free_port();
    let mut hub = HubProcess::start(Some(database.url()), data_dir.path(), port).await;
    let token = token(data_dir.path());
    let rows: Vec<_> = (0..20)
        .map(|number| facility(&format!("F{number}"), "32.73.01", 40))
        .collect();
    let mut client = Client::new(hub.url(), Some(&token));
    client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();

    let stop = Arc::new(AtomicBool::new(false));
    let mut reporters = JoinSet::new();
    for name in 0..CLIENTS {
        reporters.spawn(reporter(
            hub.url().to_owned(),
            token.clone(),
            name,
            Arc::clone(&stop),
        ));
    }
    for kill in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(400 + 130 * u64::from(kill))).await;
        hub.kill();
        hub = HubProcess::start(Some(database.url()), data_dir.path(), port).await;
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    stop.store(true, Ordering::Relaxed);
    let ledger: BTreeMap<String, String> = reporters.join_all().await.into_iter().flatten().collect();
    hub.kill();

    assert!(
        ledger.len() > 100,
        "only {} cases were acknowledged",
        ledger.len()
    );
    check(&database, &ledger).await;
}

/// What was acknowledged is stored, once, with all that belongs to it; and every place is accounted for.
async fn check(database: &TestDatabase, ledger: &BTreeMap<String, String>) {
    let mut connection = database.connect().await;
    let stored: Vec<(String, String)> = sqlx::query_as(
        "SELECT source_ref, replace(region_code, '.', '') || '-' || case_id FROM cases ORDER BY source_ref",
    )
    .fetch_all(&mut connection)
    .await
    .unwrap();
    let stored: BTreeMap<String, String> = stored.into_iter().collect();
    assert!(
        ledger.len() > 100,
        "only {} cases were acknowledged",
        ledger.len()
    );
    assert_eq!(*ledger, stored, "what was acknowledged is what is stored");
    for table in ["intakes", "persons", "decisions"] {
        let query = sqlx::AssertSqlSafe(format!("SELECT count(DISTINCT case_id), count(*) FROM {table}"));
        let (cases, rows): (i64, i64) = sqlx::query_as(query).fetch_one(&mut connection).await.unwrap();
        assert_eq!(
            (cases, rows),
            (i64::try_from(ledger.len()).unwrap(), cases),
            "{table}"
        );
    }
    let violations = capacity_violations(&mut connection).await;
    assert!(violations.is_empty(), "{violations:#?}");
    let offered: i64 = sqlx::query_scalar("SELECT count(*) FROM offers WHERE holds_places")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let held: i64 = sqlx::query_scalar("SELECT sum(held)::bigint FROM capacity_pools")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(offered, held);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_database_that_is_killed_comes_back_by_itself_and_the_hub_stops_when_told() {
    let data_dir = tempfile::tempdir().unwrap();
    // As root the server runs as another user, who must be able to enter.
    std::fs::set_permissions(data_dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let hub = HubProcess::start(None, data_dir.path(), free_port()).await;
    let token = token(data_dir.path());
    let mut client = Client::new(hub.url(), Some(&token));
    let first = submit(intake("before"));
    let before = client
        .intake
        .submit_intake(first.clone())
        .await
        .unwrap()
        .into_inner()
        .case
        .unwrap();

    let pid = std::fs::read_to_string(data_dir.path().join("postgres/postmaster.pid")).unwrap();
    signal(pid.lines().next().unwrap().parse().unwrap(), Signal::KILL);
    let again = loop {
        match client.intake.submit_intake(first.clone()).await {
            Ok(answer) => break answer.into_inner().case.unwrap(),
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    };
    assert_eq!(again.case_id, before.case_id);
    assert_eq!(hub.terminate(), Some(0));
}

/// What the hub tells Prometheus.
fn metrics(port: u16) -> String {
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn gauge(metrics: &str, name: &str) -> Option<f64> {
    let line = metrics
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")))?;
    line.split(' ').nth(1)?.parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn how_old_the_board_is_can_be_read_from_outside() {
    let database = TestDatabase::create().await;
    let data_dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(data_dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (port, metrics_port) = (free_port(), free_port());
    let address = format!("127.0.0.1:{metrics_port}");
    let hub = HubProcess::start_with(
        Some(database.url()),
        data_dir.path(),
        port,
        &["--metrics", &address],
    )
    .await;
    let mut client = Client::new(hub.url(), Some(&token(data_dir.path())));
    let rows = vec![facility("A", "32.73.01", 1), facility("B", "32.73.02", 1)];
    client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();
    let mut seen = String::new();
    for _ in 0..100 {
        seen = metrics(metrics_port);
        if gauge(&seen, "serasi_board_facilities") == Some(2.0) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(gauge(&seen, "serasi_board_facilities"), Some(2.0), "{seen}");
    assert!(gauge(&seen, "serasi_board_version").unwrap() > 0.0);
    let first = gauge(&seen, "serasi_board_last_look_timestamp_seconds").unwrap();
    // The next look, half a second later, is told as well.
    let moves_on = async {
        while gauge(&metrics(metrics_port), "serasi_board_last_look_timestamp_seconds") <= Some(first) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), moves_on)
        .await
        .unwrap();
    assert_eq!(hub.terminate(), Some(0));
}
