//! What callers were told, on the disk before they go on: their machines may die as well.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// One line for each answer: the key of what was asked, and what the answer names.
#[derive(Debug)]
pub(crate) struct Ledger {
    path: PathBuf,
    file: Mutex<File>,
}

impl Ledger {
    pub(crate) fn create(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            file: Mutex::new(File::create(path).unwrap()),
        }
    }

    /// Lasts when this returns.
    pub(crate) fn write(&self, key: &str, told: &str) {
        let mut file = self.file.lock().unwrap();
        writeln!(file, "{key}\t{told}").unwrap();
        file.sync_data().unwrap();
    }

    /// What was told under each key; more than one when answers did not agree.
    pub(crate) fn read(&self) -> BTreeMap<String, Vec<String>> {
        let mut read: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for line in std::fs::read_to_string(&self.path).unwrap().lines() {
            let (key, told) = line.split_once('\t').unwrap();
            let answers = read.entry(key.to_owned()).or_default();
            if !answers.iter().any(|answer| answer == told) {
                answers.push(told.to_owned());
            }
        }
        read
    }
}
