//! The bad day: the database is gone, and comes back from a base backup and archived WAL as it was at a point in time.
//! What was acknowledged by then is there; the heads that were kept outside say what is not.

use std::collections::BTreeMap;
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use serasi_proto::v1::GetCaseRequest;
use serasi_store::embedded::{EmbeddedPostgres, program};
use serasi_tests::build::{facility, intake, submit};
use serasi_tests::database::pg_bin;
use serasi_tests::{Client, HubProcess, binary};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;
use tonic::Code;

use super::{free_port, token_of};

const REGENCY: &str = "32.73";

/// Where everything of this test lies.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        // As root the server runs as another user, who must be able to enter, and to write its archive.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        for (name, mode) in [("archive", 0o777), ("hub", 0o755)] {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    /// A migrated database whose WAL goes to the archive.
    async fn archiving_database(&self) -> EmbeddedPostgres {
        let postgres = EmbeddedPostgres::start(&self.path("first"), pg_bin().as_deref())
            .await
            .unwrap();
        let archive = format!(
            "ALTER SYSTEM SET archive_command = 'cp %p {}/%f'",
            self.text("archive")
        );
        let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
        owner.execute("ALTER SYSTEM SET archive_mode = on").await.unwrap();
        owner.execute(AssertSqlSafe(archive)).await.unwrap();
        owner.close().await.unwrap();
        postgres.stop().await;
        let postgres = EmbeddedPostgres::start(&self.path("first"), pg_bin().as_deref())
            .await
            .unwrap();
        succeeded(
            Command::new(binary())
                .arg("migrate")
                .env("DATABASE_URL", postgres.owner_url()),
        );
        postgres.make_login().await.unwrap();
        postgres
    }

    /// `pg_basebackup` of the first cluster to where the second will be.
    fn back_up(&self) {
        let server = self.path("first/postgres").metadata().unwrap();
        let target = self.path("second");
        std::fs::create_dir(&target).unwrap();
        std::fs::set_permissions(&target, std::fs::Permissions::from_mode(0o755)).unwrap();
        chown(&target, Some(server.uid()), Some(server.gid())).unwrap();
        succeeded(
            Command::new(server_program("pg_basebackup"))
                .args(["--username", "serasi", "--checkpoint", "fast", "--host"])
                .arg(self.path("first/socket"))
                .arg("--pgdata")
                .arg(target.join("postgres"))
                .current_dir("/")
                .uid(server.uid())
                .gid(server.gid()),
        );
    }

    /// The last WAL reaches the archive; then the first cluster is gone.
    async fn lose(&self, postgres: EmbeddedPostgres) {
        let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
        let last: String = sqlx::query_scalar("SELECT pg_walfile_name(pg_switch_wal())")
            .fetch_one(&mut owner)
            .await
            .unwrap();
        let is_archived = async {
            while !self.path("archive").join(&last).is_file() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), is_archived)
            .await
            .expect("the WAL is archived");
        owner.close().await.unwrap();
        postgres.stop().await;
        std::fs::remove_dir_all(self.path("first")).unwrap();
    }

    /// The second cluster, from the base backup and the archive, as the first was at `point`.
    async fn restore(&self, point: &str) -> EmbeddedPostgres {
        let cluster = self.path("second/postgres");
        let settings = cluster.join("postgresql.auto.conf");
        let before = std::fs::read_to_string(&settings).unwrap();
        let recovery = format!(
            "archive_mode = off\nrestore_command = 'cp {}/%f %p'\nrecovery_target_time = '{point}'\n\
             recovery_target_action = promote\n",
            self.text("archive")
        );
        std::fs::write(&settings, before + &recovery).unwrap();
        let signal = cluster.join("recovery.signal");
        std::fs::write(&signal, "").unwrap();
        let owner = cluster.metadata().unwrap();
        chown(&signal, Some(owner.uid()), Some(owner.gid())).unwrap();
        let postgres = EmbeddedPostgres::start(&self.path("second"), pg_bin().as_deref())
            .await
            .unwrap();
        let is_promoted = async {
            let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
            while sqlx::query_scalar("SELECT pg_is_in_recovery()")
                .fetch_one(&mut owner)
                .await
                .unwrap()
            {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), is_promoted)
            .await
            .expect("it is promoted");
        postgres
    }

    /// A hub with the keys of all others of this test, whose signed heads go to the folder `heads`.
    async fn hub(&self, postgres: &EmbeddedPostgres, heads: &str) -> HubProcess {
        let heads = self.text(heads);
        let arguments = ["--audit-heads", heads.as_str()];
        HubProcess::start_with(Some(&postgres.url()), &self.path("hub"), free_port(), &arguments).await
    }

    /// Writes the audit log to a file.
    fn export_audit(&self, hub: &HubProcess) {
        let auditor = token_of(&self.path("hub"), &["auditor"]);
        succeeded(
            Command::new(binary())
                .args([
                    "--hub",
                    hub.url(),
                    "audit",
                    "export",
                    "--region",
                    REGENCY,
                    "--out",
                ])
                .arg(self.path("export"))
                .env("SERASI_TOKEN", auditor),
        );
        let mut key = Command::new(binary());
        let public = succeeded(
            key.args(["audit", "key"])
                .arg(self.path("hub/audit-development.key")),
        );
        std::fs::write(self.path("public"), public.stdout).unwrap();
    }

    /// Exit code and findings of a check of the export against the heads from before.
    fn verify_audit(&self, more: &[&str]) -> (Option<i32>, Vec<String>) {
        let mut verify = Command::new(binary());
        verify
            .args(["--json", "audit", "verify", "--region", REGENCY, "--key"])
            .args([self.path("public"), self.path("export")])
            .arg("--heads")
            .arg(self.path("heads-before/audit-heads.jsonl"));
        let output = verify.args(more).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let lines = said
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let findings = lines.filter_map(|line| Some(line.get("finding")?.as_str()?.to_owned()));
        (output.status.code(), findings.collect())
    }
}

/// A program of the server that runs the tests.
fn server_program(name: &str) -> PathBuf {
    program(pg_bin().as_deref(), name).unwrap()
}

fn succeeded(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed: {said}");
    output
}

/// Reports under these numbers, one after the other; the acknowledged cases by their reference.
async fn report(client: &mut Client, numbers: Range<u32>) -> BTreeMap<String, String> {
    let mut acknowledged = BTreeMap::new();
    for number in numbers {
        let reference = format!("report-{number}");
        let answer = client.intake.submit_intake(submit(intake(&reference))).await;
        acknowledged.insert(reference, answer.unwrap().into_inner().case.unwrap().case_id);
    }
    acknowledged
}

async fn code_of(client: &mut Client, case_id: &str) -> Code {
    let request = GetCaseRequest {
        case_id: case_id.to_owned(),
    };
    match client.cases.get_case(request).await {
        Ok(_) => Code::Ok,
        Err(status) => status.code(),
    }
}

/// The database's time, with an offset in digits: `recovery_target_time` takes no `Z`.
async fn now(url: &str) -> String {
    let mut owner = PgConnection::connect(url).await.unwrap();
    let query =
        r#"SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')"#;
    sqlx::query_scalar(query).fetch_one(&mut owner).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_restored_to_a_point_in_time_has_what_was_acknowledged_by_then_and_the_audit_tells_what_is_cut_off()
 {
    let place = Place::new();
    let first = place.archiving_database().await;
    let hub = place.hub(&first, "heads-before").await;
    let token = token_of(
        &place.path("hub"),
        &["coordinator", "administrator", "hotline_operator"],
    );
    let mut client = Client::new(hub.url(), Some(&token));
    let rows = vec![facility("A", "32.73.01", 30), facility("B", "32.73.02", 30)];
    client
        .facilities
        .import_facilities(tokio_stream::iter(rows))
        .await
        .unwrap();
    place.back_up();
    let kept = report(&mut client, 0..8).await;
    // Told to stop, it seals and signs what it has done.
    assert_eq!(hub.terminate(), Some(0));
    let point = now(&first.owner_url()).await;
    let hub = place.hub(&first, "heads-before").await;
    let lost = report(&mut Client::new(hub.url(), Some(&token)), 8..40).await;
    assert_eq!(hub.terminate(), Some(0));
    place.lose(first).await;

    let second = place.restore(&point).await;
    // The heads of before are evidence; those from now on have a folder of their own.
    let hub = place.hub(&second, "heads-after").await;
    place.export_audit(&hub);
    let mut client = Client::new(hub.url(), Some(&token));
    for case in kept.values() {
        assert_eq!(
            code_of(&mut client, case).await,
            Code::Ok,
            "{case} was acknowledged"
        );
    }
    for case in lost.values() {
        assert_eq!(
            code_of(&mut client, case).await,
            Code::NotFound,
            "{case} came later"
        );
    }
    assert_eq!(place.verify_audit(&["--until", &point]), (Some(0), vec![]));
    assert_eq!(place.verify_audit(&[]), (Some(1), vec!["truncated".to_owned()]));

    // Who sends again what was lost is heard; what was kept is the same case as before.
    assert_eq!(report(&mut client, 0..8).await, kept);
    let again = report(&mut client, 8..40).await;
    assert!(
        again
            .iter()
            .all(|(reference, case)| lost.get(reference) != Some(case))
    );
    assert_eq!(hub.terminate(), Some(0));

    // Once as much has happened again, the heads of the lost time tell of another history.
    let hub = place.hub(&second, "heads-after").await;
    place.export_audit(&hub);
    assert_eq!(place.verify_audit(&["--until", &point]), (Some(0), vec![]));
    let (code, findings) = place.verify_audit(&[]);
    assert_eq!(code, Some(1));
    assert!(findings.contains(&"rewritten".to_owned()), "{findings:?}");
    assert_eq!(hub.terminate(), Some(0));
    second.stop().await;
}
