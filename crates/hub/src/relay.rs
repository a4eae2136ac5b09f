//! The way of events to the outside: every event to a stream of NATS JetStream, at least once, those of one case in order.
//! One replica carries them, by a lease in the database; what the broker has acknowledged is written there.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use async_nats::ConnectOptions;
use async_nats::jetstream::{self, context::ContextBuilder, message::PublishMessage, stream};
use serasi_store::events::relay::{self, Lease};
use serasi_store::events::{self, Cursor, Entry, Selection, Snapshot, Span};
use serasi_store::{Context, StoreError};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use crate::hub::Hub;
use crate::jobs::stopped;
use cloud_event::CloudEvent;

mod cloud_event;

/// Looks for new events at least so often; the feed wakes it earlier.
const POLL: Duration = Duration::from_millis(500);
/// How long the lease lasts without being kept: after that another replica goes on.
const LEASE_SECONDS: u64 = 6;
/// The lease is kept this long before it would end.
const KEEP_AFTER: Duration = Duration::from_secs(LEASE_SECONDS / 3);
/// Events read at a time.
const PAGE: usize = 256;
/// Events on the way to the broker at the same time, no two of them of one case.
const WAVE: usize = 64;
/// The broker answers by then, or the wave is sent again.
const ACK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the broker knows the ids of events it has.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(10);
const CONTENT_TYPE: &str = "application/cloudevents+json";

/// Where events go.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// `nats://...` or `tls://...`, with user and password where needed.
    pub url: String,
    /// Name of the stream; made when there is none. Subjects begin with it in small letters.
    pub stream: String,
}

/// Why a round came to nothing; the next one tries again.
#[derive(Debug, thiserror::Error)]
enum RelayError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the broker: {0}")]
    Broker(String),
    #[error("another replica has taken the relay over")]
    LeaseLost,
}

struct Relay {
    carrier: Carrier,
    holder: Uuid,
    held: Option<Held>,
}

/// From the outbox to the broker.
struct Carrier {
    hub: Arc<Hub>,
    settings: RelaySettings,
    broker: jetstream::Context,
    has_stream: bool,
}

/// The lease, when it was kept last, and how far events have been acknowledged.
struct Held {
    lease: Lease,
    kept: Instant,
    cursor: Cursor,
}

/// Carries events until the hub stops.
pub(crate) async fn run(hub: Arc<Hub>, settings: RelaySettings, mut stop: watch::Receiver<bool>) {
    let broker = tokio::select! {
        broker = connect(&settings) => broker,
        () = stopped(&mut stop) => return,
    };
    let (mut live, _) = hub.feed.listen().await;
    let mut relay = Relay {
        holder: hub.clock.new_id(),
        carrier: Carrier {
            hub,
            settings,
            broker,
            has_stream: false,
        },
        held: None,
    };
    let mut is_well = true;
    let mut last = Instant::now();
    loop {
        tokio::select! {
            // What comes is only a reason to look.
            _ = tokio::time::timeout(POLL, live.recv()) => live = live.resubscribe(),
            () = stopped(&mut stop) => break,
        }
        let result = tokio::select! {
            result = relay.round() => result,
            () = stopped(&mut stop) => break,
        };
        if result.is_ok() {
            last = Instant::now();
        }
        let behind = if result.is_ok() {
            Duration::ZERO
        } else {
            last.elapsed()
        };
        metrics::gauge!("serasi_relay_lag_seconds").set(behind);
        match result {
            Ok(()) => is_well = true,
            // Told once, not twice a second.
            Err(error) if is_well => {
                tracing::warn!(error = %error, relay.stream = relay.carrier.settings.stream, "events wait in the outbox");
                is_well = false;
            }
            Err(_) => {}
        }
    }
    relay.hand_over().await;
}

/// A client that connects by itself, now and after every loss.
async fn connect(settings: &RelaySettings) -> jetstream::Context {
    loop {
        let options = ConnectOptions::new().name("serasi").retry_on_initial_connect();
        match options.connect(settings.url.as_str()).await {
            Ok(client) => {
                return ContextBuilder::new()
                    .timeout(ACK_TIMEOUT)
                    .ack_timeout(ACK_TIMEOUT)
                    .build(client);
            }
            Err(error) => {
                tracing::warn!(error = %error, "the address of the broker cannot be used");
                tokio::time::sleep(ACK_TIMEOUT).await;
            }
        }
    }
}

impl Relay {
    /// Carries everything there is, if this replica may.
    async fn round(&mut self) -> Result<(), RelayError> {
        if self.held.is_none() {
            self.take().await?;
        }
        let Some(held) = &mut self.held else {
            return Ok(());
        };
        let carried = self.carrier.carry(held).await;
        if carried.is_err() {
            self.carrier.has_stream = false;
        }
        // After an error of the broker the lease stays: nobody else would do better.
        if let Err(RelayError::LeaseLost) = carried {
            self.held = None;
        }
        carried
    }

    async fn take(&mut self) -> Result<(), RelayError> {
        let mut connection = self.carrier.hub.store.read().await?;
        let earliest = events::horizon(&mut connection).await?.earliest;
        let stream = &self.carrier.settings.stream;
        let seconds = Duration::from_secs(LEASE_SECONDS).as_secs_f64();
        let taken = relay::take(&mut connection, stream, self.holder, &earliest, seconds).await?;
        self.held = taken.map(|(lease, cursor)| Held {
            lease,
            kept: Instant::now(),
            cursor,
        });
        Ok(())
    }

    /// Ends the lease, so that another replica goes on at once and not when it runs out.
    async fn hand_over(self) {
        let Some(held) = self.held else {
            return;
        };
        let stream = &self.carrier.settings.stream;
        let ended = match self.carrier.hub.store.read().await {
            Ok(mut connection) => relay::keep(&mut connection, stream, held.lease, &held.cursor, 0.0).await,
            Err(error) => Err(error),
        };
        // If not, it runs out.
        drop(ended);
    }
}

impl Carrier {
    async fn carry(&mut self, held: &mut Held) -> Result<(), RelayError> {
        if !self.has_stream {
            self.make_stream().await?;
        }
        loop {
            let (span, after) = match held.cursor.rest() {
                Some((span, after)) => (span, Some(after)),
                None => (self.news(&held.cursor).await?, None),
            };
            let mut connection = self.hub.store.begin(Context::Work).await?;
            let page = events::page(&mut connection, Selection::All, &span, after, PAGE).await?;
            let horizon = events::horizon(&mut connection).await?;
            // A connection is not held while the broker is waited for.
            connection.commit().await.map_err(StoreError::from)?;
            if !horizon.reaches(&held.cursor) {
                tracing::error!(
                    "events were forgotten before they could leave; the relay goes on with the earliest"
                );
                held.cursor = horizon.earliest;
                continue;
            }
            self.publish(held, &page.entries, &span.to).await?;
            if page.is_last {
                held.cursor = Cursor::at(span.to);
            }
            if !page.entries.is_empty() || held.kept.elapsed() >= KEEP_AFTER {
                self.keep(held).await?;
            }
            if page.is_last {
                return Ok(());
            }
        }
    }

    async fn news(&self, cursor: &Cursor) -> Result<Span, RelayError> {
        let mut connection = self.hub.store.read().await?;
        let from = cursor.done.clone();
        let to = events::now(&mut connection).await?;
        Ok(Span { from, to })
    }

    async fn make_stream(&mut self) -> Result<(), RelayError> {
        let config = stream::Config {
            name: self.settings.stream.clone(),
            subjects: vec![format!("{}.>", self.prefix())],
            duplicate_window: DUPLICATE_WINDOW,
            ..stream::Config::default()
        };
        let made = self.broker.get_or_create_stream(config).await;
        made.map_err(|error| RelayError::Broker(error.to_string()))?;
        self.has_stream = true;
        Ok(())
    }

    fn prefix(&self) -> String {
        self.settings.stream.to_ascii_lowercase()
    }

    /// Sends events in waves: a later one of the same case only when the earlier is acknowledged.
    async fn publish(&self, held: &mut Held, entries: &[Entry], to: &Snapshot) -> Result<(), RelayError> {
        let mut wave = vec![];
        let mut cases = HashSet::new();
        for entry in entries {
            let event = CloudEvent::of(entry);
            if wave.len() == WAVE || cases.contains(&event.partition_key) {
                self.send(held, &wave, to).await?;
                wave.clear();
                cases.clear();
            }
            cases.insert(event.partition_key.clone());
            wave.push((entry.position, event));
        }
        self.send(held, &wave, to).await
    }

    async fn send(
        &self,
        held: &mut Held,
        wave: &[(i64, CloudEvent)],
        to: &Snapshot,
    ) -> Result<(), RelayError> {
        if held.kept.elapsed() >= KEEP_AFTER {
            self.keep(held).await?;
        }
        let refused = |error: jetstream::context::PublishError| RelayError::Broker(error.to_string());
        let mut waiting = vec![];
        for (_, event) in wave {
            let subject = format!("{}.{}", self.prefix(), event.subject_tokens());
            let message = PublishMessage::build()
                .message_id(&event.id)
                .header("Content-Type", CONTENT_TYPE)
                .payload(event.to_json().into());
            let sent = self.broker.send_publish(subject, message).await;
            waiting.push(sent.map_err(refused)?);
        }
        for acknowledged in waiting {
            acknowledged.await.map_err(refused)?;
        }
        if let Some((position, _)) = wave.last() {
            held.cursor.partly = Some((to.clone(), *position));
        }
        Ok(())
    }

    async fn keep(&self, held: &mut Held) -> Result<(), RelayError> {
        let mut connection = self.hub.store.read().await?;
        let stream = &self.settings.stream;
        let seconds = Duration::from_secs(LEASE_SECONDS).as_secs_f64();
        let now = Instant::now();
        if !relay::keep(&mut connection, stream, held.lease, &held.cursor, seconds).await? {
            return Err(RelayError::LeaseLost);
        }
        held.kept = now;
        Ok(())
    }
}
