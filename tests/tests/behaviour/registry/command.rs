//! `serasi registry obligations|acknowledge|outcome`, as a dinas uses them; the list is opened by Python's csv.

use std::process::{Command, Output};

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::build::{child, facility};
use serasi_tests::{TestHub, binary};
use tempfile::TempDir;

use super::{NAME, NIK, at_home_elsewhere, obligation, placed};
use crate::scene::hub_with;

const READ: &str = "import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding='utf-8-sig', newline='')))
print(len(rows), sorted(row['nama'] for row in rows), sorted(row['status_usulan'] for row in rows))
print(sorted(row['nik'] for row in rows if row['nik']))
";

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// A terminal of the dinas of Kota Bandung, with a folder.
struct Terminal {
    hub: TestHub,
    token: String,
    folder: TempDir,
}

impl Terminal {
    /// With two people whose reports are addressed to it.
    async fn with_two_reports() -> (Self, Vec<String>) {
        let hub = hub_with(vec![facility("A", "32.73.01", 9)]).await;
        let at_home = v1::Person {
            domicile_region_code: "32.73.01.1001".to_owned(),
            ..at_home_elsewhere()
        };
        let formula = v1::Person {
            name: "=SUM(1;2)".to_owned(),
            ..child()
        };
        let ids = placed(&hub, "1", vec![at_home, formula]).await;
        let terminal = Self {
            token: hub.token(&[Role::DinasOfficer], "32.73", None),
            folder: tempfile::tempdir().unwrap(),
            hub,
        };
        (terminal, ids)
    }

    fn serasi(&self, arguments: &[&str]) -> Output {
        let url = format!("http://{}", self.hub.address());
        let mut command = Command::new(binary());
        command.args(["--hub", &url, "--token", &self.token, "registry"]);
        command.args(arguments).output().unwrap()
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    async fn state(&self, person: &str) -> v1::ObligationState {
        obligation(&self.hub, person).await.state()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_people_is_written_to_a_file_and_nowhere_else() {
    let (terminal, ids) = Box::pin(Terminal::with_two_reports()).await;
    for arguments in [
        &["obligations"][..],
        &["obligations", "--json"],
        &["obligations", "--csv", "-"],
    ] {
        let shown = text(&terminal.serasi(arguments));
        assert!(!shown.contains(NAME) && !shown.contains(NIK), "{arguments:?}");
    }
    assert_eq!(terminal.state(&ids[0]).await, v1::ObligationState::Due);
    let list = terminal.path("daftar.csv");
    let written = terminal.serasi(&["obligations", "--csv", &list]);
    assert!(written.status.success(), "{}", text(&written));
    assert!(!text(&written).contains(NAME));
    assert_eq!(terminal.state(&ids[0]).await, v1::ObligationState::Reported);
    let read = Command::new("python3")
        .args(["-c", READ, &list])
        .output()
        .unwrap();
    assert_eq!(
        text(&read),
        format!("2 [\"'=SUM(1;2)\", '{NAME}'] ['belum_terdaftar', 'belum_terdaftar']\n[\"'{NIK}\"]\n")
    );
    terminal.hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_has_everybody_and_one_that_is_not_written_delivers_nobody() {
    let (terminal, ids) = Box::pin(Terminal::with_two_reports()).await;
    // As many as two pages hold, and one more; the newest is new.
    let mut connection = terminal.hub.database.connect().await;
    for copy in [
        "INSERT INTO persons (region_code, person_id, case_id, position, provisional, content)
         SELECT region_code, gen_random_uuid(), case_id, n, true, content FROM persons, generate_series(10, 408) n
         WHERE position = (SELECT min(position) FROM persons)",
        "INSERT INTO subject_keys (region_code, subject_id, class, case_id, key_id, created_at, erased_at)
         SELECT region_code, person_id, 'identity', case_id, gen_random_uuid(), now(), now()
         FROM persons WHERE position >= 10",
        "INSERT INTO registrations
         SELECT (jsonb_populate_record(r, jsonb_build_object('person_id', p.person_id, 'version', 1))).*
         FROM registrations r JOIN persons p USING (region_code, case_id)
         WHERE p.position >= 10 AND r.person_id = (SELECT person_id FROM persons ORDER BY position LIMIT 1)",
    ] {
        sqlx::query(copy).execute(&mut connection).await.unwrap();
    }
    let nowhere = terminal.path("nowhere/daftar.csv");
    let refused = terminal.serasi(&["obligations", "--csv", &nowhere]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert_eq!(terminal.state(&ids[0]).await, v1::ObligationState::Due);

    let list = terminal.path("daftar.csv");
    std::fs::write(&list, "of yesterday").unwrap();
    let away = Command::new(binary())
        .args([
            "--hub",
            "http://127.0.0.1:9",
            "--token",
            &terminal.token,
            "registry",
            "obligations",
            "--csv",
            &list,
        ])
        .output()
        .unwrap();
    assert_eq!(away.status.code(), Some(3), "{}", text(&away));
    assert_eq!(std::fs::read_to_string(&list).unwrap(), "of yesterday");

    let written = terminal.serasi(&["obligations", "--csv", &list]);
    assert!(written.status.success(), "{}", text(&written));
    assert!(text(&written).contains("401 acknowledged"), "{}", text(&written));
    let lines = std::fs::read_to_string(&list).unwrap().lines().count();
    assert_eq!(lines, 402);
    terminal.hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_became_of_a_list_is_sent_back_and_refused_rows_are_listed() {
    let (terminal, ids) = Box::pin(Terminal::with_two_reports()).await;
    let acknowledged = terminal.serasi(&["acknowledge", &ids[0], &ids[1], "bukan-id"]);
    assert_eq!(acknowledged.status.code(), Some(1), "{}", text(&acknowledged));
    let content = format!(
        "id_serasi;status_usulan;tanggal;id_dtks\n{};diusulkan;2026-11-01;\n{};ditetapkan;2026-11-01;\n{};selesai;;\n",
        ids[0], ids[1], ids[1]
    );
    let back = terminal.path("hasil.csv");
    std::fs::write(&back, content).unwrap();
    let sent = terminal.serasi(&["outcome", &back]);
    assert_eq!(sent.status.code(), Some(1), "{}", text(&sent));
    let told = text(&sent);
    assert!(
        told.contains("1 recorded, 0 recorded before, 2 refused"),
        "{told}"
    );
    let rejects = std::fs::read_to_string(format!("{back}.rejects.csv")).unwrap();
    let lines: Vec<_> = rejects.lines().collect();
    assert!(
        lines[1].starts_with("3,") && lines[1].contains("registry_id"),
        "{rejects}"
    );
    assert!(lines[2].starts_with("4,status_usulan,"), "{rejects}");
    let again = text(&terminal.serasi(&["outcome", &back]));
    assert!(
        again.contains("0 recorded, 1 recorded before, 2 refused"),
        "{again}"
    );
    assert_eq!(terminal.state(&ids[0]).await, v1::ObligationState::Proposed);
    terminal.hub.finish().await;
}
