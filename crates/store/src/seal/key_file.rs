//! Files of keys: one line a version, `VERSION` and 64 hex digits; a line with the digits alone is version 1, and lines
//! that begin with `#` are remarks. Whoever has such a file can open what it keeps shut.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use ring::rand::SystemRandom;

use super::KeyError;
use super::secret::Secret;
use crate::private_file;

/// A remark that a hub writes into the files it makes for development; production refuses them.
const DEVELOPMENT: &str = "# development only: production refuses this file";

/// The versions of one key.
#[derive(Clone, Debug)]
pub struct KeyFile {
    path: PathBuf,
    keys: BTreeMap<u32, Secret>,
    is_development: bool,
}

impl KeyFile {
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path)
            .map(zeroize::Zeroizing::new)
            .map_err(file_error(path))?;
        let mut keys = BTreeMap::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let wrong = |what| KeyError::Form {
                path: path.display().to_string(),
                line,
                what,
            };
            let (version, hex) = text.split_once(char::is_whitespace).unwrap_or(("1", text));
            let version: u32 = version
                .parse()
                .ok()
                .filter(|version| *version > 0 && i32::try_from(*version).is_ok())
                .ok_or_else(|| wrong("must begin with a version from 1 on"))?;
            let key = Secret::from_hex(hex.trim()).ok_or_else(|| wrong("must hold 64 hexadecimal digits"))?;
            if keys.insert(version, key).is_some() {
                return Err(wrong("repeats a version"));
            }
        }
        if keys.is_empty() {
            return Err(KeyError::Form {
                path: path.display().to_string(),
                line: 1,
                what: "must hold 64 hexadecimal digits",
            });
        }
        Ok(Self {
            path: path.to_owned(),
            keys,
            is_development: text.lines().any(|line| line.trim() == DEVELOPMENT),
        })
    }

    /// Reads the file, or makes one that only its owner can read: for development and the demo.
    pub fn read_or_create(path: &Path) -> Result<Self, KeyError> {
        if !path.exists() {
            let key = Secret::random(&SystemRandom::new())?;
            let text = zeroize::Zeroizing::new(format!("{DEVELOPMENT}\n1 {}\n", *key.to_hex()));
            private_file::create(path, text.as_bytes()).map_err(file_error(path))?;
        }
        Self::read(path)
    }

    /// Adds a new version, in a new file if there is none; says which. Older versions stay.
    pub fn add_version(path: &Path) -> Result<u32, KeyError> {
        let key = Secret::random(&SystemRandom::new())?;
        if !path.exists() {
            let line = zeroize::Zeroizing::new(format!("1 {}\n", *key.to_hex()));
            private_file::create(path, line.as_bytes()).map_err(file_error(path))?;
            return Ok(1);
        }
        let version = Self::read(path)?.newest() + 1;
        // The last line may have no end.
        let line = zeroize::Zeroizing::new(format!("\n{version} {}\n", *key.to_hex()));
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(path)
            .map_err(file_error(path))?;
        file.write_all(line.as_bytes())
            .and_then(|()| file.sync_all())
            .map_err(file_error(path))?;
        Ok(version)
    }

    /// For production: a file that a hub made for development lies beside the data it should protect.
    pub fn not_for_development(self) -> Result<Self, KeyError> {
        if self.is_development {
            return Err(KeyError::Development(self.path.display().to_string()));
        }
        Ok(self)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn newest(&self) -> u32 {
        self.keys.last_key_value().map_or(0, |(version, _)| *version)
    }

    pub(super) fn get(&self, version: u32) -> Option<&Secret> {
        self.keys.get(&version)
    }

    pub(super) fn versions(&self) -> impl Iterator<Item = (u32, &Secret)> {
        self.keys.iter().map(|(version, key)| (*version, key))
    }
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> KeyError + use<> {
    let path = path.display().to_string();
    move |source| KeyError::File { path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_development_file_is_made_once_for_its_owner_only_and_production_refuses_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let first = KeyFile::read_or_create(&path).unwrap();
        let second = KeyFile::read_or_create(&path).unwrap();
        assert_eq!(first.get(1).unwrap().bytes(), second.get(1).unwrap().bytes());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(
            first.not_for_development(),
            Err(KeyError::Development(_))
        ));
    }

    #[test]
    fn versions_are_added_and_the_older_ones_stay() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        std::fs::write(&path, "ab".repeat(32)).unwrap();
        let old = KeyFile::read(&path).unwrap();
        assert_eq!(KeyFile::add_version(&path).unwrap(), 2);
        let new = KeyFile::read(&path).unwrap();
        assert_eq!((old.newest(), new.newest()), (1, 2));
        assert_eq!(old.get(1).unwrap().bytes(), new.get(1).unwrap().bytes());
        assert!(new.not_for_development().is_ok());
        let other = folder.path().join("other");
        assert_eq!(KeyFile::add_version(&other).unwrap(), 1);
        assert_eq!(other.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_line_and_never_shows_the_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("kek");
        let good = "ab".repeat(32);
        for (text, line) in [
            (String::new(), 1),
            ("short".to_owned(), 1),
            (format!("# remark\n1 {good}\n0 {good}"), 3),
            (format!("1 {good}\n\n1 {good}"), 3),
            (format!("{good}\nzwei {good}"), 2),
        ] {
            std::fs::write(&path, &text).unwrap();
            let error = KeyFile::read(&path).unwrap_err();
            let KeyError::Form { line: told, .. } = &error else {
                panic!("{error}")
            };
            assert_eq!(*told, line, "{text}");
            assert!(!error.to_string().contains("abab"));
        }
    }
}
