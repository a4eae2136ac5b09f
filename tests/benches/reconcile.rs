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

    let mut first = reconcile("1");
    let times = times(&database).await;
    first.wait().unwrap();
    println!("{}", times.told(rows));
    println!("hub: {} MiB at most", hub.peak_memory() / (1 << 20));
    let alone = others();
    println!("others alone: {}", latency(&alone));
    let mut beside = reconcile("2");
    until_rows_come(&database).await;
    let together = others();
    println!("others beside it: {}", latency(&together));
    let is_over = beside.try_wait().unwrap().is_some();
    if is_over {
        println!("(it had ended before they did: take more ROWS)");
    }
    println!("p99 {:.2} times as long", p99(&together) / p99(&alone));
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

/// How long the parts of a run took, as its record shows them.
#[derive(Default)]
struct Times {
    began: Option<Instant>,
    first_row: Option<Instant>,
    last_row: Option<Instant>,
    done: Option<Instant>,
}

impl Times {
    fn told(&self, rows: usize) -> String {
        let between = |from: Option<Instant>, to: Option<Instant>| to.unwrap() - from.unwrap();
        let (persons, reading) = (
            between(self.began, self.first_row),
            between(self.began, self.last_row),
        );
        let (comparing, deciding) = (
            between(self.first_row, self.last_row),
            between(self.last_row, self.done),
        );
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        let rate = |time: Duration| rows as f64 / time.as_secs_f64();
        format!(
            "{:.0} rows/s from the start to the last row kept ({reading:.1?}), {:.0} rows/s from the first ({comparing:.1?}); \
             {persons:.1?} until the first, {deciding:.1?} to decide",
            rate(reading),
            rate(comparing)
        )
    }
}

/// Watches the run to its end.
async fn times(database: &TestDatabase) -> Times {
    let mut connection = database.connect().await;
    let mut times = Times::default();
    loop {
        let run: Option<(i64, String)> = sqlx::query_as("SELECT last_row, state FROM reconciliations")
            .fetch_optional(&mut connection)
            .await
            .unwrap();
        if let Some((row, state)) = run {
            let now = Instant::now();
            times.began.get_or_insert(now);
            if row > 0 {
                times.first_row.get_or_insert(now);
            }
            if state != "open" {
                times.last_row.get_or_insert(now);
            }
            if state == "done" {
                times.done = Some(now);
                return times;
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Milliseconds.
fn p99(told: &serde_json::Value) -> f64 {
    told.pointer("/latency_ms/p99").unwrap().as_f64().unwrap()
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
