//! Key-encryption keys: they wrap data keys and never meet anything else. Today's two kinds are a file of keys and the
//! Transit engine of HashiCorp Vault or OpenBao, in which the key never leaves the vault.

use std::sync::RwLock;

use ring::rand::SystemRandom;

use super::KeyError;
use super::key_file::KeyFile;
use super::secret::Secret;
use super::transit::Transit;

/// Wraps data keys.
#[derive(Debug)]
pub enum Kek {
    File(FileKek),
    Transit(Box<Transit>),
}

/// The versions in a file, which is read again when an unknown one is met.
#[derive(Debug)]
pub struct FileKek(RwLock<KeyFile>);

/// A data key as the database keeps it.
pub(super) struct Wrapped {
    pub(super) kek_id: String,
    pub(super) kek_version: i32,
    pub(super) bytes: Vec<u8>,
}

/// `kek_id` of every file: which file it was shows when it opens nothing.
const FILE: &str = "file";

impl From<KeyFile> for Kek {
    fn from(file: KeyFile) -> Self {
        Self::File(FileKek(RwLock::new(file)))
    }
}

impl From<Transit> for Kek {
    fn from(transit: Transit) -> Self {
        Self::Transit(Box::new(transit))
    }
}

impl Kek {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::File(_) => FILE,
            Self::Transit(transit) => transit.id(),
        }
    }

    /// The version that wraps from now on.
    pub(super) async fn newest(&self) -> Result<i32, KeyError> {
        match self {
            Self::File(file) => Ok(file.newest()),
            Self::Transit(transit) => transit.newest().await,
        }
    }

    /// `context` says what the key is for; it opens in no other.
    pub(super) async fn wrap(
        &self,
        random: &SystemRandom,
        context: &str,
        key: &Secret,
    ) -> Result<Wrapped, KeyError> {
        let (kek_version, bytes) = match self {
            Self::File(file) => file.wrap(random, context, key),
            Self::Transit(transit) => transit.wrap(context, key).await?,
        };
        Ok(Wrapped {
            kek_id: self.id().to_owned(),
            kek_version,
            bytes,
        })
    }

    pub(super) async fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<Secret, KeyError> {
        match self {
            Self::File(file) => file.unwrap(context, wrapped),
            Self::Transit(transit) => transit.unwrap(context, wrapped).await,
        }
    }
}

fn version_of(file: &KeyFile) -> i32 {
    i32::try_from(file.newest()).unwrap_or(i32::MAX)
}

impl FileKek {
    fn newest(&self) -> i32 {
        self.read(version_of)
    }

    fn wrap(&self, random: &SystemRandom, context: &str, key: &Secret) -> (i32, Vec<u8>) {
        // One look: between two, another call may read the file again and find a newer key in it.
        self.read(|file| {
            let newest = file.get(file.newest()).expect("a key file has a key");
            let sealed = newest.seal(random, context, key.bytes().to_vec());
            (version_of(file), sealed)
        })
    }

    fn unwrap(&self, context: &str, wrapped: &Wrapped) -> Result<Secret, KeyError> {
        let version = wrapped.kek_version.unsigned_abs();
        if self.read(|file| file.get(version).is_none()) {
            let path = self.read(|file| file.path().to_owned());
            let again = KeyFile::read(&path)?;
            *self.0.write().expect("nobody panics while holding this lock") = again;
        }
        self.read(|file| {
            let kek = file.get(version).ok_or_else(|| KeyError::UnknownVersion {
                path: file.path().display().to_string(),
                version,
            })?;
            kek.open(context, &wrapped.bytes)
                .and_then(|bytes| Secret::from_slice(&bytes))
                .ok_or_else(|| KeyError::WrongKek {
                    kek: file.path().display().to_string(),
                    version: wrapped.kek_version,
                })
        })
    }

    fn read<T>(&self, look: impl FnOnce(&KeyFile) -> T) -> T {
        look(&self.0.read().expect("nobody panics while holding this lock"))
    }
}
