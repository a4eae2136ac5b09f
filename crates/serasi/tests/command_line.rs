//! The binary as a script sees it: exit codes, and where results and complaints go.

use std::process::{Command, Output};

fn serasi(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_serasi"))
        .args(arguments)
        .env_remove("SERASI_TOKEN")
        .env_remove("SERASI_TOKEN_FILE")
        .env_remove("DATABASE_URL")
        .output()
        .expect("the binary runs")
}

#[test]
fn a_silent_address_ends_with_three_and_bad_usage_with_two() {
    let silent = serasi(&["--hub", "http://127.0.0.1:1", "--token", "x", "case", "list"]);
    assert_eq!(silent.status.code(), Some(3));
    assert!(silent.stdout.is_empty());
    assert!(
        String::from_utf8_lossy(&silent.stderr).contains("serasi demo"),
        "it says what to do"
    );
    for wrong in [
        &["case"][..],
        &["intake", "submit", "/nowhere.jsonl", "--token", "x"],
        &["serve"],
        &["frobnicate"],
    ] {
        assert_eq!(serasi(wrong).status.code(), Some(2), "{wrong:?}");
    }
    assert_eq!(serasi(&["--help"]).status.code(), Some(0));
}

#[test]
fn a_token_is_minted_for_known_roles_only_and_an_officer_needs_a_facility() {
    let folder = tempfile::tempdir().expect("a folder");
    let data_dir = folder.path().to_str().expect("a plain path");
    let token = serasi(&["token", "--role", "coordinator", "--data-dir", data_dir]);
    assert_eq!(token.status.code(), Some(0));
    assert_eq!(
        String::from_utf8_lossy(&token.stdout).trim().split('.').count(),
        3
    );
    let unknown = serasi(&["token", "--role", "king", "--data-dir", data_dir]);
    assert_eq!(unknown.status.code(), Some(2));
    let officer = serasi(&["token", "--role", "facility_officer", "--data-dir", data_dir]);
    assert_eq!(officer.status.code(), Some(2));
}

#[test]
fn a_policy_file_with_faults_is_refused_with_all_of_them_before_a_hub_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("policy.toml");
    let shipped = include_str!("../../domain/policies/p7-2021.toml");
    let faulty = shipped
        .replace("refusals_before_escalation = 3", "refusals_before_escalation = 0")
        .replace("after_seconds = 86400", "after_seconds = 99999999")
        .replace("seconds = 900,", "seconds = 90000,");
    std::fs::write(&file, faulty).expect("a file");
    let file = file.to_str().expect("a plain path");
    let refused = serasi(&[
        "--hub",
        "http://127.0.0.1:1",
        "--token",
        "x",
        "policy",
        "create",
        file,
    ]);
    assert_eq!(refused.status.code(), Some(2));
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    for path in [
        "refusals_before_escalation",
        "regular.ladder[3].after_seconds",
        "emergency.answer.seconds",
    ] {
        assert!(told.contains(path), "{path} in {told}");
    }
}

/// `serasi serve` as in production, with this key set and further arguments; what it complains of.
fn refused_start(keys: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let jwks = folder.path().join("jwks.json");
    std::fs::write(&jwks, keys).expect("a file");
    let (data_dir, jwks) = (
        folder.path().to_str().expect("plain"),
        jwks.to_str().expect("plain"),
    );
    let issuer = ["serve", "--issuer", "https://sso.example.go.id", "--jwks", jwks];
    let refused = serasi(&[&issuer[..], &["--data-dir", data_dir], arguments].concat());
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    String::from_utf8_lossy(&refused.stderr).into_owned()
}

const USABLE_KEYS: &str = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"KID",
    "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

#[test]
fn production_does_not_start_without_keys_or_with_those_of_development() {
    let plaintext = ["--plaintext"];
    assert!(refused_start("{\"keys\":[]}", &plaintext).contains("no usable"));
    assert!(refused_start(USABLE_KEYS, &plaintext).contains("--key-file"));
    let development = USABLE_KEYS.replace("KID", "dev-1234");
    assert!(refused_start(&development, &plaintext).contains("production refuses it"));
}

#[test]
fn production_does_not_start_in_the_clear_unless_somebody_says_so() {
    let told = refused_start(USABLE_KEYS, &[]);
    assert!(
        told.contains("--tls-cert") && told.contains("--plaintext"),
        "{told}"
    );
    let both = ["--plaintext", "--tls-cert", "a.pem", "--tls-key", "a.key"];
    assert!(refused_start(USABLE_KEYS, &both).contains("cannot be used with"));
    assert!(refused_start(USABLE_KEYS, &["--tls-cert", "a.pem"]).contains("--tls-key"));
}
