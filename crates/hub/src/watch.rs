//! A watch: how things stand, then every change, for one client. It has no task, no queue and no database connection of
//! its own: it moves when the client's connection has room, from the ring of the feed, or page by page from the database
//! where it is behind. Its cursor never runs ahead of what the client has been given.

use std::collections::VecDeque;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serasi_domain::id::Regency;
use serasi_geography::RegionCode;
use serasi_proto::v1::{self, WatchStep};
use serasi_store::Context;
use serasi_store::events::{self, Cursor, Entry, Selection, Snapshot, Span};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};
use tokio::time::Instant;
use tonic::Status;
use tonic::codegen::BoxStream;

use crate::auth::{Permit, Session};
use crate::error::{HubError, StreamEnd};
use crate::feed::Batch;
use crate::hub::Hub;
use crate::jobs::stopped;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit, run_for};
use crate::wire::event_to_wire;

pub(crate) mod capacity;
pub(crate) mod cases;
pub(crate) mod offers;

/// How long a watch may be quiet, and how much is kept for it.
#[derive(Clone, Copy, Debug)]
pub struct WatchLimits {
    /// Silence after which a heartbeat is sent.
    pub heartbeat: Duration,
    /// How often a lasting call's token is looked at again.
    pub recheck: Duration,
    /// Batches of events the ring keeps; a watcher further behind is cut off.
    pub ring_batches: usize,
    /// Events older than so many days are forgotten.
    pub keep_days: i32,
}

impl Default for WatchLimits {
    fn default() -> Self {
        Self {
            heartbeat: Duration::from_secs(30),
            recheck: Duration::from_mins(1),
            ring_batches: 256,
            keep_days: 90,
        }
    }
}

/// What is watched, and by whom.
pub(crate) trait Watched: Send + Sync + Sized + 'static {
    const METHOD: &'static str;
    /// Its name on record.
    const VERB: &'static str;
    type Message: Send + 'static;
    /// What a change is about, as it stands after it.
    type Body: Send + 'static;
    /// Where the snapshot at the beginning stands.
    type Place: Send + 'static;

    /// Whose home it goes on record in, and as a look at what; `None` = it shows nothing of a case.
    fn record(&self) -> Option<(Regency, String)>;

    /// What to read from the database for it.
    fn selection(&self) -> Selection;

    /// The change as this watcher is told; `None` = not for this one.
    fn body(&self, entry: &Entry) -> Option<Self::Body>;

    /// The moment from which on changes are told, and where to begin with what there is.
    fn begin(
        &self,
        hub: &Hub,
    ) -> impl Future<Output = Result<(Snapshot, Option<Self::Place>), HubError>> + Send;

    /// Some of what there is, and where it goes on.
    fn piece(
        &self,
        hub: &Arc<Hub>,
        place: Self::Place,
    ) -> impl Future<Output = Result<Piece<Self>, HubError>> + Send;

    fn message(
        step: WatchStep,
        cursor: String,
        event: Option<v1::Event>,
        body: Option<Self::Body>,
    ) -> Self::Message;
}

type Live = broadcast::Receiver<Arc<Batch>>;

struct Watch<W: Watched> {
    hub: Arc<Hub>,
    session: Session,
    what: W,
    cursor: Cursor,
    /// What is still to be told of how things stand; `None` = that is done, and changes are told.
    snapshot: Option<Piece<W>>,
    /// What comes after `target`.
    live: Option<Live>,
    /// Up to here is read from the database before the ring is heard; `None` = that is done.
    target: Option<Snapshot>,
    /// A watch that has heard nothing yet and is overtaken was not slow: the database was.
    has_heard: bool,
    /// Events, and how many of them have been looked at.
    batch: Option<(Arc<Batch>, usize)>,
    stopping: watch::Receiver<bool>,
    next_beat: Instant,
    next_check: Instant,
}

/// What has been read of how things stand, and where it goes on.
pub(crate) struct Piece<W: Watched> {
    bodies: VecDeque<W::Body>,
    place: Option<W::Place>,
}

/// Begins a watch after `cursor`, or with how things stand where that is empty.
pub(crate) async fn open<W: Watched>(
    hub: &Arc<Hub>,
    session: Session,
    what: W,
    cursor: &str,
) -> Result<BoxStream<W::Message>, HubError> {
    if let Some((home, subject)) = what.record() {
        let look = Look::<W> {
            home,
            subject,
            what: PhantomData,
        };
        run_for(hub, session.permit.clone(), look).await?;
    }
    let (cursor, place) = if cursor.is_empty() {
        let (snapshot, place) = what.begin(hub).await?;
        (Cursor::at(snapshot), place)
    } else {
        (known(hub, cursor).await?, None)
    };
    let now = Instant::now();
    let bodies = VecDeque::new();
    let watch = Watch {
        hub: Arc::clone(hub),
        session,
        what,
        cursor,
        snapshot: Some(Piece { bodies, place }),
        live: None,
        target: None,
        has_heard: false,
        batch: None,
        stopping: hub.stopping.subscribe(),
        next_beat: now + hub.limits.heartbeat,
        next_check: now + hub.limits.recheck,
    };
    let steps = futures_util::stream::unfold(Some(watch), |watch| async {
        let mut watch: Watch<W> = watch?;
        match watch.next().await {
            Ok(message) => Some((Ok(message), Some(watch))),
            Err(error) => Some((Err(Status::from(error)), None)),
        }
    });
    Ok(Box::pin(steps))
}

/// The smaller of two regions, of which one should lie in the other.
fn narrower(a: RegionCode, b: RegionCode) -> RegionCode {
    if a.contains(&b) { b } else { a }
}

/// A look at all `what` of a region, as it goes on record.
fn region_on_record(what: &str, region: RegionCode) -> (Regency, String) {
    let home = Regency::of(region).unwrap_or_else(national_home);
    (home, format!("{what}:{region}"))
}

/// Puts on record that somebody begins to watch.
struct Look<W> {
    home: Regency,
    subject: String,
    what: PhantomData<W>,
}

impl<W: Watched> Act for Look<W> {
    const VERB: &'static str = W::VERB;
    type Output = ();

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<(), HubError> {
        unit.audit(self.home, &self.subject).await
    }
}

/// The cursor, if everything after it is still there.
async fn known(hub: &Hub, text: &str) -> Result<Cursor, HubError> {
    let mut connection = hub.store.read().await?;
    let horizon = events::horizon(&mut connection).await?;
    let cursor: Option<Cursor> = text.parse().ok().filter(|cursor| horizon.reaches(cursor));
    cursor.ok_or_else(|| HubError::CursorUnknown {
        earliest: horizon.earliest.to_string(),
    })
}

impl<W: Watched> Watch<W> {
    async fn next(&mut self) -> Result<W::Message, HubError> {
        loop {
            self.may_go_on()?;
            // Boxed where rare, or every watch would be as large as its largest step.
            let message = if self.batch.is_some() {
                self.next_of_batch()
            } else if self.snapshot.is_some() {
                Box::pin(self.tell_what_there_is()).await?
            } else if self.target.is_some() {
                Box::pin(self.read_page()).await?;
                None
            } else {
                self.hear().await?;
                None
            };
            if let Some(message) = message.or_else(|| self.beat()) {
                self.next_beat = Instant::now() + self.hub.limits.heartbeat;
                return Ok(message);
            }
        }
    }

    fn may_go_on(&mut self) -> Result<(), HubError> {
        if *self.stopping.borrow() {
            return Err(self.end(StreamEnd::Stopping));
        }
        if self.session.has_ended() {
            return Err(self.end(StreamEnd::TokenExpired));
        }
        if self.next_check <= Instant::now() {
            self.session.check()?;
            self.next_check = Instant::now() + self.hub.limits.recheck;
        }
        Ok(())
    }

    fn end(&self, why: StreamEnd) -> HubError {
        // Before the snapshot is complete there is nothing to go on from.
        let cursor = self.snapshot.is_none().then(|| self.cursor.to_string());
        HubError::StreamEnded {
            why,
            cursor: cursor.unwrap_or_default(),
        }
    }

    fn beat(&self) -> Option<W::Message> {
        let is_due = self.snapshot.is_none() && self.next_beat <= Instant::now();
        is_due.then(|| W::message(WatchStep::Heartbeat, self.cursor.to_string(), None, None))
    }

    /// The next event of the batch that is for this watcher and not known to it.
    fn next_of_batch(&mut self) -> Option<W::Message> {
        let (batch, looked_at) = self.batch.take()?;
        for (number, entry) in batch.entries.iter().enumerate().skip(looked_at) {
            let is_new = !self.cursor.covers(entry.xid, entry.position);
            if let Some(body) = is_new.then(|| self.what.body(entry)).flatten() {
                self.cursor.partly = Some((batch.to.clone(), entry.position));
                let event = Some(event_to_wire(entry));
                self.batch = Some((batch, number + 1));
                let cursor = self.cursor.to_string();
                return Some(W::message(WatchStep::Change, cursor, event, Some(body)));
            }
        }
        if batch.is_last {
            self.reach(&batch.to);
        } else if let Some(last) = batch.entries.last() {
            self.cursor.partly = Some((batch.to.clone(), last.position));
        }
        None
    }

    /// Everything that `snapshot` sees has been told.
    fn reach(&mut self, snapshot: &Snapshot) {
        if snapshot.is_after(&self.cursor.done) {
            self.cursor = Cursor::at(snapshot.clone());
        }
    }

    async fn tell_what_there_is(&mut self) -> Result<Option<W::Message>, HubError> {
        let Some(snapshot) = &mut self.snapshot else {
            return Ok(None);
        };
        if let Some(body) = snapshot.bodies.pop_front() {
            let message = W::message(WatchStep::Snapshot, String::new(), None, Some(body));
            return Ok(Some(message));
        }
        if let Some(from) = snapshot.place.take() {
            let _permit = self.hub.feed.reader().await;
            *snapshot = self.what.piece(&self.hub, from).await?;
            return Ok(None);
        }
        self.snapshot = None;
        self.listen().await;
        let cursor = self.cursor.to_string();
        Ok(Some(W::message(WatchStep::Live, cursor, None, None)))
    }

    async fn listen(&mut self) {
        let (live, target) = self.hub.feed.listen().await;
        (self.live, self.target, self.has_heard) = (Some(live), Some(target), false);
    }

    /// Reads on from the database, or finds that everything up to the ring has been read.
    async fn read_page(&mut self) -> Result<(), HubError> {
        let (span, after) = match (self.cursor.rest(), &self.target) {
            (Some((span, after)), _) => (span, Some(after)),
            (None, Some(target)) if target.is_after(&self.cursor.done) => {
                let span = Span {
                    from: self.cursor.done.clone(),
                    to: target.clone(),
                };
                (span, None)
            }
            (None, _) => {
                self.target = None;
                return Ok(());
            }
        };
        let (to, selection) = (span.to.clone(), self.what.selection());
        let (page, horizon) = self
            .hub
            .feed
            .read(&self.hub.store, selection, (span, after))
            .await?;
        if !horizon.reaches(&self.cursor) {
            return Err(HubError::CursorUnknown {
                earliest: horizon.earliest.to_string(),
            });
        }
        let batch = Batch {
            to,
            is_last: page.is_last,
            entries: page.entries,
        };
        self.batch = Some((Arc::new(batch), 0));
        Ok(())
    }

    /// Waits for the next batch of the ring, or for the time of a heartbeat or a look at the token.
    async fn hear(&mut self) -> Result<(), HubError> {
        let token = self.session.remains().map(|left| Instant::now() + left);
        let wake = [Some(self.next_beat), Some(self.next_check), token];
        let wake = wake.into_iter().flatten().min().unwrap_or(self.next_beat);
        let Some(live) = &mut self.live else {
            return Err(HubError::Bug("a watch that does not listen"));
        };
        tokio::select! {
            biased;
            () = stopped(&mut self.stopping) => {}
            heard = live.recv() => match heard {
                Ok(batch) => {
                    self.batch = Some((batch, 0));
                    self.has_heard = true;
                }
                Err(RecvError::Lagged(_)) if self.has_heard => return Err(self.end(StreamEnd::TooSlow)),
                Err(RecvError::Lagged(_) | RecvError::Closed) => self.listen().await,
            },
            () = tokio::time::sleep_until(wake) => {
                // The position first: what it sees was in the ring before it, so an empty ring means that it is told.
                let position = self.hub.feed.position();
                if live.is_empty() {
                    self.reach(&position);
                }
            }
        }
        Ok(())
    }
}
