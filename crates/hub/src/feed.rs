//! The feed: this replica reads every new event once, for all who watch, and keeps the last ones in a ring. It follows
//! database snapshots, so a transaction that commits late is read late and never left out.
//!
//! Nobody waits for a slow watcher: one whom the ring overtakes is cut off, and reads on from the database.

use std::sync::{Arc, RwLock};

use serasi_store::events::{self, Entry, Horizon, Page, Selection, Snapshot, Span, What};
use serasi_store::{Context, Store, StoreError};
use serde_json::value::RawValue;
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, broadcast};

use crate::error::HubError;

/// Events in one batch of the ring.
const BATCH: usize = 256;
/// Events read from the database at a time for one watcher.
const PAGE: usize = 100;
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
    readers: Arc<Semaphore>,
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
            readers: Arc::new(Semaphore::new(READERS)),
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
        let mut connection = store.begin(Context::Work).await?;
        let span = Span {
            from: self.position(),
            to: events::now(&mut connection).await?,
        };
        let mut after = None;
        loop {
            let page = events::page(&mut connection, Selection::All, &span, after, BATCH).await?;
            after = page.entries.last().map(|entry| entry.position);
            if !page.entries.is_empty() {
                page.entries.iter().for_each(count_offer);
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
        connection.commit().await.map_err(StoreError::from)?;
        *self
            .position
            .write()
            .expect("nobody panics while holding this lock") = span.to;
        Ok(())
    }

    /// Waits until few enough watchers read from the database.
    pub(crate) async fn reader(&self) -> OwnedSemaphorePermit {
        let permit = Arc::clone(&self.readers).acquire_owned().await;
        permit.expect("nobody closes it")
    }

    /// Some events of `span`, and how far back events are kept. A task of its own: a watcher that goes away leaves no
    /// transaction half begun.
    pub(crate) async fn read(
        &self,
        store: &Store,
        selection: Selection,
        (span, after): (Span, Option<i64>),
    ) -> Result<(Page, Horizon), HubError> {
        let (permit, store) = (self.reader().await, store.clone());
        let task = tokio::spawn(async move {
            let _permit = permit;
            let mut connection = store.begin(Context::Work).await?;
            let page = events::page(&mut connection, selection, &span, after, PAGE).await?;
            // Looked at after the page: what is forgotten meanwhile is missed in it.
            let horizon = events::horizon(&mut connection).await?;
            connection.commit().await.map_err(StoreError::from)?;
            Ok((page, horizon))
        });
        task.await
            .unwrap_or(Err(HubError::Bug("reading events panicked")))
    }
}

/// Watchers are told the state; the rest would only fill the ring.
/// For Prometheus. Every replica counts those of all: take the largest, not the sum.
fn count_offer(entry: &Entry) {
    let What::Told(told) = &entry.what else {
        return;
    };
    let outcome = match told.kind.as_str() {
        "offer.offered" => "made",
        "offer.accepted" => "accepted",
        "offer.declined" => "declined",
        "offer.expired" => "expired",
        "offer.withdrawn" => "withdrawn",
        _ => return,
    };
    metrics::counter!("serasi_offers_total", "outcome" => outcome).increment(1);
}

fn without_payload(mut entry: Entry) -> Entry {
    match &mut entry.what {
        What::Told(told) => told.payload = RawValue::NULL.to_owned(),
        What::Pool(_, _) => {}
    }
    entry
}
