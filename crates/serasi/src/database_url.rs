//! Where the database is: an address, or a file that holds one, for those who keep secrets in files only.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::host::{HostError, file_error};

/// Which database.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct DatabaseUrl {
    /// PostgreSQL 15 or later, as postgres://...; without it `serve` runs a private one in the data directory.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    database_url: Option<String>,
    /// File that holds that address, with its password: not among the arguments or in the environment of the process.
    #[arg(
        long,
        env = "SERASI_DATABASE_URL_FILE",
        value_name = "FILE",
        conflicts_with = "database_url"
    )]
    database_url_file: Option<PathBuf>,
}

impl DatabaseUrl {
    /// `None` = nobody has named one.
    pub(crate) fn named(&self) -> Result<Option<String>, HostError> {
        named(self.database_url.as_deref(), self.database_url_file.as_deref())
    }

    /// For a command that needs one.
    pub(crate) fn required(&self) -> Result<String, HostError> {
        self.named()?.ok_or(HostError::DatabaseRequired)
    }
}

/// An address that holds a secret, or the one in a file.
pub(crate) fn named(url: Option<&str>, file: Option<&Path>) -> Result<Option<String>, HostError> {
    let Some(file) = file else {
        return Ok(url.map(str::to_owned));
    };
    let text = std::fs::read_to_string(file).map_err(file_error("cannot read", file))?;
    Ok(Some(text.trim().to_owned()))
}
