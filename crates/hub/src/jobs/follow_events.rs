//! Keeps the feed going: by the clock, and at once after a change of our own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::stopped;
use crate::hub::Hub;

/// Events of other replicas are seen within this time.
const POLL: Duration = Duration::from_millis(400);
/// Events within this time are told together: each telling wakes every watcher.
const GATHER: Duration = Duration::from_millis(50);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut last = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = nudged_and_gathered(&hub) => {}
            () = stopped(&mut stop) => return,
        }
        let behind = match hub.feed.look(&hub.store).await {
            Ok(()) => {
                last = Instant::now();
                Duration::ZERO
            }
            Err(error) => {
                tracing::warn!(error = %error, "new events could not be read");
                last.elapsed()
            }
        };
        metrics::gauge!("serasi_outbox_age_seconds").set(behind);
    }
}

async fn nudged_and_gathered(hub: &Hub) {
    hub.feed.nudged().await;
    tokio::time::sleep(GATHER).await;
}
