//! A real NATS server and hubs that carry events to it, both killed on the way: no gap, each event once, in order.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use async_nats::jetstream::{self, consumer};
use serasi_store::events::relay;
use serasi_store::events::{Cursor, Snapshot};
use serasi_tests::database::TestDatabase;
use serasi_tests::free_port;
use tokio_stream::StreamExt;
use uuid::Uuid;

use super::load::{PERSONAL, Scene, wanted};
use super::python;

const PATIENCE: Duration = Duration::from_mins(1);

struct Broker {
    child: Child,
    program: PathBuf,
    store: PathBuf,
    port: u16,
}

impl Broker {
    async fn start(store: &Path) -> Self {
        let program = python().await.with_file_name("nats-server");
        let (store, port) = (store.join("jetstream"), free_port());
        let child = Self::spawn(&program, &store, port);
        Self {
            child,
            program,
            store,
            port,
        }
    }

    fn spawn(program: &Path, store: &Path, port: u16) -> Child {
        let mut command = Command::new(program);
        command
            .args(["-js", "-a", "127.0.0.1", "-p", &port.to_string(), "-sd"])
            .arg(store);
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }

    /// kill -9, and up again.
    fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(&self.program, &self.store, self.port);
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    async fn connect(&self) -> jetstream::Context {
        let options = async_nats::ConnectOptions::new().retry_on_initial_connect();
        jetstream::new(options.connect(self.url()).await.unwrap())
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How many messages the stream has.
async fn count(broker: &jetstream::Context) -> usize {
    let Ok(stream) = broker.get_stream("UJI").await else {
        return 0;
    };
    usize::try_from(stream.cached_info().state.messages).unwrap()
}

async fn until_it_has(broker: &jetstream::Context, messages: usize) {
    let begun = Instant::now();
    while count(broker).await < messages {
        assert!(
            begun.elapsed() < PATIENCE,
            "{} of {messages} messages",
            count(broker).await
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The body of every message, in the order of the stream.
async fn messages(broker: &jetstream::Context) -> Vec<serde_json::Value> {
    let stream = broker.get_stream("UJI").await.unwrap();
    let config = consumer::pull::OrderedConfig::default();
    let mut messages = stream
        .create_consumer(config)
        .await
        .unwrap()
        .messages()
        .await
        .unwrap();
    let mut read = vec![];
    for _ in 0..count(broker).await {
        let message = messages.next().await.unwrap().unwrap();
        let headers = message.headers.as_ref().unwrap();
        assert_eq!(
            headers.get("Content-Type").unwrap().as_str(),
            "application/cloudevents+json"
        );
        let body: serde_json::Value = serde_json::from_slice(&message.payload).unwrap();
        assert_eq!(headers.get("Nats-Msg-Id").unwrap().as_str(), body["id"]);
        assert!(message.subject.starts_with("uji."), "{}", message.subject);
        read.push(body);
    }
    read
}

/// Position of every event of the database, by the id it leaves under.
async fn written(database: &TestDatabase) -> BTreeMap<String, i64> {
    let rows: Vec<(String, i64)> = sqlx::query_as(
        "SELECT event_id::text, position FROM events WHERE position IS NOT NULL
         UNION ALL SELECT replace(region_code, '.', '') || '-' || facility_id || '/' || base || '/' || cluster || '/'
             || sex || '/' || version, position FROM capacity_log",
    )
    .fetch_all(&mut database.connect().await)
    .await
    .unwrap();
    rows.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_reaches_the_broker_once_and_in_order_whoever_is_killed() {
    let cases = wanted("SERASI_TEST_EVENTS", 600) / 6;
    let kills = wanted("SERASI_TEST_RESTARTS", 3);
    let store = tempfile::tempdir().unwrap();
    let mut broker = Broker::start(store.path()).await;
    let (scene, mut hub) = Scene::start(&["--nats", &broker.url(), "--nats-stream", "UJI"]).await;
    let parties = scene.offers(0..cases);
    let outside = broker.connect().await;
    for kill in 1..=kills {
        // About seven events a case: spread over the run.
        until_it_has(&outside, usize::try_from(cases * 6 * kill / (kills + 1)).unwrap()).await;
        match kill % 3 {
            1 => broker.restart(),
            2 => {
                hub.kill();
                hub = scene.hub().await;
            }
            _ => {
                assert_eq!(hub.terminate(), Some(0));
                hub = scene.hub().await;
            }
        }
    }
    parties.join_all().await;
    let written = written(&scene.database).await;
    until_it_has(&outside, written.len()).await;
    let read = messages(&outside).await;
    println!("{} events, {} messages, {kills} kills", written.len(), read.len());
    check(&read, &written);
    let kind = "id.go.kemensos.serasi.offer.offered";
    let offered = read.iter().find(|body| body["type"] == kind).unwrap();
    assert_eq!(offered["specversion"], "1.0");
    assert_eq!(offered["source"], "https://serasi.kemensos.go.id/regions/32.73");
    assert_eq!(offered["data"]["state"]["facility_id"], scene.facility.as_str());
    assert_eq!(offered["subjectversion"], 1);
    hub.kill();
}

/// No gap, nothing twice, in order by key, and no name and no story.
fn check(read: &[serde_json::Value], written: &BTreeMap<String, i64>) {
    let ids: BTreeSet<&str> = read.iter().map(|body| body["id"].as_str().unwrap()).collect();
    assert_eq!(ids, written.keys().map(String::as_str).collect(), "no gap");
    assert_eq!(
        read.len(),
        ids.len(),
        "the broker has dropped what was sent twice"
    );
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for body in read {
        let position = written[body["id"].as_str().unwrap()];
        let before = last.insert(body["partitionkey"].as_str().unwrap(), position);
        assert!(before.is_none_or(|before| before < position), "in order: {body}");
        let text = body.to_string();
        assert!(!PERSONAL.iter().any(|personal| text.contains(personal)), "{text}");
    }
}

#[tokio::test]
async fn a_relay_that_was_thought_dead_cannot_move_the_cursor() {
    let database = TestDatabase::create().await;
    let mut connection = database.connect().await;
    let start = Cursor::at(Snapshot::before(1));
    let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let (slow, _) = relay::take(&mut connection, "UJI", one, &start, 0.0)
        .await
        .unwrap()
        .unwrap();
    let (quick, cursor) = relay::take(&mut connection, "UJI", two, &start, 60.0)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cursor, start);
    assert_eq!(
        relay::take(&mut connection, "UJI", one, &start, 60.0)
            .await
            .unwrap(),
        None,
        "it is held"
    );
    let further = Cursor::at(Snapshot::before(700));
    assert!(
        relay::keep(&mut connection, "UJI", quick, &further, 0.0)
            .await
            .unwrap()
    );
    assert!(
        !relay::keep(&mut connection, "UJI", slow, &start, 60.0)
            .await
            .unwrap()
    );
    let (_, cursor) = relay::take(&mut connection, "UJI", one, &start, 60.0)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(cursor, further);
}
