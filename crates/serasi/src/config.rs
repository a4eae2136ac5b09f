//! The configuration of a hub: one set of typed options, each settable by flag, by environment and by file, in this order
//! of precedence. The file is TOML whose keys are the long names of the options of `serasi serve`; what it says is read as
//! if it had been typed, so that there is one check of values and one `--help`.

mod page;
mod shown;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, value_parser};
use toml::{Table, Value};

use crate::cli::Cli;

pub(crate) use page::page;
pub(crate) use shown::Shown;

/// Option that names the file.
const CONFIG: &str = "config";
/// The command whose options the file may set; the others take those that they share with it.
const SERVE: &str = "serve";
/// Commands that read the file.
const READERS: [&str; 3] = [SERVE, "migrate", "doctor"];

/// Why a configuration file does not count.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: std::io::Error },
    #[error("{} is not TOML: {source}", path.display())]
    NotToml {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{}: {}", path.display(), faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n  "))]
    Faults { path: PathBuf, faults: Vec<Fault> },
    #[error("{source}\nThe command line, the environment and {} were read together.", path.display())]
    Refused { path: PathBuf, source: Box<clap::Error> },
}

/// What is wrong with one key. Its value is not repeated: it may be a secret.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Unknown { key: String, like: Option<String> },
    NotAValue { key: String },
    NotASwitch { key: String },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown {
                key,
                like: Some(like),
            } => {
                write!(f, "there is no option `{key}`; is `{like}` meant?")
            }
            Self::Unknown { key, like: None } => {
                write!(f, "there is no option `{key}`; `serasi serve --help` names all")
            }
            Self::NotAValue { key } => write!(f, "`{key}` must be a text, a number, true or false"),
            Self::NotASwitch { key } => write!(f, "`{key}` is a switch: true or false"),
        }
    }
}

/// The command line, with what the configuration file adds to it; and where each option of it comes from.
pub(crate) fn read(arguments: Vec<OsString>) -> Result<(Cli, Shown), ConfigError> {
    let typed = command().ignore_errors(true).get_matches_from(arguments.clone());
    let named = typed.subcommand().and_then(|(name, matches)| {
        let path = matches.try_get_one::<PathBuf>(CONFIG).ok().flatten()?;
        Some((name.to_owned(), matches.clone(), path.clone()))
    });
    let Some((name, typed, path)) = named else {
        let matches = command().get_matches_from(arguments);
        return Ok(parsed(&matches, &BTreeSet::new()).unwrap_or_else(|error| error.exit()));
    };
    let text = std::fs::read_to_string(&path).map_err(|source| ConfigError::Unreadable {
        path: path.clone(),
        source,
    })?;
    let table: Table = toml::from_str(&text).map_err(|source| ConfigError::NotToml {
        path: path.clone(),
        source: Box::new(source),
    })?;
    let (added, keys) = added(&name, &typed, &table).map_err(|faults| ConfigError::Faults {
        path: path.clone(),
        faults,
    })?;
    let all = arguments.into_iter().chain(added.into_iter().map(OsString::from));
    let matches = command().try_get_matches_from(all);
    let refused = |source| ConfigError::Refused {
        path: path.clone(),
        source: Box::new(source),
    };
    parsed(&matches.map_err(refused)?, &keys).map_err(refused)
}

/// The command line with the option that names the file.
fn command() -> Command {
    let config = || {
        Arg::new(CONFIG)
            .long(CONFIG)
            .env("SERASI_CONFIG")
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .help("TOML file with options of `serasi serve`, for those that neither a flag nor the environment sets")
    };
    let cli = Cli::command();
    READERS.into_iter().fold(cli, |cli, name| {
        cli.mut_subcommand(name, |reader| reader.arg(config()))
    })
}

fn parsed(matches: &ArgMatches, from_file: &BTreeSet<String>) -> Result<(Cli, Shown), clap::Error> {
    Ok((Cli::from_arg_matches(matches)?, Shown::of(matches, from_file)))
}

/// Options as they would have been typed, for those keys of `table` that neither the command line nor the environment
/// sets; and their names.
fn added(
    command: &str,
    typed: &ArgMatches,
    table: &Table,
) -> Result<(Vec<String>, BTreeSet<String>), Vec<Fault>> {
    let (all, own) = (options(SERVE), options(command));
    let mut faults = vec![];
    let mut added = vec![];
    let mut keys = BTreeSet::new();
    for (key, value) in table {
        let Some(option) = all.iter().find(|option| option.get_long() == Some(key)) else {
            faults.push(Fault::Unknown {
                key: key.clone(),
                like: nearest(key, &all),
            });
            continue;
        };
        let written = match written(key, option, value) {
            Ok(written) => written,
            Err(fault) => {
                faults.push(fault);
                continue;
            }
        };
        let is_own = own.iter().any(|own| own.get_long() == Some(key));
        let is_set = is_own
            && matches!(
                typed.value_source(option.get_id().as_str()),
                Some(ValueSource::CommandLine | ValueSource::EnvVariable)
            );
        if is_own && !is_set {
            added.extend(written);
            keys.insert(key.clone());
        }
    }
    if faults.is_empty() {
        Ok((added, keys))
    } else {
        Err(faults)
    }
}

/// A key as an option would be typed; nothing for a switch that is off.
fn written(key: &str, option: &Arg, value: &Value) -> Result<Option<String>, Fault> {
    let takes_value = option.get_action().takes_values();
    let text = match value {
        Value::Boolean(on) if !takes_value => return Ok(on.then(|| format!("--{key}"))),
        _ if !takes_value => return Err(Fault::NotASwitch { key: key.to_owned() }),
        Value::String(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Boolean(_) | Value::Float(_) | Value::Datetime(_) | Value::Array(_) | Value::Table(_) => {
            return Err(Fault::NotAValue { key: key.to_owned() });
        }
    };
    Ok(Some(format!("--{key}={text}")))
}

/// Options of a command that a file may set.
fn options(command: &str) -> Vec<Arg> {
    let cli = Cli::command();
    let found = cli.get_subcommands().find(|sub| sub.get_name() == command);
    let own = found.into_iter().flat_map(Command::get_arguments);
    own.filter(|option| option.get_long().is_some())
        .cloned()
        .collect()
}

fn nearest(key: &str, options: &[Arg]) -> Option<String> {
    let likeness = |long: &str| strsim::jaro_winkler(key, long);
    let longs = options.iter().filter_map(Arg::get_long);
    let best = longs.max_by(|left, right| likeness(left).total_cmp(&likeness(right)))?;
    (likeness(best) > 0.8).then(|| best.to_owned())
}

#[cfg(test)]
mod tests;
