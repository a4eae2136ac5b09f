//! A hub that could be told lies by its database, or could tell them, does not start.

use std::path::Path;
use std::process::Command;

use serasi_hub::auth::DevIssuer;
use serasi_ledger::Signer;
use serasi_tests::binary;
use serasi_tests::database::TestDatabase;

/// Exit code and last words of `serasi serve`.
fn serve(folder: &Path, url: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(binary());
    command.args([
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        url,
        "--data-dir",
    ]);
    let output = command.arg(folder).args(arguments).output().unwrap();
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test]
async fn a_hub_does_not_serve_as_superuser_or_owner() {
    let folder = tempfile::tempdir().unwrap();
    let database = TestDatabase::create().await;
    let (code, said) = serve(folder.path(), database.owner_url(), &["--development"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("it is a superuser") && said.contains("serasi_app"),
        "{said}"
    );
}

#[tokio::test]
async fn production_needs_an_audit_key_of_its_own_and_a_folder_for_heads() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let issuer = DevIssuer::open_or_create(&folder.path().join("issuer.key")).unwrap();
    let keys = serde_json::to_string(&issuer.key_set())
        .unwrap()
        .replace("\"dev-", "\"prod-");
    std::fs::write(path("jwks.json"), keys).unwrap();
    std::fs::write(path("seal.key"), "07".repeat(32)).unwrap();
    std::fs::write(path("audit.key"), Signer::generate(true).unwrap()).unwrap();
    std::fs::write(path("index.key"), "08".repeat(32)).unwrap();
    let (jwks, seal, index, audit, heads) = (
        path("jwks.json"),
        path("seal.key"),
        path("index.key"),
        path("audit.key"),
        path("heads"),
    );
    let production = [
        "--issuer",
        "https://issuer.example",
        "--jwks",
        &jwks,
        "--key-file",
        &seal,
        "--index-key-file",
        &index,
        "--plaintext",
    ];
    let database = TestDatabase::create().await;
    let (code, said) = serve(folder.path(), database.url(), &production);
    assert_eq!(
        (code, said.contains("--audit-key and --audit-heads")),
        (Some(2), true),
        "{said}"
    );
    let named = [&production[..], &["--audit-key", &audit, "--audit-heads", &heads]].concat();
    let (code, said) = serve(folder.path(), database.url(), &named);
    assert_eq!(
        (code, said.contains("is a development key")),
        (Some(2), true),
        "{said}"
    );
}

#[tokio::test]
async fn the_previous_release_finds_nothing_to_migrate_on_a_newer_schema() {
    let database = TestDatabase::create().await;
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
        VALUES (29991231235959, 'of a release to come', true, '', 0)";
    let mut owner = database.connect().await;
    sqlx::query(newer).execute(&mut owner).await.unwrap();
    let mut migrate = Command::new(binary());
    migrate.arg("migrate").env("DATABASE_URL", database.owner_url());
    let output = migrate.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    assert!(said.starts_with("0 migrations were run"), "{said}");
}
