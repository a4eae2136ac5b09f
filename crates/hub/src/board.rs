//! The directory board: this replica's snapshot of facilities and places, kept fresh by polling what changed. It only
//! proposes; whether a place is really there, the database decides.

use std::sync::{Arc, RwLock};

use serasi_domain::directory::Directory;
use serasi_store::{Store, StoreError, directory};
use time::{Duration, OffsetDateTime};
use tokio::sync::Notify;

/// A transaction is cut off after 10 s of statement or idling: looking back further misses nobody who commits late.
const LOOK_BACK: Duration = Duration::seconds(15);

#[derive(Debug)]
pub(crate) struct Board {
    current: RwLock<Arc<Directory>>,
    /// Database time of the last look.
    read_at: RwLock<OffsetDateTime>,
    changed: Notify,
}

impl Board {
    /// Reads the whole directory.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut connection = store.read().await?;
        let changes = directory::changed_since(&mut connection, OffsetDateTime::UNIX_EPOCH).await?;
        let entries = changes.entries.into_iter().map(Arc::new).collect();
        Ok(Self {
            current: RwLock::new(Arc::new(Directory::new(1, entries))),
            read_at: RwLock::new(changes.read_at),
            changed: Notify::new(),
        })
    }

    /// The snapshot as it is now; it never changes under the reader.
    pub(crate) fn snapshot(&self) -> Arc<Directory> {
        Arc::clone(
            &self
                .current
                .read()
                .expect("nobody panics while holding this lock"),
        )
    }

    /// Says that something has changed, so that the next poll comes at once.
    pub(crate) fn nudge(&self) {
        self.changed.notify_one();
    }

    /// Waits for a nudge.
    pub(crate) async fn nudged(&self) {
        self.changed.notified().await;
    }

    /// Reads what changed since the last look.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let last = *self
            .read_at
            .read()
            .expect("nobody panics while holding this lock");
        let mut connection = store.read().await?;
        let changes = directory::changed_since(&mut connection, last - LOOK_BACK).await?;
        drop(connection);
        let before = self.snapshot();
        let after = before.with_changes(changes.entries);
        if let Some(after) = after {
            *self
                .current
                .write()
                .expect("nobody panics while holding this lock") = Arc::new(after);
        }
        *self
            .read_at
            .write()
            .expect("nobody panics while holding this lock") = changes.read_at;
        Ok(())
    }
}
