//! The part of the command line that makes, lists and rotates keys.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use crate::database_url::DatabaseUrl;
use crate::keys::KeyArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum Keys {
    /// Add a new version to a key file, or make the file. Older versions stay until you take them out.
    Generate(GenerateArgs),
    /// List the data keys: one per region and class.
    List(DatabaseArgs),
    /// Say what keys are in use, what waits for a rotation, and which versions are no longer needed.
    Status(DatabaseArgs),
    /// Replace keys while the hub serves, in small steps; a run that was broken off goes on where it stopped.
    Rotate(RotateArgs),
}

#[derive(Debug, Args)]
pub(crate) struct GenerateArgs {
    /// Key file, of key-encryption keys or of index keys.
    pub(crate) file: PathBuf,
}

/// Which database, and the keys it was sealed with.
#[derive(Debug, Args)]
pub(crate) struct DatabaseArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseUrl,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RotateArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseArgs,
    /// What to rotate [default: all, in this order].
    #[arg(value_enum)]
    pub(crate) what: Vec<Rotation>,
}

/// What can be rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Rotation {
    /// New data keys under the newest key-encryption key; every subject's key is wrapped anew, the old data keys are
    /// destroyed. What the first release sealed gets keys of its own.
    Data,
    /// Data keys that an older version of the key-encryption key wraps are wrapped by the newest.
    Kek,
    /// Everybody is indexed under the newest index key; what older ones made is deleted.
    Index,
}
