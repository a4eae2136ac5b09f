//! What a hub runs with, for its log: every option that is not at its default, where it comes from, and no secret.

use std::collections::BTreeSet;
use std::fmt;

use clap::ArgMatches;
use clap::parser::ValueSource;

use super::options;

/// Options that somebody has set.
#[derive(Debug, Default)]
pub(crate) struct Shown(Vec<Set>);

#[derive(Debug)]
struct Set {
    name: String,
    /// `None` = a secret.
    value: Option<String>,
    source: Source,
}

#[derive(Clone, Copy, Debug)]
enum Source {
    Flag,
    Environment,
    File,
}

impl Shown {
    /// The options of the command that `matches` hold; `from_file` names those that the file has set.
    pub(super) fn of(matches: &ArgMatches, from_file: &BTreeSet<String>) -> Self {
        let Some((command, matches)) = matches.subcommand() else {
            return Self::default();
        };
        let set = options(command).into_iter().filter_map(|option| {
            let (id, name) = (option.get_id().as_str(), option.get_long()?.to_owned());
            let source = match matches.value_source(id)? {
                ValueSource::CommandLine if from_file.contains(&name) => Source::File,
                ValueSource::CommandLine => Source::Flag,
                ValueSource::EnvVariable => Source::Environment,
                _ => return None,
            };
            let raw = matches.get_raw(id).into_iter().flatten();
            let value = raw.map(|raw| raw.to_string_lossy()).collect::<Vec<_>>().join(",");
            Some(Set {
                name,
                value: (!option.is_hide_env_values_set()).then_some(value),
                source,
            })
        });
        Self(set.collect())
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, set) in self.0.iter().enumerate() {
            let before = if at == 0 { "" } else { "; " };
            let value = set.value.as_deref().unwrap_or("(not shown)");
            let source = match set.source {
                Source::Flag => "flag",
                Source::Environment => "environment",
                Source::File => "file",
            };
            write!(f, "{before}{} = {value} ({source})", set.name)?;
        }
        Ok(())
    }
}
