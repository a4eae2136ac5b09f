//! `serasi audit`, as an auditor at a terminal uses it.

use std::path::Path;
use std::process::{Command, Output};

use serasi_hub::auth::Role;
use serasi_ledger::Line;
use serasi_tests::build::facility;
use serasi_tests::{TestHub, binary};
use tempfile::TempDir;

use super::{report_and_look, until_exported};
use crate::scene::hub_with;

fn serasi(arguments: &[&str]) -> Output {
    Command::new(binary()).args(arguments).output().unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Runs `serasi audit export` for an auditor of 32.73; gives what it wrote.
fn export(hub: &TestHub, file: &Path, subject: Option<&str>) -> String {
    let url = format!("http://{}", hub.address());
    let token = hub.token(&[Role::Auditor], "32.73", None);
    let mut arguments = vec![
        "audit",
        "export",
        "--hub",
        &url,
        "--token",
        &token,
        "--out",
        text(file),
    ];
    arguments.extend(subject.iter().flat_map(|subject| ["--subject", subject]));
    let output = serasi(&arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read_to_string(file).unwrap()
}

/// What was taken out of a hub, and the hub is gone.
struct Taken {
    folder: TempDir,
    /// A whole tree.
    whole: String,
    /// The entries about one case.
    single: String,
}

impl Taken {
    async fn from_a_hub() -> Self {
        let hub = hub_with(vec![facility("A", "32.73.01", 40)]).await;
        let mut client = hub.coordinator();
        let first = report_and_look(&mut client, "first", "32.73.01").await;
        for number in 0..120 {
            report_and_look(&mut client, &number.to_string(), "32.73.01").await;
        }
        until_exported(&hub).await;
        let folder = tempfile::tempdir().unwrap();
        let whole = export(&hub, &folder.path().join("whole"), None);
        let single = export(&hub, &folder.path().join("single"), Some(&first));
        let audit = hub.audit();
        std::fs::write(folder.path().join("key"), audit.signer().public().to_string()).unwrap();
        hub.finish().await;
        std::fs::copy(&audit.heads_files()[0], folder.path().join("heads")).unwrap();
        Self {
            folder,
            whole,
            single,
        }
    }

    /// When the newest head of the export was signed, and a moment more.
    fn until(&self) -> String {
        let heads = self
            .whole
            .lines()
            .filter_map(|line| match serde_json::from_str(line).unwrap() {
                Line::Head(signed) => Some(signed.head.at),
                Line::Leaf(_) | Line::Unsealed(_) => None,
            });
        let until = heads.max().unwrap() + time::Duration::microseconds(1);
        until
            .format(&time::format_description::well_known::Rfc3339)
            .unwrap()
    }

    /// Exit code, results and notes of `serasi audit verify` over these lines.
    fn verify(&self, lines: &str, more: &[&str]) -> (i32, String, String) {
        let path = |name: &str| self.folder.path().join(name).to_str().unwrap().to_owned();
        std::fs::write(path("export"), lines).unwrap();
        let (export, key, heads) = (path("export"), path("key"), path("heads"));
        let mut arguments = vec!["audit", "verify", &export, "--key", &key, "--region", "32.73"];
        arguments.extend(
            more.iter()
                .map(|word| if *word == "HEADS" { heads.as_str() } else { word }),
        );
        let output = serasi(&arguments);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let notes = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code().unwrap(), said, notes)
    }
}

/// The same with the first look at a case made a look at a list.
fn changed(lines: &str) -> String {
    lines.replacen("\"verb\":\"GetCase\"", "\"verb\":\"ListCases\"", 1)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_is_verified_offline_and_a_changed_one_is_not() {
    let taken = Taken::from_a_hub().await;
    let until = taken.until();
    let then = ["--heads", "HEADS", "--until", &until];
    assert!(taken.whole.lines().count() > 240);
    let (code, said, notes) = taken.verify(&taken.whole, &then);
    assert_eq!(
        (code, said.contains("Everything agrees")),
        (0, true),
        "{said}{notes}"
    );
    assert!(notes.is_empty(), "{notes}");
    // The hub has sealed more since the export.
    let (code, said, _) = taken.verify(&taken.whole, &["--heads", "HEADS"]);
    assert_eq!((code, said.contains("the end was cut off")), (1, true), "{said}");

    let (code, said, notes) = taken.verify(&taken.single, &[]);
    assert_eq!(
        (code, said.contains("Everything agrees")),
        (0, true),
        "{said}{notes}"
    );
    assert!(notes.contains("--heads"), "{notes}");
    assert!(taken.single.contains("SubmitIntake") && taken.single.contains("inclusion"));

    let (code, said, _) = taken.verify(&changed(&taken.whole), &[&then[..], &["--json"]].concat());
    assert_eq!(
        (code, said.contains("\"finding\":\"edited\"")),
        (1, true),
        "{said}"
    );
    let (code, said, _) = taken.verify(&changed(&taken.single), &[]);
    assert_eq!(
        (code, said.contains("was changed after it was sealed")),
        (1, true),
        "{said}"
    );
}

#[test]
fn a_key_is_made_once_and_bad_files_are_bad_usage() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("audit.key");
    let first = serasi(&["audit", "key", text(&key)]);
    assert!(first.status.success());
    assert!(String::from_utf8_lossy(&first.stdout).starts_with("ed25519 "));
    assert_eq!(serasi(&["audit", "key", text(&key)]).stdout, first.stdout);
    let public = folder.path().join("key.pub");
    std::fs::write(&public, &first.stdout).unwrap();
    let other = folder.path().join("other");
    std::fs::write(&other, "no key").unwrap();
    for arguments in [
        &["audit", "verify", "nowhere.jsonl", "--key", text(&public)][..],
        &["audit", "verify", text(&public), "--key", text(&other)],
        &[
            "audit",
            "verify",
            text(&public),
            "--key",
            text(&public),
            "--heads",
            text(&other),
        ],
        &["audit", "verify", text(&public)],
        &["audit", "key", text(&other)],
    ] {
        let output = serasi(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(!output.stderr.is_empty());
    }
    // A readable file without one line of an export.
    let output = serasi(&["audit", "verify", text(&public), "--key", text(&public)]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("line 1 is no line of an audit export"));
}
