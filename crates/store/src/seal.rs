//! Personal data are sealed (AES-256-GCM) before they reach the database and bound to their cell, so that bytes copied
//! to another row or column do not open. Every subject has keys of its own, wrapped by the data key of its region and
//! class, which a key-encryption key outside the database wraps: whoever destroys a subject's key has erased it.

use std::fmt;
use std::sync::Arc;

use ring::rand::SystemRandom;
use serasi_domain::id::Regency;
use serasi_domain::privacy::DataClass;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::StoreError;

mod cache;
mod data_keys;
mod error;
mod index_keys;
mod kek;
mod key_file;
mod secret;
mod subject;
mod transit;

pub use data_keys::DataKeyRow;
pub(crate) use data_keys::{insert as insert_data_key, rewrapped as data_key_rewrapped};
pub use error::KeyError;
pub use index_keys::IndexKeys;
pub use kek::Kek;
pub use key_file::KeyFile;
pub use transit::{Transit, TransitSettings};

pub(crate) use index_keys::BlindIndex;
pub(crate) use subject::{KeptKey, NewKey, SubjectKey};

use cache::Cache;
use secret::Secret;

/// The first release sealed with one key for all; such bytes begin with this.
pub(crate) const OLD_LAYOUT: u8 = 1;
/// Layout, id of the subject's key, nonce, ciphertext with tag.
const LAYOUT: u8 = 2;

/// Seals and opens; cheap to clone.
#[derive(Clone)]
pub struct Sealer(Arc<Inner>);

struct Inner {
    /// The first wraps; the others open what they wrapped before.
    keks: Vec<Kek>,
    /// Opens the old layout.
    old_key: Option<Secret>,
    index: IndexKeys,
    random: SystemRandom,
    cache: Cache,
    /// One look at the database at a time.
    loading: tokio::sync::Mutex<()>,
}

/// Where sealed bytes stand, and whose they are.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: Uuid,
    pub(crate) home: Regency,
    /// A person or a case.
    pub(crate) subject: Uuid,
    pub(crate) class: DataClass,
}

/// Sealed data, or what is left of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept<T> {
    There(T),
    /// The key was destroyed when the time of the data was over.
    Erased,
}

impl<T> Kept<T> {
    /// The data, if they are there.
    pub fn there(self) -> Option<T> {
        match self {
            Self::There(data) => Some(data),
            Self::Erased => None,
        }
    }
}

impl Sealer {
    /// `keks`: the first wraps new data keys, the others open what they wrapped before. `old_layout` is the file whose
    /// version 1 was the one key of the first release.
    #[must_use]
    pub fn new(keks: Vec<Kek>, index: IndexKeys, old_layout: Option<&KeyFile>) -> Self {
        Self(Arc::new(Inner {
            keks,
            old_key: old_layout.and_then(|file| file.get(1)).cloned(),
            index,
            random: SystemRandom::new(),
            cache: Cache::default(),
            loading: tokio::sync::Mutex::new(()),
        }))
    }

    /// For commands that neither seal nor open anything, such as migrations.
    #[must_use]
    pub fn none() -> Self {
        Self::new(vec![], IndexKeys::none(), None)
    }

    pub(crate) fn index(&self) -> &IndexKeys {
        &self.0.index
    }

    /// Seals for a cell, with a key of its subject.
    pub(crate) fn seal<T: Serialize>(&self, cell: Cell, key: &SubjectKey, value: &T) -> Vec<u8> {
        let plain = serde_json::to_vec(value).expect("what is sealed is plain data");
        let content = key.secret.seal(&self.0.random, &cell.context(key.id), plain);
        let mut sealed = Vec::with_capacity(1 + 16 + content.len());
        sealed.push(LAYOUT);
        sealed.extend_from_slice(key.id.as_bytes());
        sealed.extend_from_slice(&content);
        sealed
    }

    /// Opens a cell of either layout. `key` is the row of the subject's key, if it has one.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        cell: Cell,
        key: Option<&KeptKey>,
        sealed: &[u8],
    ) -> Result<Kept<T>, StoreError> {
        let unsealable = || StoreError::Unsealable {
            table: cell.table,
            column: cell.column,
        };
        let Some((layout, rest)) = sealed.split_first() else {
            return Ok(Kept::Erased);
        };
        let plain = match *layout {
            OLD_LAYOUT => {
                let old_key = self.0.old_key.as_ref().ok_or_else(unsealable)?;
                old_key.open(&cell.old_context(), rest)
            }
            LAYOUT => {
                let Some(key) = key.ok_or_else(unsealable)?.there() else {
                    return Ok(Kept::Erased);
                };
                let key = self.subject_key(cell.home, cell.subject, cell.class, key)?;
                rest.strip_prefix(key.id.as_bytes())
                    .and_then(|content| key.secret.open(&cell.context(key.id), content))
            }
            _ => None,
        };
        let value = serde_json::from_slice(&plain.ok_or_else(unsealable)?).map_err(|_| unsealable())?;
        Ok(Kept::There(value))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Cell {
    fn context(self, key: Uuid) -> String {
        let Self {
            table, column, row, ..
        } = self;
        format!("{table}|{column}|{row}|{key}|{LAYOUT}")
    }

    fn old_context(self) -> String {
        let Self {
            table, column, row, ..
        } = self;
        format!("{table}|{column}|{row}")
    }
}

#[cfg(test)]
mod tests;
