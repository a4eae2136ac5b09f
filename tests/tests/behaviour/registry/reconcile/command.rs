//! `serasi registry reconcile|reconciliations|review|undo`, as an officer uses them.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use serasi_tests::binary;
use tempfile::TempDir;

use super::*;

const HEADER: &str =
    "registry_id,nik,no_kk,nama,tanggal_lahir,jenis_kelamin,kode_wilayah,alamat,nama_ibu_kandung";

struct Terminal {
    url: String,
    token: String,
    folder: TempDir,
}

impl Terminal {
    fn at(hub: &TestHub) -> Self {
        Self {
            url: format!("http://{}", hub.address()),
            token: hub.token_of("pemadan", &[Role::RegistryOfficer], "ID", None),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn write(&self, name: &str, content: &[u8]) -> String {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn serasi(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(binary());
        command.args(["--hub", &self.url, "--token", &self.token, "registry"]);
        command.args(arguments).output().unwrap()
    }
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn file_of(rows: &[String]) -> String {
    format!("{HEADER}\n{}\n", rows.join("\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_reconciled_and_the_same_command_again_says_the_same() {
    let (hub, ids) = Box::pin(with_people()).await;
    let terminal = Terminal::at(&hub);
    let mut rows = snapshot();
    rows.push("B-1,33740141079000017,,Budi,,,,,".to_owned());
    rows.push("B-2,,,Budi".to_owned());
    let mut bytes = file_of(&rows).into_bytes();
    bytes.extend(b"B-3,,,Bud\xff,,,,,\n");
    let file = terminal.write("dtsen.csv", &bytes);
    let results = terminal.path("hasil.csv");
    let arguments = [
        "reconcile",
        &file,
        "--edition",
        "2026-Q4",
        "--results",
        &results,
        "--json",
    ];
    let first = terminal.serasi(&arguments);
    assert_eq!(first.status.code(), Some(1), "{}", text(&first));
    let summary: serde_json::Value = serde_json::from_slice(&first.stdout).unwrap();
    for (field, expected) in [
        ("rows", 67),
        ("rows_refused", 3),
        ("rows_exact", 1),
        ("rows_probable", 1),
        ("rows_ambiguous", 2),
        ("rows_not_found", 60),
        ("persons_matched", 2),
    ] {
        assert_eq!(summary[field], expected, "{field}: {summary}");
    }
    let rejects = fs::read_to_string(format!("{file}.rejects.csv")).unwrap();
    let lines: Vec<_> = rejects.lines().collect();
    assert_eq!(lines.len(), 4, "{rejects}");
    assert!(rejects.contains("snapshot,66,nik,"), "{rejects}");
    assert!(
        rejects.contains("snapshot,67,,") && rejects.contains("snapshot,68,,"),
        "{rejects}"
    );
    let told = fs::read_to_string(&results).unwrap();
    assert!(told.contains(&format!("2,exact,{}", ids[EXACT])), "{told}");
    let mut connection = hub.database.connect().await;
    let (announced,): (i64,) = sqlx::query_as("SELECT rows_at_least FROM reconciliations")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(announced, 67, "the hub was told how many rows come");
    let again = terminal.serasi(&arguments);
    assert_eq!(again.stdout, first.stdout, "{}", text(&again));
    assert_eq!(fs::read_to_string(&results).unwrap(), told);
    let mut lists = [
        rejects,
        fs::read_to_string(format!("{file}.rejects.csv")).unwrap(),
    ]
    .map(|list| list.lines().map(str::to_owned).collect::<Vec<_>>());
    for list in &mut lists {
        list.sort();
    }
    assert_eq!(lists[0], lists[1]);
    for secret in [NIK, NAME, "Contoh"] {
        assert!(!text(&first).contains(secret) && !told.contains(secret));
    }
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_file_is_read_as_far_as_it_goes_and_a_wrong_header_stops_before_anything() {
    let (hub, ids) = Box::pin(with_people()).await;
    let terminal = Terminal::at(&hub);
    let wrong = terminal.write("wrong.csv", b"id,nik\n1,2\n");
    let refused = terminal.serasi(&["reconcile", &wrong, "--edition", "2026-Q4"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("registry_id"), "{}", text(&refused));
    let list = terminal.serasi(&["reconciliations", "--json"]);
    assert_eq!(text(&list), "");
    let mut rows = rows_of_people();
    rows.extend(strangers(40_000));
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(file_of(&rows).as_bytes()).unwrap();
    let whole = gzip.finish().unwrap();
    let cut = terminal.write("cut.csv.gz", &whole[..whole.len() / 2]);
    let run = terminal.serasi(&["reconcile", &cut, "--edition", "2026-Q4"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run));
    assert!(text(&run).contains("1 refused"), "{}", text(&run));
    assert!(text(&run).contains("nothing is concluded"), "{}", text(&run));
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    // Somebody was found before in what is cut off now: they have not left.
    let nobody = terminal.write("empty.csv", format!("{HEADER}\n").as_bytes());
    let run = terminal.serasi(&["reconcile", &nobody, "--edition", "2027-Q1"]);
    assert!(run.status.success(), "{}", text(&run));
    assert_eq!(state(&hub, &ids[EXACT]).await, Matched);
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_doubt_is_shown_reviewed_and_a_link_undone_from_the_terminal() {
    let (hub, ids) = Box::pin(with_people()).await;
    let terminal = Terminal::at(&hub);
    let file = terminal.write("dtsen.csv", file_of(&snapshot()).as_bytes());
    let run = terminal.serasi(&["reconcile", &file, "--edition", "2026-Q4"]);
    assert!(run.status.success(), "{}", text(&run));
    let listed = text(&terminal.serasi(&["reconciliations"]));
    assert!(listed.contains("done") && listed.contains("2026-Q4"), "{listed}");
    let shown = text(&terminal.serasi(&["review", &ids[DOUBTFUL], "show"]));
    assert!(
        shown.contains("ambiguous") && shown.contains("mother_name"),
        "{shown}"
    );
    assert!(!shown.contains("Contoh"), "{shown}");
    let confirmed = terminal.serasi(&["review", &ids[DOUBTFUL], "confirm", "--row", "32"]);
    assert!(text(&confirmed).contains("matched"), "{}", text(&confirmed));
    let undone = terminal.serasi(&["undo", &ids[EXACT], "--reason", "wrong-row"]);
    assert!(text(&undone).contains("not-found"), "{}", text(&undone));
    let again = terminal.serasi(&["undo", &ids[EXACT], "--reason", "wrong-row"]);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));
    let nobody = terminal.serasi(&["reconcile", &file, "--edition", "2026-Q9"]);
    assert_eq!(nobody.status.code(), Some(2), "{}", text(&nobody));
    hub.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_and_numbers_that_stand_twice_are_listed_and_the_same_row_twice_is_no_doubt() {
    let (hub, ids) = Box::pin(with_people()).await;
    let terminal = Terminal::at(&hub);
    let mut rows = snapshot();
    rows.push(rows_of_people()[PROBABLE].clone());
    rows.push(format!("R-9,{NIK},,Joko Yanto,1950-02-02,L,11.01,,"));
    let file = terminal.write("dtsen.csv", file_of(&rows).as_bytes());
    let run = terminal.serasi(&["reconcile", &file, "--edition", "2026-Q4", "--json"]);
    assert_eq!(run.status.code(), Some(1), "{}", text(&run));
    let summary: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    assert_eq!(summary["duplicates"]["registry_ids"], 1, "{summary}");
    assert_eq!(summary["duplicates"]["conflicting_niks"], 1, "{summary}");
    assert_eq!(summary["rows_refused"], 1, "{summary}");
    let listed = fs::read_to_string(format!("{file}.duplicates.csv")).unwrap();
    assert_eq!(
        listed,
        "line,problem,first_line\n66,repeated_registry_id,17\n67,conflicting_nik,2\n"
    );
    let rejects = fs::read_to_string(format!("{file}.rejects.csv")).unwrap();
    assert!(
        rejects.contains("snapshot,66,registry_id,line 17 has the same one"),
        "{rejects}"
    );
    for person in [EXACT, PROBABLE] {
        assert_eq!(state(&hub, &ids[person]).await, Matched, "{person}");
    }
    hub.finish().await;
}
