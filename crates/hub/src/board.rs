//! The directory board: this replica's snapshot of facilities and places, kept fresh by polling what changed. It only
//! proposes; whether a place is really there, the database decides.

use std::sync::{Arc, RwLock};

use serasi_domain::directory::Directory;
use serasi_store::{Store, StoreError, directory};
use time::{Duration, OffsetDateTime};
use tokio::sync::{Mutex, Notify, watch};

/// How far a look goes back before the last one: a transaction is stamped with its start and seen at its commit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LookBack {
    /// Nearly every transaction is shorter: for the look after a change.
    Short,
    /// Longer than a transaction of a call may last.
    Long,
    /// Everything: imports may take as long as they need.
    Whole,
}

#[derive(Debug)]
pub(crate) struct Board {
    current: RwLock<Arc<Directory>>,
    /// Database time of the last look. One look at a time, or the later one would undo the earlier.
    read_at: Mutex<OffsetDateTime>,
    changed: Notify,
    /// Version of the snapshot, for those who act when it grows.
    version: watch::Sender<i64>,
}

impl Board {
    /// Reads the whole directory.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let mut connection = store.read().await?;
        let (read_at, changes) =
            directory::changed_since(&mut connection, OffsetDateTime::UNIX_EPOCH).await?;
        let directory = Directory::default().with(changes).unwrap_or_default();
        Ok(Self {
            version: watch::Sender::new(directory.version),
            current: RwLock::new(Arc::new(directory)),
            read_at: Mutex::new(read_at),
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

    /// Tells whenever the snapshot is a new one.
    pub(crate) fn versions(&self) -> watch::Receiver<i64> {
        self.version.subscribe()
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
    pub(crate) async fn refresh(&self, store: &Store, look_back: LookBack) -> Result<(), StoreError> {
        let mut last = self.read_at.lock().await;
        let mut connection = store.read().await?;
        let (read_at, changes) = directory::changed_since(&mut connection, look_back.from(*last)).await?;
        drop(connection);
        if let Some(after) = self.snapshot().with(changes) {
            let version = after.version;
            *self
                .current
                .write()
                .expect("nobody panics while holding this lock") = Arc::new(after);
            self.version.send_replace(version);
        }
        *last = read_at;
        Ok(())
    }
}

impl LookBack {
    fn from(self, last: OffsetDateTime) -> OffsetDateTime {
        match self {
            Self::Short => last - Duration::SECOND,
            Self::Long => last - Duration::seconds(15),
            Self::Whole => OffsetDateTime::UNIX_EPOCH,
        }
    }
}
