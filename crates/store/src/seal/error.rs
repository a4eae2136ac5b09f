//! What can be wrong with keys, and what to do about it. Never shows a key or a token.

/// Why keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    #[error("cannot read or write the key file {path}: {source}")]
    File { path: String, source: std::io::Error },
    #[error("line {line} of the key file {path} {what}; a line is `VERSION` and 64 hexadecimal digits")]
    Form {
        path: String,
        line: u32,
        what: &'static str,
    },
    #[error("the system gives no randomness")]
    NoRandomness,
    #[error(
        "{0} was made for development and lies beside the data; make one with `serasi keys generate FILE`"
    )]
    Development(String),
    #[error(
        "{kek} (version {version}) does not open the data keys of this database; name the key-encryption key they \
         were wrapped with"
    )]
    WrongKek { kek: String, version: i32 },
    #[error("{path} lacks version {version}, which wraps data keys of this database; put it back")]
    UnknownVersion { path: String, version: u32 },
    #[error("data keys of this database are wrapped by `{0}`; name that key-encryption key too")]
    UnknownKek(String),
    #[error("version 1 of the key file does not open what the first release sealed; name the file it used")]
    WrongOldKey,
    #[error(
        "version {0} of the index key file is not the key this database was indexed with; nobody would be found"
    )]
    WrongIndexKey(i32),
    #[error("the index key file lacks version {0}, which this database is indexed with; put it back")]
    IndexKeyMissing(i32),
    #[error("no key-encryption key is named")]
    NoKek,
    #[error("{address}: {what}")]
    VaultAddress { address: String, what: &'static str },
    #[error("{0} holds no usable certificate")]
    Certificates(String),
    #[error("{kek} does not answer: {why}")]
    VaultAway { kek: String, why: &'static str },
    #[error("{kek} refused (HTTP {status}); check the token, its policy, and that the key exists")]
    VaultRefused { kek: String, status: u16 },
}

impl KeyError {
    /// Whether the same may work a moment later.
    #[must_use]
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::VaultAway { .. })
    }
}
