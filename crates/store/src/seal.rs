//! Personal data are sealed (AES-256-GCM) before they reach the database and bound to their row, so that bytes copied
//! to another row or column do not open.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom, SystemRandom};
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::{StoreError, private_file};

const KEY_LEN: usize = 32;
/// First byte of everything sealed: the layout, so that a later one can be told apart.
const LAYOUT: u8 = 1;

/// A 256-bit key.
pub struct SealKey([u8; KEY_LEN]);

/// Why a key file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read or write the key file {path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("the key file {0} must hold 64 hexadecimal digits")]
    Form(String),
    #[error("the system gives no randomness")]
    NoRandomness,
}

/// Seals and opens; cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    key: Arc<LessSafeKey>,
    random: SystemRandom,
}

/// What sealed bytes belong to.
#[derive(Clone, Copy)]
pub(crate) struct Seal {
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: Uuid,
}

impl SealKey {
    /// Reads a key of 64 hex digits.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::File {
            path: path.display().to_string(),
            source,
        })?;
        Self::from_hex(text.trim()).ok_or_else(|| KeyError::Form(path.display().to_string()))
    }

    /// Reads the key, or makes one that only its owner can read: for development and the demo.
    pub fn read_or_create(path: &Path) -> Result<Self, KeyError> {
        if path.exists() {
            return Self::read(path);
        }
        let mut bytes = [0; KEY_LEN];
        SystemRandom::new()
            .fill(&mut bytes)
            .map_err(|_| KeyError::NoRandomness)?;
        let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        private_file::create(path, hex.as_bytes()).map_err(|source| KeyError::File {
            path: path.display().to_string(),
            source,
        })?;
        Ok(Self(bytes))
    }

    /// A key for commands that never seal or open anything, such as migrations.
    #[must_use]
    pub const fn unused() -> Self {
        Self([0; KEY_LEN])
    }

    fn from_hex(hex: &str) -> Option<Self> {
        let mut bytes = [0; KEY_LEN];
        if hex.len() != 2 * KEY_LEN || !hex.is_ascii() {
            return None;
        }
        for (position, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(hex.get(2 * position..2 * position + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(redacted)")
    }
}

impl Sealer {
    #[must_use]
    pub fn new(key: &SealKey) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, &key.0).expect("the key has the length of the algorithm");
        Self {
            key: Arc::new(LessSafeKey::new(key)),
            random: SystemRandom::new(),
        }
    }

    /// Layout byte, nonce, ciphertext with tag.
    pub(crate) fn seal<T: Serialize>(&self, seal: Seal, value: &T) -> Vec<u8> {
        let mut nonce = [0; NONCE_LEN];
        self.random
            .fill(&mut nonce)
            .expect("a running system gives randomness");
        let mut content = serde_json::to_vec(value).expect("what is sealed is plain data");
        self.key
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), seal.context(), &mut content)
            .expect("contents are far below the limit of the algorithm");
        let mut sealed = Vec::with_capacity(1 + NONCE_LEN + content.len());
        sealed.push(LAYOUT);
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut content);
        sealed
    }

    pub(crate) fn open<T: DeserializeOwned>(&self, seal: Seal, sealed: &[u8]) -> Result<T, StoreError> {
        self.try_open(seal, sealed).ok_or(StoreError::Unsealable {
            table: seal.table,
            column: seal.column,
        })
    }

    fn try_open<T: DeserializeOwned>(&self, seal: Seal, sealed: &[u8]) -> Option<T> {
        let (layout, rest) = sealed.split_first()?;
        if *layout != LAYOUT {
            return None;
        }
        let (nonce, content) = rest.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut content = content.to_vec();
        let plain = self.key.open_in_place(nonce, seal.context(), &mut content).ok()?;
        serde_json::from_slice(plain).ok()
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer")
    }
}

impl Seal {
    fn context(self) -> Aad<Vec<u8>> {
        Aad::from(format!("{}|{}|{}", self.table, self.column, self.row).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: Seal = Seal {
        table: "persons",
        column: "content",
        row: Uuid::nil(),
    };

    fn sealer() -> Sealer {
        Sealer::new(&SealKey([7; KEY_LEN]))
    }

    #[test]
    fn sealed_bytes_open_only_where_they_belong_and_only_unaltered() {
        let sealed = sealer().seal(ROW, &"3273014107900001");
        assert!(!sealed.windows(4).any(|window| window == b"3273"));
        assert_eq!(sealer().open::<String>(ROW, &sealed).unwrap(), "3273014107900001");

        let elsewhere = Seal {
            row: Uuid::from_u128(1),
            ..ROW
        };
        assert!(sealer().open::<String>(elsewhere, &sealed).is_err());
        let mut altered = sealed.clone();
        *altered.last_mut().unwrap() ^= 1;
        assert!(sealer().open::<String>(ROW, &altered).is_err());
        assert!(sealer().open::<String>(ROW, &sealed[..5]).is_err());
        let other_key = Sealer::new(&SealKey([8; KEY_LEN]));
        assert!(other_key.open::<String>(ROW, &sealed).is_err());
    }

    #[test]
    fn the_same_text_never_seals_to_the_same_bytes() {
        assert_ne!(sealer().seal(ROW, &"a"), sealer().seal(ROW, &"a"));
    }

    #[test]
    fn a_key_file_is_made_once_and_read_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seal.key");
        let first = SealKey::read_or_create(&path).unwrap();
        assert_eq!(SealKey::read_or_create(&path).unwrap().0, first.0);
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&path, "short").unwrap();
        assert!(matches!(SealKey::read(&path), Err(KeyError::Form(_))));
    }
}
