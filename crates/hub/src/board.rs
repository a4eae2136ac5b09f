//! The directory board: this replica's snapshot of facilities and places, kept fresh by following the change log. It
//! only proposes; whether a place is really there, the database decides.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, RwLock};

use serasi_domain::directory::Directory;
use serasi_store::directory::{self, Position};
use serasi_store::{Store, StoreError};
use tokio::sync::{Mutex, Notify, watch};

/// The directory at one position of the change log: who keeps the position can have the same directory again.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) directory: Arc<Directory>,
    pub(crate) position: Arc<Position>,
}

#[derive(Debug)]
pub(crate) struct Board {
    current: RwLock<Snapshot>,
    /// One look at a time, or the later one would undo the earlier.
    turn: Mutex<()>,
    asked_for: Notify,
    /// Up to this version it has shown places that were gone.
    wrong_up_to: AtomicI64,
    /// Version of the current directory, for those who act on changes.
    version: watch::Sender<i64>,
}

impl Board {
    /// Reads the whole directory.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        directory::complete_log(store).await?;
        let snapshot = whole(store).await?;
        Ok(Self {
            version: watch::Sender::new(snapshot.directory.version),
            current: RwLock::new(snapshot),
            turn: Mutex::new(()),
            asked_for: Notify::new(),
            wrong_up_to: AtomicI64::new(i64::MIN),
        })
    }

    /// The snapshot as it is now; it never changes under the reader.
    pub(crate) fn snapshot(&self) -> Snapshot {
        self.current
            .read()
            .expect("nobody panics while holding this lock")
            .clone()
    }

    /// Whether it has not been found wrong since it changed.
    pub(crate) fn is_trusted(&self) -> bool {
        *self.version.borrow() > self.wrong_up_to.load(Ordering::Relaxed)
    }

    /// It showed places that were gone.
    pub(crate) fn found_wrong(&self) {
        self.wrong_up_to.store(*self.version.borrow(), Ordering::Relaxed);
    }

    /// Says that something has changed, so that the next look comes at once.
    pub(crate) fn nudge(&self) {
        self.asked_for.notify_one();
    }

    /// Waits for a nudge.
    pub(crate) async fn nudged(&self) {
        self.asked_for.notified().await;
    }

    /// Tells whenever the directory is a new one.
    pub(crate) fn versions(&self) -> watch::Receiver<i64> {
        self.version.subscribe()
    }

    /// Reads what has changed since the last look.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let last = self.snapshot();
        let (position, changes) = directory::read_since(store, &last.position).await?;
        if let Some(directory) = last.directory.with(position.version, changes) {
            self.put(Snapshot {
                directory: Arc::new(directory),
                position: Arc::new(position),
            });
        } else {
            // Nothing is new: the old directory is also that of the new position.
            self.put(Snapshot {
                directory: last.directory,
                position: Arc::new(position),
            });
        }
        Ok(())
    }

    /// Reads everything again: what was changed without the log - places by hand, anything by an earlier release - is
    /// seen here, and logged.
    pub(crate) async fn reload(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let read = whole(store).await?;
        if read.directory.digest() != self.snapshot().directory.digest() {
            let added = directory::complete_log(store).await?;
            tracing::info!(entries = added, "the directory was read again");
            self.put(if added == 0 { read } else { whole(store).await? });
        }
        Ok(())
    }

    fn put(&self, snapshot: Snapshot) {
        let version = snapshot.directory.version;
        *self
            .current
            .write()
            .expect("nobody panics while holding this lock") = snapshot;
        self.version.send_if_modified(|known| {
            let is_new = *known != version;
            *known = version;
            is_new
        });
    }
}

async fn whole(store: &Store) -> Result<Snapshot, StoreError> {
    let (position, changes) = directory::read_all(store).await?;
    let directory = Directory::default()
        .with(position.version, changes)
        .unwrap_or_default();
    Ok(Snapshot {
        directory: Arc::new(directory),
        position: Arc::new(position),
    })
}
