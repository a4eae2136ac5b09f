//! What is wrong with keys is told at start, not at the first read.

use std::path::Path;
use std::time::Duration;

use serasi_tests::database::TestDatabase;
use serasi_tests::{TestHub, binary};
use tokio::process::Command;

use crate::people::{canary, keys_command, report};

const PATIENCE: Duration = Duration::from_secs(30);

/// `serasi serve` with these arguments; it must refuse by itself.
async fn serve(database: &TestDatabase, data_dir: &Path, arguments: &[&str]) -> String {
    let refused = Command::new(binary())
        .args([
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--database-url",
            database.url(),
            "--data-dir",
        ])
        .arg(data_dir)
        .args(arguments)
        .env_remove("SERASI_KEY_FILE")
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, refused).await;
    let output = output.expect("it serves instead of refusing").unwrap();
    assert_eq!(output.status.code(), Some(2), "it must not serve");
    String::from_utf8(output.stderr).unwrap()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test]
async fn production_refuses_keys_that_were_made_for_development_and_a_start_without_any() {
    let hub = TestHub::start().await;
    let folder = tempfile::tempdir().unwrap();
    let jwks = folder.path().join("jwks.json");
    // A key set of somebody else: what is refused here is the key file.
    let own = folder.path().join("issuer");
    let issuer = serasi_hub::auth::DevIssuer::open_or_create(&own).unwrap();
    let mut set = serde_json::to_value(issuer.key_set()).unwrap();
    set["keys"][0]["kid"] = "production-1".into();
    std::fs::write(&jwks, set.to_string()).unwrap();
    let jwks = text(&jwks);
    let production = [
        "--issuer",
        "https://sso.example.go.id",
        "--jwks",
        &jwks,
        "--plaintext",
    ];
    let refused = serve(&hub.database, folder.path(), &production).await;
    assert!(
        refused.contains("--index-key-file") && refused.contains("--transit"),
        "{refused}"
    );

    let (key, index) = (
        text(&hub.database.key_file()),
        text(&hub.database.index_key_file()),
    );
    let named = [&production[..], &["--key-file", &key, "--index-key-file", &index]].concat();
    let refused = serve(&hub.database, folder.path(), &named).await;
    assert!(
        refused.contains("made for development") && refused.contains("keys generate"),
        "{refused}"
    );
    hub.finish().await;
}

#[tokio::test]
async fn a_wrong_key_file_is_told_at_start() {
    let hub = TestHub::start().await;
    report(&mut hub.coordinator(), "1", vec![canary(1)]).await;
    // The first start with these keys writes down what they are.
    assert!(keys_command(&hub.database, &["status"]).status.success());
    let folder = tempfile::tempdir().unwrap();
    let other = text(&folder.path().join("other.key"));
    assert!(
        keys_command(&hub.database, &["generate", &other])
            .status
            .success()
    );
    let (key, index) = (
        text(&hub.database.key_file()),
        text(&hub.database.index_key_file()),
    );

    let wrong_kek = ["--development", "--key-file", &other, "--index-key-file", &index];
    let refused = serve(&hub.database, folder.path(), &wrong_kek).await;
    assert!(refused.contains("does not open the data keys"), "{refused}");
    let wrong_index = ["--development", "--key-file", &key, "--index-key-file", &other];
    let refused = serve(&hub.database, folder.path(), &wrong_index).await;
    assert!(refused.contains("nobody would be found"), "{refused}");
    let no_vault = [
        "--development",
        "--index-key-file",
        &index,
        "--transit",
        "http://127.0.0.1:1",
        "--transit-token-file",
        &index,
        "--key-file",
        &other,
    ];
    let refused = serve(&hub.database, folder.path(), &no_vault).await;
    assert!(refused.contains("does not open the data keys"), "{refused}");
    hub.finish().await;
}
