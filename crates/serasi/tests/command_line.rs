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

#[test]
fn production_without_a_key_file_does_not_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let jwks = folder.path().join("jwks.json");
    std::fs::write(&jwks, "{\"keys\":[]}").expect("a file");
    let (data_dir, jwks) = (
        folder.path().to_str().expect("plain"),
        jwks.to_str().expect("plain"),
    );
    let refused = serasi(&[
        "serve",
        "--issuer",
        "https://sso.example.go.id",
        "--jwks",
        jwks,
        "--data-dir",
        data_dir,
    ]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("no usable"),
        "{refused:?}"
    );
}
