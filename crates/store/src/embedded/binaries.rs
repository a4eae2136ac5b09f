//! Where the PostgreSQL server binaries are.

use std::path::{Path, PathBuf};

/// Where Debian and its children keep one folder per major version.
const VERSIONED_DIR: &str = "/usr/lib/postgresql";

/// A folder with `initdb`, `postgres` and `pg_ctl`.
#[derive(Clone, Debug)]
pub(super) struct Binaries(PathBuf);

/// No server binaries were found.
#[derive(Debug, thiserror::Error)]
#[error(
    "no PostgreSQL server binaries ({looked}). Install them (`apt-get install postgresql`), name their folder with \
     --pg-bin, or give a database with DATABASE_URL"
)]
pub struct NoBinaries {
    looked: String,
}

impl Binaries {
    pub(super) fn path(&self, program: &str) -> PathBuf {
        self.0.join(program)
    }
}

/// The named folder; else Debian's folder with the highest major version; else the search path.
pub(super) fn find(bin_dir: Option<&Path>) -> Result<Binaries, NoBinaries> {
    if let Some(dir) = bin_dir {
        return checked(dir.to_owned()).ok_or_else(|| NoBinaries {
            looked: format!("looked in {}", dir.display()),
        });
    }
    let from_path = std::env::var_os("PATH").unwrap_or_default();
    versioned()
        .into_iter()
        .chain(std::env::split_paths(&from_path))
        .find_map(checked)
        .ok_or_else(|| NoBinaries {
            looked: format!("looked in {VERSIONED_DIR}/*/bin and PATH"),
        })
}

/// Another program of PostgreSQL: beside the server's, else in the search path.
#[must_use]
pub fn program(bin_dir: Option<&Path>, name: &str) -> Option<PathBuf> {
    let beside = find(bin_dir).ok().map(|binaries| binaries.path(name));
    let from_path = std::env::var_os("PATH").unwrap_or_default();
    let in_path = std::env::split_paths(&from_path).map(|dir| dir.join(name));
    beside.into_iter().chain(in_path).find(|path| path.is_file())
}

fn checked(dir: PathBuf) -> Option<Binaries> {
    ["initdb", "postgres"]
        .iter()
        .all(|program| dir.join(program).is_file())
        .then_some(Binaries(dir))
}

fn versioned() -> Vec<PathBuf> {
    let mut majors: Vec<u32> = std::fs::read_dir(VERSIONED_DIR)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    majors.sort_unstable_by(|a, b| b.cmp(a));
    majors
        .into_iter()
        .map(|major| Path::new(VERSIONED_DIR).join(major.to_string()).join("bin"))
        .collect()
}
