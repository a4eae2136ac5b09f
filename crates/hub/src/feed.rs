//! The feed: this replica reads every new event once, for all who watch, and keeps the last ones in a ring. It follows
//! database snapshots, so a transaction that commits late is read late and never left out.
//!
//! Nobody waits for a slow watcher: one whom the ring overtakes is cut off, and reads on from the database.

use std::sync::{Arc, RwLock};

use serasi_store::events::{self, Entry, Selection, Snapshot, Span, What};
use serasi_store::{Store, StoreError};
use tokio::sync::{Mutex, Notify, Semaphore, broadcast};

/// Events in one batch of the ring.
const BATCH: usize = 256;
/// Watchers that read from the database at the same time; the others wait for their page.
const READERS: usize = 4;

/// New events, in order.
#[derive(Debug)]
pub(crate) struct Batch {
    /// The snapshot that sees them.
    pub(crate) to: Snapshot,
    /// With them, everything it sees has been told.
    pub(crate) is_last: bool,
    pub(crate) entries: Vec<Entry>,
}

#[derive(Debug)]
pub(crate) struct Feed {
    ring: broadcast::Sender<Arc<Batch>>,
    /// Everything it sees is in the ring, or was.
    position: RwLock<Snapshot>,
    /// One look at a time; and nobody begins to listen in the middle of one.
    turn: Mutex<()>,
    asked_for: Notify,
    pub(crate) readers: Semaphore,
}

impl Feed {
    /// A feed from now on, whose ring keeps `batches`.
    pub(crate) async fn start(store: &Store, batches: usize) -> Result<Self, StoreError> {
        let mut connection = store.read().await?;
        Ok(Self {
            ring: broadcast::Sender::new(batches),
            position: RwLock::new(events::now(&mut connection).await?),
            turn: Mutex::new(()),
            asked_for: Notify::new(),
            readers: Semaphore::new(READERS),
        })
    }

    /// Says that something has happened, so that the next look comes at once.
    pub(crate) fn nudge(&self) {
        self.asked_for.notify_one();
    }

    /// Waits for a nudge.
    pub(crate) async fn nudged(&self) {
        self.asked_for.notified().await;
    }

    /// Everything it sees has been put into the ring.
    pub(crate) fn position(&self) -> Snapshot {
        self.position
            .read()
            .expect("nobody panics while holding this lock")
            .clone()
    }

    /// What comes after the position that is given back.
    pub(crate) async fn listen(&self) -> (broadcast::Receiver<Arc<Batch>>, Snapshot) {
        let _turn = self.turn.lock().await;
        (self.ring.subscribe(), self.position())
    }

    /// Puts what has happened since the last look into the ring. After a failure the next look begins where this one
    /// did; who has had some of it already leaves that out.
    pub(crate) async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let mut connection = store.read().await?;
        let span = Span {
            from: self.position(),
            to: events::now(&mut connection).await?,
        };
        let mut after = None;
        loop {
            let page = events::page(&mut connection, Selection::All, &span, after, BATCH).await?;
            after = page.entries.last().map(|entry| entry.position);
            if !page.entries.is_empty() {
                let batch = Batch {
                    to: span.to.clone(),
                    is_last: page.is_last,
                    entries: page.entries.into_iter().map(without_payload).collect(),
                };
                // Nobody listens: then nobody misses it.
                drop(self.ring.send(Arc::new(batch)));
            }
            if page.is_last {
                break;
            }
        }
        *self
            .position
            .write()
            .expect("nobody panics while holding this lock") = span.to;
        Ok(())
    }
}

/// Watchers are told the state; the rest would only fill the ring.
fn without_payload(mut entry: Entry) -> Entry {
    match &mut entry.what {
        What::Told(told) => told.payload = serde_json::Value::Null,
        What::Pool(_, _) => {}
    }
    entry
}
