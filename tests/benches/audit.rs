//! What it costs to put a call on record and to seal it: CPU of hub and PostgreSQL together, with and without.
//!
//! `cargo bench -p serasi-tests --bench audit` (Linux: processor times are those of /proc). A look reads the moment of its
//! transaction and commits, a change updates a row besides; the same with an audit entry, until the hub's job has sealed
//! every one of them.
#![expect(clippy::print_stdout, reason = "a bench reports to the terminal")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot run says where and stops")]

use std::fs;
use std::time::Duration;

use serasi_domain::id::Regency;
use serasi_hub::clock::Clock;
use serasi_ledger::Entry;
use serasi_store::audit;
use serasi_store::{Context, Store};
use serasi_tests::TestHub;
use serasi_tests::database::TestDatabase;
use tokio::task::JoinSet;

const CALLS: u32 = 40_000;
const CLIENTS: u32 = 4;
const ROUNDS: usize = 3;
/// What /proc counts in, on every Linux that runs Rust programs of today (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

#[tokio::main]
async fn main() {
    let hub = TestHub::start().await;
    let store = hub.database.store().await;
    let mut connection = hub.database.connect().await;
    let table = "CREATE TABLE bench (id bigint PRIMARY KEY, n bigint NOT NULL);
        INSERT INTO bench SELECT i, 0 FROM generate_series(0, 99) i;
        GRANT SELECT, UPDATE ON bench TO serasi_app";
    sqlx::raw_sql(table).execute(&mut connection).await.unwrap();
    calls(&store, Call::Read).await;
    println!("{CALLS} calls over {CLIENTS} connections, CPU for each");
    for _ in 0..ROUNDS {
        let plain = cost(&hub, &store, Call::Read).await;
        let write = cost(&hub, &store, Call::Write).await;
        for (name, call, without) in [
            ("a look", Call::RecordedRead, plain),
            ("a change", Call::RecordedWrite, write),
        ] {
            let recorded = cost(&hub, &store, call).await;
            println!(
                "{name:<9} hub {:>8.1?}   PostgreSQL {:>8.1?}   recorded and sealed: hub +{:>8.1?}   PostgreSQL +{:>8.1?}",
                without.hub,
                without.server,
                recorded.hub.saturating_sub(without.hub),
                recorded.server.saturating_sub(without.server)
            );
        }
    }
    hub.finish().await;
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Read,
    RecordedRead,
    Write,
    RecordedWrite,
}

/// CPU of one call.
struct Cost {
    hub: Duration,
    server: Duration,
}

async fn cost(hub: &TestHub, store: &Store, call: Call) -> Cost {
    let (own, server) = ([std::process::id()], server(&hub.database).await);
    let before = (spent(&own), spent(&server));
    calls(store, call).await;
    until_sealed(&hub.database).await;
    let since = |processes, before| TICK * u32::try_from(spent(processes) - before).unwrap() / CALLS;
    Cost {
        hub: since(&own, before.0),
        server: since(&server, before.1),
    }
}

async fn calls(store: &Store, call: Call) {
    let mut clients = JoinSet::new();
    for client in 0..i64::from(CLIENTS) {
        let store = store.clone();
        clients.spawn(async move {
            let clock = Clock::system();
            let home = "32.73".parse().ok().and_then(Regency::of).unwrap();
            for _ in 0..CALLS / CLIENTS {
                let mut transaction = store.begin(Context::Work).await.unwrap();
                let now = serasi_store::now(&mut transaction).await.unwrap();
                if matches!(call, Call::Write | Call::RecordedWrite) {
                    sqlx::query("UPDATE bench SET n = n + 1 WHERE id = $1")
                        .bind(client)
                        .execute(&mut *transaction)
                        .await
                        .unwrap();
                }
                if matches!(call, Call::RecordedRead | Call::RecordedWrite) {
                    let entry = Entry {
                        region: home,
                        id: clock.new_id(),
                        at: now,
                        principal: "bench".to_owned(),
                        roles: vec!["coordinator".to_owned()],
                        verb: "GetCase".to_owned(),
                        subject: "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".to_owned(),
                        request: None,
                    };
                    audit::append(&mut transaction, &[entry]).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }
        });
    }
    while let Some(done) = clients.join_next().await {
        done.unwrap();
    }
}

async fn until_sealed(database: &TestDatabase) {
    let mut connection = database.connect().await;
    loop {
        let some_wait: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM audit_unsealed)")
            .fetch_one(&mut connection)
            .await
            .unwrap();
        if !some_wait {
            return;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// The processes of the PostgreSQL server, by id.
async fn server(database: &TestDatabase) -> Vec<u32> {
    let mut connection = database.connect().await;
    let backend: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let postmaster = Process::read(u32::try_from(backend).unwrap()).unwrap().parent;
    let mut processes = vec![postmaster];
    for entry in fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name();
        if let Some(process) = name.to_str().and_then(|name| name.parse().ok())
            && Process::read(process).is_some_and(|process| process.parent == postmaster)
        {
            processes.push(process);
        }
    }
    processes
}

/// What /proc/PID/stat says of a process.
struct Process {
    parent: u32,
    ticks: u64,
}

impl Process {
    fn read(id: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name of the process, in brackets, may hold anything.
        let (_, after_name) = text.rsplit_once(") ")?;
        let mut fields = after_name.split(' ');
        let parent = fields.nth(1)?.parse().ok()?;
        let (user, system): (u64, u64) = (fields.nth(9)?.parse().ok()?, fields.next()?.parse().ok()?);
        Some(Self {
            parent,
            ticks: user + system,
        })
    }
}

/// Ticks of these processes so far.
fn spent(processes: &[u32]) -> u64 {
    let processes = processes.iter().copied();
    processes
        .filter_map(Process::read)
        .map(|process| process.ticks)
        .sum()
}
