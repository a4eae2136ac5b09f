//! `serasi registry obligations|acknowledge|outcome`, as a dinas uses them; the list is opened by Python's csv.

use std::process::{Command, Output};

use serasi_hub::auth::Role;
use serasi_proto::v1;
use serasi_tests::binary;
use serasi_tests::build::{child, facility};

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

#[tokio::test(flavor = "multi_thread")]
async fn a_dinas_fetches_its_list_and_sends_back_what_became_of_it() {
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
    let url = format!("http://{}", hub.address());
    let token = hub.token(&[Role::DinasOfficer], "32.73", None);
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("daftar.csv");
    let list = list.to_str().unwrap();
    let serasi = |arguments: &[&str]| {
        let mut command = Command::new(binary());
        command
            .args(["--hub", &url, "--token", &token, "registry"])
            .args(arguments);
        command.output().unwrap()
    };

    for arguments in [
        &["obligations"][..],
        &["obligations", "--json"],
        &["obligations", "--csv", "-"],
    ] {
        let shown = serasi(arguments);
        assert!(
            !text(&shown).contains(NAME) && !text(&shown).contains(NIK),
            "{arguments:?}"
        );
    }
    assert_eq!(obligation(&hub, &ids[0]).await.state(), v1::ObligationState::Due);
    let written = serasi(&["obligations", "--csv", list]);
    assert!(written.status.success(), "{}", text(&written));
    assert!(!text(&written).contains(NAME));
    assert_eq!(
        obligation(&hub, &ids[0]).await.state(),
        v1::ObligationState::Reported
    );
    let read = Command::new("python3").args(["-c", READ, list]).output().unwrap();
    assert_eq!(
        text(&read),
        format!("2 [\"'=SUM(1;2)\", '{NAME}'] ['dilaporkan', 'dilaporkan']\n[\"'{NIK}\"]\n")
    );

    let acknowledged = serasi(&["acknowledge", &ids[0], "bukan-id"]);
    assert_eq!(acknowledged.status.code(), Some(1), "{}", text(&acknowledged));
    let content = format!(
        "id_serasi;status_usulan;tanggal;id_dtks\n{};diusulkan;2026-11-01;\n{};ditetapkan;2026-11-01;\n{};selesai;;\n",
        ids[0], ids[1], ids[1]
    );
    let back = folder.path().join("hasil.csv");
    std::fs::write(&back, content).unwrap();
    let sent = serasi(&["outcome", back.to_str().unwrap()]);
    assert_eq!(sent.status.code(), Some(1), "{}", text(&sent));
    assert!(
        text(&sent).contains("1 recorded, 0 recorded before, 2 refused"),
        "{}",
        text(&sent)
    );
    let rejects = std::fs::read_to_string(folder.path().join("hasil.csv.rejects.csv")).unwrap();
    let lines: Vec<_> = rejects.lines().collect();
    assert!(
        lines[1].starts_with("3,") && lines[1].contains("registry_id"),
        "{rejects}"
    );
    assert!(lines[2].starts_with("4,status_usulan,"), "{rejects}");
    let again = serasi(&["outcome", back.to_str().unwrap()]);
    assert!(
        text(&again).contains("0 recorded, 1 recorded before, 2 refused"),
        "{}",
        text(&again)
    );
    assert_eq!(
        obligation(&hub, &ids[0]).await.state(),
        v1::ObligationState::Proposed
    );
    hub.finish().await;
}
