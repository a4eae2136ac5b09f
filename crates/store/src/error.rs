//! What can go wrong in the store, by what the caller can do about it.

use serasi_domain::id::Regency;

use crate::KeyError;

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database does not answer: safe to retry later.
    #[error("the database is not reachable")]
    Unavailable(#[source] sqlx::Error),
    /// Another transaction got in the way: safe to retry at once.
    #[error("the transaction must be repeated")]
    Conflict(#[source] sqlx::Error),
    /// A named constraint or unique index said no.
    #[error("constraint {0} refused the change")]
    Constraint(String),
    /// A row holds what the code never writes.
    #[error("row {row} of {table} holds an impossible {column}")]
    Impossible {
        table: &'static str,
        column: &'static str,
        row: String,
    },
    /// Sealed bytes cannot be opened: wrong key or altered data.
    #[error("sealed {column} of {table} cannot be opened")]
    Unsealable {
        table: &'static str,
        column: &'static str,
    },
    /// A data key of this region is not in memory: load it (`Store::load_keys`), outside any transaction, and repeat.
    #[error("a data key of region {0} is not in memory")]
    KeyNeeded(Regency),
    /// Keys cannot be had, or are the wrong ones.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A value the database cannot hold, such as a moment before its calendar.
    #[error("a value is outside what can be stored")]
    Value(#[source] sqlx::Error),
    /// A statement took longer than statements may.
    #[error("the database took too long")]
    TooSlow(#[source] sqlx::Error),
    #[error("the database refused a statement")]
    Database(#[source] sqlx::Error),
    #[error("the schema could not be migrated")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

const SERIALIZATION_FAILURE: &str = "40001";
const DEADLOCK: &str = "40P01";
const LOCK_TIMEOUT: &str = "55P03";
const STATEMENT_TIMEOUT: &str = "57014";
/// Class of SQLSTATE for values that are no values.
const DATA_EXCEPTION_CLASS: &str = "22";
/// Classes of SQLSTATE that mean "not now": connection, resources, operator intervention.
const UNAVAILABLE_CLASSES: [&str; 3] = ["08", "53", "57"];

impl StoreError {
    /// For whoever waited for the same transaction as somebody who was told so.
    #[must_use]
    pub const fn unavailable() -> Self {
        Self::Unavailable(sqlx::Error::WorkerCrashed)
    }

    #[must_use]
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// The database's code for what happened. Its text can hold values; the code cannot.
    #[must_use]
    pub fn sqlstate(&self) -> String {
        let source = match self {
            Self::Unavailable(source)
            | Self::Conflict(source)
            | Self::Value(source)
            | Self::TooSlow(source)
            | Self::Database(source) => source,
            Self::Constraint(_)
            | Self::Impossible { .. }
            | Self::Unsealable { .. }
            | Self::KeyNeeded(_)
            | Self::Keys(_)
            | Self::Migration(_) => {
                return String::new();
            }
        };
        source
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code)
            .unwrap_or_default()
            .into_owned()
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let is_away = matches!(
            error,
            sqlx::Error::Io(_)
                | sqlx::Error::Tls(_)
                | sqlx::Error::PoolTimedOut
                | sqlx::Error::PoolClosed
                | sqlx::Error::WorkerCrashed
        );
        if is_away {
            return Self::Unavailable(error);
        }
        let Some(database) = error.as_database_error() else {
            return Self::Database(error);
        };
        let code = database.code().unwrap_or_default();
        if [SERIALIZATION_FAILURE, DEADLOCK, LOCK_TIMEOUT].contains(&code.as_ref()) {
            return Self::Conflict(error);
        }
        if code == STATEMENT_TIMEOUT {
            return Self::TooSlow(error);
        }
        if code
            .get(..2)
            .is_some_and(|class| UNAVAILABLE_CLASSES.contains(&class))
        {
            return Self::Unavailable(error);
        }
        if code.starts_with(DATA_EXCEPTION_CLASS) {
            return Self::Value(error);
        }
        match database.constraint() {
            // Somebody claimed the same key, or activated another policy, at the same moment: seen when the transaction
            // is repeated.
            Some("source_keys_key" | "policies_one_active") => Self::Conflict(error),
            Some(name) => Self::Constraint(name.to_owned()),
            None => Self::Database(error),
        }
    }
}
