//! The page on every option of a hub, made of the options themselves: `serasi configuration` prints it, and
//! `docs/configuration.md` is that.

use clap::Arg;

use super::{SERVE, options};

const HEAD: &str = "\
# Configuration of a hub

Made by `serasi configuration > docs/configuration.md`; do not edit.

Every option of `serasi serve` can be given as a flag, in the environment, or in a TOML file named by `--config FILE` or
`SERASI_CONFIG`. A flag comes before the environment, and that before the file. `serasi migrate` and `serasi doctor` read the
same file and take what concerns them. A key that does not exist is refused. At its start a hub logs what is
set, and by what; secrets are not shown.

Secrets - keys, the vault's token - are files, and only their paths stand in the configuration. `database-url` and `nats` may
hold a password: leave it to `PGPASSFILE`, or keep the file from other eyes.

| key | environment | default | meaning |
|---|---|---|---|
";

/// The page, in Markdown.
pub(crate) fn page() -> String {
    let rows = options(SERVE).into_iter().map(|option| row(&option));
    format!("{HEAD}{}", rows.collect::<String>())
}

fn row(option: &Arg) -> String {
    let long = option.get_long().unwrap_or_default();
    let key = match option.get_value_names().and_then(<[_]>::first) {
        Some(value) if option.get_action().takes_values() => format!("`{long}` = {value}"),
        Some(_) | None => format!("`{long}` = true"),
    };
    let environment = option
        .get_env()
        .map(|name| format!("`{}`", name.to_string_lossy()));
    let defaults = option.get_default_values().iter();
    let default = defaults
        .map(|value| value.to_string_lossy())
        .collect::<Vec<_>>()
        .join(",");
    let help = option.get_long_help().or_else(|| option.get_help());
    let meaning = help.map(ToString::to_string).unwrap_or_default();
    format!(
        "| {} | {} | {} | {} |\n",
        cell(&key),
        environment.unwrap_or_default(),
        if default.is_empty() || !option.get_action().takes_values() {
            String::new()
        } else {
            format!("`{default}`")
        },
        cell(&meaning)
    )
}

fn cell(text: &str) -> String {
    text.replace('\n', " ").replace('|', "\\|")
}
