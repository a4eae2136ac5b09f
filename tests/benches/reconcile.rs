//! A registry run past the persons of a hub: rows a second, the hub's most memory, and what everybody else notices of it.
//!
//! `PERSONS=1000000 ROWS=10000000 cargo bench -p serasi-tests --bench reconcile`, after `cargo build --release`; without
//! the two it is a small run. Hub, database and client share the machine. Persons are written past the hub, sealed with its
//! keys; everything that is timed goes through `serasi`.
#![expect(clippy::print_stdout, reason = "a bench reports to the terminal")]
#![expect(clippy::unwrap_used, reason = "a bench that cannot run says where and stops")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::Person;
use serasi_domain::registry::Registration;
use serasi_domain::text::Text;
use serasi_hub::clock::Clock;
use serasi_linkage::RawIdentity;
use serasi_linkage::population::{Size, invent};
use serasi_store::persons::{self, NewPerson, SealedPersons};
use serasi_store::{
    Context, IndexKeys, Kek, KeyFile, Sealer, Store, StoreError, StoreSettings, registrations,
};
use serasi_tests::build::{intake, submit};
use serasi_tests::database::TestDatabase;
use serasi_tests::{Client, HubProcess, binary};
use sqlx::Executor;
use tempfile::TempDir;

/// Rows that are invented together.
const BLOCK: usize = 100_000;
/// Persons of one case, written in one statement.
const TOGETHER: usize = 500;
const SECONDS: &str = "10";
const CLIENTS: &str = "4";

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[tokio::main]
async fn main() {
    let (persons, rows) = (number("PERSONS", 2_000), number("ROWS", 100_000));
    let database = TestDatabase::create().await;
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let hub = HubProcess::start(Some(database.url()), folder.path(), port).await;
    let token = token(folder.path());
    let began = Instant::now();
    let file = fill(&database, (&hub, &token), &folder, (persons, rows)).await;
    println!(
        "{persons} persons and {rows} rows made in {:.0?}",
        began.elapsed()
    );
    // Filling is not to count as the hub's memory.
    hub.kill();
    let hub = HubProcess::start(Some(database.url()), folder.path(), port).await;
    let serasi = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command
            .args(["--hub", hub.url(), "--token", &token])
            .args(arguments)
            .stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    let reconcile = |again: &str| {
        serasi(&[
            "registry",
            "reconcile",
            &file,
            "--edition",
            "2026-Q4",
            "--delta",
            "--again",
            again,
            "--json",
        ])
    };
    let others = || {
        let done = serasi(&["bench", "--clients", CLIENTS, "--duration", SECONDS, "--json"]);
        let told = done.wait_with_output().unwrap();
        serde_json::from_slice::<serde_json::Value>(&told.stdout).unwrap()
    };

    let began = Instant::now();
    let told = reconcile("1").wait_with_output().unwrap();
    let took = began.elapsed();
    println!("{}", String::from_utf8_lossy(&told.stdout).trim());
    let streaming = times(&database).await;
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    let rate = rows as f64 / streaming.as_secs_f64();
    println!(
        "{rate:.0} rows/s while rows were read ({streaming:.1?} of {took:.1?}; the rest is looking for persons and deciding)"
    );
    println!("hub: {} MiB at most", hub.peak_memory() / (1 << 20));
    println!("others alone: {}", latency(&others()));
    let mut beside = reconcile("2");
    until_rows_come(&database).await;
    println!("others beside it: {}", latency(&others()));
    let is_over = beside.try_wait().unwrap().is_some();
    if is_over {
        println!("(it had ended before they did: take more ROWS)");
    }
    beside.wait().unwrap();
    println!("hub: {} MiB at most", hub.peak_memory() / (1 << 20));
    hub.kill();
}

fn token(data_dir: &Path) -> String {
    let mut mint = Command::new(binary());
    mint.args([
        "token",
        "--role",
        "coordinator",
        "--role",
        "administrator",
        "--role",
        "hotline_operator",
    ]);
    mint.args(["--role", "registry_officer", "--data-dir"])
        .arg(data_dir);
    String::from_utf8(mint.output().unwrap().stdout)
        .unwrap()
        .trim()
        .to_owned()
}

/// What `serasi bench` tells, on one line: rate and latencies.
fn latency(told: &serde_json::Value) -> String {
    let mut text = String::new();
    for (name, value) in told.as_object().unwrap() {
        if name.contains("latency") || name.contains("per_second") {
            write!(text, "{name} {value}  ").unwrap();
        }
    }
    text
}

/// How long the first run took rows: from the first that was kept to the last.
async fn times(database: &TestDatabase) -> Duration {
    let mut connection = database.connect().await;
    let (seconds,): (f64,) = sqlx::query_as(
        "SELECT extract(epoch FROM max(at) FILTER (WHERE verb = 'end') - max(at) FILTER (WHERE verb = 'begin'))::float8
         FROM (SELECT started_at AS at, 'begin' AS verb FROM reconciliations
               UNION ALL SELECT ended_at, 'end' FROM reconciliations) AS times",
    )
    .fetch_one(&mut connection)
    .await
    .unwrap();
    Duration::from_secs_f64(seconds)
}

async fn until_rows_come(database: &TestDatabase) {
    let mut connection = database.connect().await;
    loop {
        let (row, state): (i64, String) =
            sqlx::query_as("SELECT last_row, state FROM reconciliations ORDER BY started_at DESC LIMIT 1")
                .fetch_one(&mut connection)
                .await
                .unwrap();
        if row > 0 && state == "open" || state == "done" {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Persons in the hub, and the file of the registry.
async fn fill(
    database: &TestDatabase,
    (hub, token): (&HubProcess, &str),
    folder: &TempDir,
    (persons, rows): (usize, usize),
) -> String {
    let mut client = Client::new(hub.url(), Some(token));
    client
        .facilities
        .import_facilities(tokio_stream::iter(serasi_directory::reference_facilities()))
        .await
        .unwrap();
    let mut request = submit(intake("first"));
    request.route_later = true;
    let first = client.intake.submit_intake(request).await.unwrap().into_inner();
    let first: CaseId = first.case.unwrap().case_id.parse().unwrap();
    let store = store(database, folder.path()).await;
    store.load_keys(first.home()).await.unwrap();
    let path = folder.path().join("snapshot.csv");
    let mut file = BufWriter::new(File::create(&path).unwrap());
    writeln!(
        file,
        "registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung"
    )
    .unwrap();
    let blocks = rows.div_ceil(BLOCK);
    let each = persons.div_ceil(blocks);
    for block in 0..blocks {
        let size = Size {
            rows: BLOCK.min(rows - block * BLOCK),
            persons: each.min(persons - block * each),
        };
        let population = invent(size, block as u64 + 1);
        for (at, row) in population.rows.iter().enumerate() {
            let RawIdentity {
                nik,
                name,
                birth,
                sex,
                place,
                mother_name,
            } = row.raw();
            writeln!(
                file,
                "R{block}-{at},{nik},,\"{name}\",{birth},{sex},{place},,\"{mother_name}\""
            )
            .unwrap();
        }
        for together in population.persons.chunks(TOGETHER) {
            let people: Vec<Person> = together.iter().map(|fields| person(&fields.raw())).collect();
            keep(database, &store, first, &people).await.unwrap();
        }
    }
    file.flush().unwrap();
    path.to_str().unwrap().to_owned()
}

/// The hub's database and keys.
async fn store(database: &TestDatabase, data_dir: &Path) -> Store {
    let key = KeyFile::read(&data_dir.join("seal.key")).unwrap();
    let index = IndexKeys::from(&KeyFile::read(&data_dir.join("index.key")).unwrap());
    let sealer = Sealer::new(vec![Kek::from(key.clone())], index, Some(&key));
    let settings = StoreSettings {
        url: database.url().to_owned(),
        max_connections: 4,
    };
    Store::connect(&settings, sealer).await.unwrap()
}

/// A case like the first one, with these people.
async fn keep(
    database: &TestDatabase,
    store: &Store,
    first: CaseId,
    people: &[Person],
) -> Result<(), StoreError> {
    let case = CaseId::new(first.home(), Clock::system().new_id());
    let mut connection = database.connect().await;
    let copy = format!(
        "INSERT INTO cases SELECT (jsonb_populate_record(c, jsonb_build_object('case_id', '{}', 'source_ref', '{}'))).*
         FROM cases c WHERE case_id = '{}'",
        case.uuid(),
        case.uuid(),
        first.uuid()
    );
    connection.execute(sqlx::AssertSqlSafe(copy)).await.unwrap();
    let new: Vec<NewPerson<'_>> = people
        .iter()
        .map(|person| NewPerson {
            id: PersonId::new(case.home(), Clock::system().new_id()),
            person,
            terms: vec![],
        })
        .collect();
    let stand: Vec<Registration> = new
        .iter()
        .map(|new| Registration::of_report(new.id, case, new.person))
        .collect();
    let mut conn = store.begin(Context::WorkOnPersons).await?;
    let sealed = SealedPersons::of(store.sealer(), case, &new)?;
    persons::insert(&mut conn, &sealed).await?;
    registrations::insert(&mut conn, &stand).await?;
    conn.commit().await?;
    Ok(())
}

/// What cannot be read is left out.
fn person(raw: &RawIdentity<'_>) -> Person {
    Person {
        nik: raw.nik.parse().ok(),
        name: Text::new(raw.name).ok(),
        birth: raw.birth.parse().ok(),
        sex: None,
        domicile: raw.place.parse().ok(),
        mother_name: Text::new(raw.mother_name).ok(),
        ..Person::unknown()
    }
}
