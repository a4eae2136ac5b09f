//! `serasi doctor` says what would keep a hub from serving, all of it, and changes nothing.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serasi_hub::auth::DevIssuer;
use serasi_ledger::Signer;
use serasi_tests::binary;
use serasi_tests::database::TestDatabase;
use serasi_tests::pooler::{self, Pooler};
use sqlx::{AssertSqlSafe, Executor};

/// Everything that production needs, in a folder.
struct SetUp {
    folder: tempfile::TempDir,
    database: TestDatabase,
}

/// Exit code, and the verdict on each thing that was looked at.
type Seen = (Option<i32>, BTreeMap<String, String>);

impl SetUp {
    async fn good() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, content: String| {
            std::fs::write(folder.path().join(name), content).unwrap();
        };
        let issuer = DevIssuer::open_or_create(&folder.path().join("issuer.key")).unwrap();
        let keys = serde_json::to_string(&issuer.key_set()).unwrap();
        write("jwks.json", keys.replace("\"dev-", "\"prod-"));
        write("seal.key", "07".repeat(32));
        write("index.key", "08".repeat(32));
        write("audit.key", Signer::generate(false).unwrap());
        std::fs::create_dir(folder.path().join("heads")).unwrap();
        Self {
            folder,
            database: TestDatabase::create().await,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    /// Looks, with everything from a file and `change` on top of it.
    fn doctor(&self, change: &[&str]) -> Seen {
        let file = format!(
            "database-url = '{}'\nissuer = 'https://issuer.example'\njwks = '{}'\nkey-file = '{}'\nindex-key-file = '{}'\n\
             audit-key = '{}'\naudit-heads = '{}'\nplaintext = true\n",
            self.database.url(),
            self.path("jwks.json"),
            self.path("seal.key"),
            self.path("index.key"),
            self.path("audit.key"),
            self.path("heads"),
        );
        let config = self.folder.path().join("hub.toml");
        std::fs::write(&config, file).unwrap();
        look(&config, change)
    }
}

fn look(config: &Path, change: &[&str]) -> Seen {
    let mut command = Command::new(binary());
    command.args(["--json", "doctor", "--config"]).arg(config);
    command.env_remove("DATABASE_URL");
    let output = command.args(change).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let lines = said.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let verdict = line["verdict"].as_str().unwrap();
        let to_do = line["to_do"].as_str().unwrap();
        assert!(
            verdict != "wrong" || !to_do.is_empty(),
            "{line} says nothing to do"
        );
        (line["check"].as_str().unwrap().to_owned(), verdict.to_owned())
    });
    (output.status.code(), lines.collect())
}

/// Names of what is wrong.
fn wrong((code, verdicts): &Seen) -> Vec<&str> {
    assert_eq!(*code, Some(1), "{verdicts:?}");
    let wrong = verdicts.iter().filter(|(_, verdict)| *verdict == "wrong");
    wrong.map(|(check, _)| check.as_str()).collect()
}

#[tokio::test]
async fn a_good_set_up_is_found_good_in_everything() {
    let set_up = SetUp::good().await;
    let (code, verdicts) = set_up.doctor(&[]);
    assert_eq!(code, Some(0), "{verdicts:?}");
    assert!(verdicts.len() >= 12, "{verdicts:?}");
    assert!(verdicts.values().all(|verdict| verdict == "good"), "{verdicts:?}");
}

#[tokio::test]
async fn each_thing_that_is_broken_is_named_with_what_to_do() {
    let set_up = SetUp::good().await;
    let missing = set_up.path("missing");
    let a_file = set_up.path("jwks.json");
    for (change, expected) in [
        (
            vec!["--database-url", "postgres://hub@127.0.0.1:1/serasi"],
            vec!["database"],
        ),
        (vec!["--database-url", set_up.database.owner_url()], vec!["role"]),
        (vec!["--jwks", &missing], vec!["tokens"]),
        (
            vec!["--audit-key", &missing, "--audit-heads", &a_file],
            vec!["audit heads", "audit key"],
        ),
        (vec!["--policy", &a_file], vec!["policy"]),
        (vec!["--key-file", &missing], vec!["keys"]),
    ] {
        assert_eq!(wrong(&set_up.doctor(&change)), expected, "{change:?}");
    }
}

#[tokio::test]
async fn a_database_that_loses_writes_or_was_sealed_with_other_keys_is_named() {
    let set_up = SetUp::good().await;
    let store = set_up.database.store().await;
    store.check_keys().await.unwrap();
    store.close().await;
    assert_eq!(wrong(&set_up.doctor(&[])), ["sealed data"]);

    let set_up = SetUp::good().await;
    let mut owner = set_up.database.connect().await;
    owner
        .execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$")
        .await
        .unwrap();
    assert_eq!(wrong(&set_up.doctor(&[])), ["settings"]);

    owner
        .execute("DELETE FROM _sqlx_migrations WHERE version = (SELECT max(version) FROM _sqlx_migrations)")
        .await
        .unwrap();
    assert_eq!(wrong(&set_up.doctor(&[])), ["schema"]);
}

#[tokio::test]
async fn settings_that_a_pooler_keeps_back_are_missed() {
    let Some(binary) = pooler::find().filter(|binary| pooler::knows_statements(binary)) else {
        println!("no PgBouncer of 1.21 or later on this machine: nothing was tried");
        return;
    };
    let set_up = SetUp::good().await;
    let (server, name) = set_up.database.location().await;
    let pooler = Pooler::start(&binary, &server, 2).await;
    let mut owner = set_up.database.connect().await;
    // Whatever the role has where all tests go through a pooler.
    let limits = [
        "statement_timeout",
        "lock_timeout",
        "idle_in_transaction_session_timeout",
    ];
    let mut set = async |limit: &str, to: &str| {
        let here = format!("ALTER ROLE serasi_hub IN DATABASE {name} SET {limit} = '{to}'");
        owner.execute(AssertSqlSafe(here)).await.unwrap();
    };
    for limit in limits {
        set(limit, "0").await;
    }
    set("jit", "off").await;
    let url = pooler.url(&name);
    let (code, verdicts) = set_up.doctor(&["--database-url", &url]);
    assert_eq!(verdicts["session settings"], "warning", "{verdicts:?}");
    assert_eq!(code, Some(0), "{verdicts:?}");

    for limit in limits {
        set(limit, "5s").await;
    }
    set("jit", "on").await;
    let pooler = Pooler::start(&binary, &server, 2).await;
    let (_, verdicts) = set_up.doctor(&["--database-url", &pooler.url(&name)]);
    assert_eq!(verdicts["session settings"], "warning", "{verdicts:?}");

    set("jit", "off").await;
    let pooler = Pooler::start(&binary, &server, 2).await;
    let (_, verdicts) = set_up.doctor(&["--database-url", &pooler.url(&name)]);
    assert_eq!(verdicts["session settings"], "good", "{verdicts:?}");
}

#[test]
fn without_a_word_about_tokens_both_ways_are_named() {
    let output = Command::new(binary()).arg("doctor").output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("--development") && said.contains("--issuer"),
        "{said}"
    );
}

#[tokio::test]
async fn a_look_changes_nothing() {
    let set_up = SetUp::good().await;
    set_up.doctor(&[]);
    let store = set_up.database.store().await;
    // The doctor's keys were others: had it remembered them, these would be refused.
    store.check_keys().await.unwrap();
    store.close().await;
    let left: Vec<_> = std::fs::read_dir(set_up.path("heads")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
