//! kill -9 of the hub and of the client in the middle of a reconciliation: the end is that of a run that nothing has
//! disturbed, and nobody's number or name lies about afterwards.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};

use serasi_proto::v1;
use sha2::{Digest, Sha256};
use sqlx::{AssertSqlSafe, PgConnection};
use tempfile::TempDir;

use super::*;

/// Enough for several steps of deciding.
const PERSONS: usize = 500;
/// Persons of one report.
const TOGETHER: usize = 10;
const EDITION: &str = "2026-Q4";

/// Kills while persons are decided on: one of the hub, one of the client.
const DECIDING_KILLS: usize = 2;

/// How far a run is: state, last row, persons decided on. Nothing = there is none yet.
type Kept = (String, i64, i64);

/// A person: id, state, edition, class and weight of the match.
type Stands = (String, String, Option<String>, Option<String>, Option<f64>);

/// How much is done: with `SERASI_LONG_TESTS` ten kills each.
struct Size {
    rows: usize,
    kills: usize,
}

fn size() -> Size {
    if std::env::var_os("SERASI_LONG_TESTS").is_some() {
        Size {
            rows: 600_000,
            kills: 20,
        }
    } else {
        Size {
            rows: 150_000,
            kills: 2,
        }
    }
}

/// A hub on a database of its own, with people of a generated population.
struct Place {
    database: TestDatabase,
    folder: TempDir,
    port: u16,
    hub: Option<HubProcess>,
    token: String,
    starts: u32,
}

impl Place {
    async fn with_people(population: &Path) -> Self {
        let mut place = Self {
            database: TestDatabase::create().await,
            folder: tempfile::tempdir().unwrap(),
            port: free_port(),
            hub: None,
            token: String::new(),
            starts: 0,
        };
        place.start().await;
        let mut mint = Command::new(binary());
        mint.args([
            "token",
            "--role",
            "registry_officer",
            "--role",
            "hotline_operator",
            "--data-dir",
        ]);
        let minted = mint.arg(place.folder.path()).output().unwrap();
        String::from_utf8(minted.stdout)
            .unwrap()
            .trim()
            .clone_into(&mut place.token);
        let mut client = Client::new(place.url(), Some(&place.token));
        let persons = std::fs::read_to_string(population.join("persons.csv")).unwrap();
        let persons: Vec<v1::Person> = persons.lines().skip(1).map(person).collect();
        for (at, together) in persons.chunks(TOGETHER).enumerate() {
            let mut report = v1::Intake {
                persons: together.to_vec(),
                ..intake(&format!("{at:03}"))
            };
            // Some numbers have typing errors that a report is refused for.
            if client.intake.submit_intake(submit(report.clone())).await.is_err() {
                report.persons.iter_mut().for_each(|person| person.nik.clear());
                client.intake.submit_intake(submit(report)).await.unwrap();
            }
        }
        // What has only just come is held back, and how long reporting takes is chance.
        let settle = "UPDATE cases SET created_at = created_at - interval '5 minutes'";
        let mut connection = place.database.connect().await;
        sqlx::query(settle).execute(&mut connection).await.unwrap();
        place
    }

    fn url(&self) -> &str {
        self.hub.as_ref().unwrap().url()
    }

    async fn start(&mut self) {
        self.starts += 1;
        let log = self.folder.path().join(format!("hub-{}.log", self.starts));
        let url = Some(self.database.url());
        let hub = HubProcess::start_logged(url, self.folder.path(), self.port, &[], Some(&log)).await;
        self.hub = Some(hub);
    }

    fn command(&self, snapshot: &Path) -> Child {
        let mut command = Command::new(binary());
        command.args([
            "--hub",
            self.url(),
            "--token",
            &self.token,
            "registry",
            "reconcile",
            "--json",
        ]);
        command.arg(snapshot).args(["--edition", EDITION, "--rejects"]);
        command
            .arg(self.folder.path().join("rejects.csv"))
            .arg("--results");
        command.arg(self.folder.path().join("results.csv"));
        command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// How far the hub is; `None` = it is done.
    async fn kept(connection: &mut PgConnection) -> Option<Kept> {
        let runs: Vec<Kept> = sqlx::query_as("SELECT state, last_row, persons_decided FROM reconciliations")
            .fetch_all(connection)
            .await
            .unwrap();
        match runs.as_slice() {
            [] => Some(Kept::default()),
            [(state, ..)] if state == "done" => None,
            [kept] => Some(kept.clone()),
            more => panic!("{} runs", more.len()),
        }
    }

    /// What came of it beside where everybody stands: counters, rows that were kept, steps, events, and the keys.
    async fn traces(&self, people: &[Stands]) -> String {
        let mut connection = self.database.connect().await;
        let mut told = String::new();
        for query in [
            "SELECT concat_ws(' ', state, last_row, rows_read, rows_refused, rows_exact, rows_probable, rows_ambiguous,
                 persons_decided, persons_matched, persons_ambiguous, persons_not_found, persons_left, persons_held)
             FROM reconciliations",
            "SELECT concat_ws(' ', replace(region_code, '.', '') || '-' || person_id, row_number, coalesce(result, 'left'),
                 weight, probability, why)
             FROM reconciliation_candidates ORDER BY row_number, person_id",
            "SELECT concat_ws(' ', replace(region_code, '.', '') || '-' || person_id, version, state, edition,
                 obligation_state, addressee, round, match_class)
             FROM registration_log ORDER BY person_id, version",
            "SELECT concat_ws(' ', subject_id, subject_version, kind, payload - 'case_id') FROM events
             WHERE kind LIKE 'registration.%' ORDER BY subject_id, subject_version",
        ] {
            let rows: Vec<(String,)> = sqlx::query_as(query).fetch_all(&mut connection).await.unwrap();
            for (row,) in rows {
                writeln!(told, "{row}").unwrap();
            }
        }
        let mut client = Client::new(self.url(), Some(&self.token));
        for (person, ..) in people {
            let request = v1::GetRegistrationRequest {
                person_id: person.clone(),
            };
            let stands = client.registry.get_registration(request).await.unwrap();
            let key = stands.into_inner().registration.unwrap().registry_id;
            writeln!(told, "{person} key {key}").unwrap();
        }
        told
    }

    /// Everybody's state in the order in which they were reported, and the results, as one hash.
    async fn end(&self) -> (String, String) {
        let mut connection = self.database.connect().await;
        let people: Vec<Stands> = sqlx::query_as(
            "SELECT replace(p.region_code, '.', '') || '-' || p.person_id, r.state, r.edition, r.match_class, r.match_weight
             FROM persons p JOIN cases c USING (region_code, case_id) JOIN registrations r USING (region_code, person_id)
             ORDER BY c.source_ref, p.position",
        )
        .fetch_all(&mut connection)
        .await
        .unwrap();
        let mut told = std::fs::read_to_string(self.folder.path().join("results.csv")).unwrap();
        told.push_str(&self.traces(&people).await);
        for (at, (id, state, edition, class, weight)) in people.iter().enumerate() {
            told = told.replace(id, &format!("person-{at}"));
            writeln!(told, "{at} {state} {edition:?} {class:?} {weight:?}").unwrap();
        }
        // Ids of one moment are in no order.
        let mut lines: Vec<&str> = told.lines().collect();
        lines.sort_unstable();
        let told = lines.join("\n");
        let hash = Sha256::digest(told.as_bytes());
        (hash.iter().map(|byte| format!("{byte:02x}")).collect(), told)
    }

    /// Nothing of what identifies people is in the database or in a log.
    async fn is_discreet(&self, secrets: &[String]) {
        let mut connection = self.database.connect().await;
        let tables: Vec<String> =
            sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
                .fetch_all(&mut connection)
                .await
                .unwrap();
        let mut dump = tables.join("\n");
        for table in tables {
            // Bytes are written as hexadecimal digits.
            let rows = AssertSqlSafe(format!(
                "SELECT COALESCE(string_agg(t::text, E'\\n'), '') FROM {table} t"
            ));
            let rows: String = sqlx::query_scalar(rows).fetch_one(&mut connection).await.unwrap();
            dump.push_str(&rows);
        }
        let dump = dump.to_lowercase();
        assert!(
            dump.contains("reconciliations"),
            "the dump is of another database"
        );
        let mut lying = vec![dump];
        for start in 1..=self.starts {
            let log = std::fs::read_to_string(self.folder.path().join(format!("hub-{start}.log")));
            lying.push(log.unwrap().to_lowercase());
        }
        for name in ["results.csv", "rejects.csv"] {
            lying.push(std::fs::read_to_string(self.folder.path().join(name)).unwrap_or_default());
        }
        for secret in secrets {
            let plain = secret.to_lowercase();
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            for text in &lying {
                assert!(
                    !text.contains(&plain) && !text.contains(&hex),
                    "a secret lies about"
                );
            }
        }
    }
}

/// person_ref,nik,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,nama_ibu_kandung
fn person(line: &str) -> v1::Person {
    let mut cells = line.split(',').skip(1);
    let mut next = || cells.next().unwrap_or_default().trim_matches('"').to_owned();
    let (nik, name, birth_date, sex) = (next(), next(), next(), next());
    v1::Person {
        nik,
        name,
        birth_date,
        sex: match sex.as_str() {
            "P" => v1::Sex::Female,
            "L" => v1::Sex::Male,
            _ => v1::Sex::Unspecified,
        } as i32,
        domicile_region_code: next(),
        mother_name: next(),
        ..v1::Person::default()
    }
}

fn generate(folder: &Path, rows: usize) {
    let mut command = Command::new(binary());
    let (rows, persons) = (rows.to_string(), PERSONS.to_string());
    command.args([
        "registry",
        "generate",
        "--registry",
        &rows,
        "--persons",
        &persons,
        "--seed",
        "7",
        "--out",
    ]);
    assert!(command.arg(folder).output().unwrap().status.success());
}

/// Numbers of 16 digits, and whole names of two words and more, of the first people of the file.
fn secrets(population: &Path) -> Vec<String> {
    let persons = std::fs::read_to_string(population.join("persons.csv")).unwrap();
    let people: Vec<v1::Person> = persons.lines().skip(1).map(person).collect();
    let texts = people
        .into_iter()
        .flat_map(|person| [person.nik, person.name, person.mother_name]);
    texts
        .filter(|text| text.len() >= 12 && !text.contains('"'))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reconciliation_ends_the_same_whatever_is_killed_meanwhile() {
    let size = size();
    let folder = tempfile::tempdir().unwrap();
    generate(folder.path(), size.rows);
    let snapshot = folder.path().join("snapshot.csv");
    let calm = Place::with_people(folder.path()).await;
    let done = calm.command(&snapshot).wait_with_output().unwrap();
    assert!(
        matches!(done.status.code(), Some(0 | 1)),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );

    let mut killed = Place::with_people(folder.path()).await;
    let mut connection = killed.database.connect().await;
    let mut client = killed.command(&snapshot);
    let (mut kills, mut deciding_kills, mut seen) = (0, 0, Kept::default());
    while let Some(kept) = Place::kept(&mut connection).await {
        let is_deciding = kept.0 == "deciding";
        let is_enough = if is_deciding {
            deciding_kills >= DECIDING_KILLS
        } else {
            kills - deciding_kills >= size.kills
        };
        if kept == seen || is_enough {
            tokio::time::sleep(Duration::from_millis(2)).await;
            continue;
        }
        (kills, seen) = (kills + 1, kept);
        deciding_kills += usize::from(is_deciding);
        if kills.is_multiple_of(2) {
            client.kill().unwrap();
            client.wait().unwrap();
            client = killed.command(&snapshot);
        } else {
            killed.hub.take().unwrap().kill();
            killed.start().await;
        }
    }
    let done = client.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(matches!(done.status.code(), Some(0 | 1)), "{said}");
    assert!(kills >= 3, "only {kills} kills before it was done");
    assert!(deciding_kills >= 1, "nothing was killed while it decided");
    let (hash, told) = killed.end().await;
    let (calm_hash, calm_told) = calm.end().await;
    assert!(hash == calm_hash, "killed:\n{told}\ncalm:\n{calm_told}");
    assert!(told.matches("matched").count() > PERSONS / 2, "{told}");
    killed.is_discreet(&secrets(folder.path())).await;
}
