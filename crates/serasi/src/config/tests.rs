use std::fs;

use super::*;
use crate::cli::Command;

fn read_with(file: &str, more: &[&str]) -> Result<(Cli, Shown), ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.toml");
    fs::write(&path, file).unwrap();
    let path = path.display().to_string();
    let typed = ["serasi", "serve", "--config", path.as_str()];
    read(
        typed
            .into_iter()
            .chain(more.iter().copied())
            .map(OsString::from)
            .collect(),
    )
}

fn refused(file: &str) -> String {
    let error = read_with(file, &[]).map(drop).unwrap_err();
    error.to_string()
}

#[test]
fn a_file_sets_what_nobody_has_typed_and_the_log_says_so_without_secrets() {
    let file = "
        development = true
        listen = '127.0.0.1:6001'
        db-connections = 7
        database-url = 'postgres://hub:rahasia@db/serasi'
    ";
    let (cli, shown) = read_with(file, &["--listen", "127.0.0.1:6002"]).unwrap();
    let Command::Serve(args) = cli.command else {
        panic!("another command");
    };
    assert_eq!(args.host().db_connections, 7);
    assert!(args.is_development());
    let shown = shown.to_string();
    assert!(shown.contains("listen = 127.0.0.1:6002 (flag)"), "{shown}");
    assert!(shown.contains("db-connections = 7 (file)"), "{shown}");
    assert!(shown.contains("database-url = (not shown) (file)"), "{shown}");
    assert!(!shown.contains("rahasia"), "{shown}");
}

#[test]
fn what_is_no_option_is_refused_with_all_that_is_wrong_and_no_value_is_repeated() {
    let told = refused("lisen = 'rahasia'\nbeehive = 1\ndevelopment = 'rahasia'\nissuer = ['rahasia']\n");
    assert!(told.contains("no option `lisen`; is `listen` meant?"), "{told}");
    assert!(
        told.contains("no option `beehive`; `serasi serve --help`"),
        "{told}"
    );
    assert!(told.contains("`development` is a switch"), "{told}");
    assert!(told.contains("`issuer` must be a text"), "{told}");
    assert!(!told.contains("rahasia"), "{told}");
}

#[test]
fn values_of_a_file_are_checked_as_if_they_had_been_typed() {
    let told = refused("development = true\ndb-connections = 1\n");
    assert!(
        told.contains("--db-connections") && told.contains("hub.toml"),
        "{told}"
    );
    let told = refused("development = true\nissuer = 'https://issuer.example'\n");
    assert!(told.contains("--issuer") || told.contains("--jwks"), "{told}");
}

#[test]
fn a_file_that_is_none_is_refused_with_its_name() {
    assert!(refused("a = ").contains("is not TOML"));
    let missing = ["serasi", "serve", "--config", "/no/such.toml"].map(OsString::from);
    let error = read(missing.to_vec()).map(drop).unwrap_err();
    assert!(error.to_string().contains("/no/such.toml"));
}

#[test]
fn another_command_takes_of_the_file_what_concerns_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hub.toml");
    fs::write(
        &path,
        "development = true\ndatabase-url = 'postgres://db/serasi'\n",
    )
    .unwrap();
    let typed = ["serasi", "migrate", "--config", path.to_str().unwrap()].map(OsString::from);
    let (cli, _) = read(typed.to_vec()).unwrap();
    assert!(matches!(cli.command, Command::Migrate(_)));
}

/// `SERASI_UPDATE=1 cargo test -p serasi` writes it anew.
#[test]
fn the_page_on_configuration_is_what_the_options_say() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
    if std::env::var_os("SERASI_UPDATE").is_some() {
        fs::write(path, page()).unwrap();
    }
    let written = fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page(),
        "run `serasi configuration > docs/configuration.md`"
    );
    for option in options(SERVE) {
        let help = option.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.len() > 10, "{:?} says nothing", option.get_long());
    }
}
