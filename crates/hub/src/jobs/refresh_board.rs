//! Keeps the directory board fresh: by the clock, and at once after a change of our own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::stopped;
use crate::hub::Hub;

/// Changes of other replicas are seen within this time.
const POLL: Duration = Duration::from_millis(500);
/// Everything is read again so often, should something have been changed past the log.
const WHOLE_EVERY: Duration = Duration::from_mins(5);
/// Nudges within this time are answered together.
const GATHER: Duration = Duration::from_millis(20);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut last_whole = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = nudged_and_gathered(&hub) => {}
            () = stopped(&mut stop) => return,
        }
        hub.policies.look(&hub.store).await;
        let looked = if last_whole.elapsed() >= WHOLE_EVERY {
            last_whole = Instant::now();
            hub.board.reload(&hub.store).await
        } else {
            hub.board.refresh(&hub.store).await
        };
        if let Err(error) = looked {
            tracing::warn!(error = %error, "the directory board could not be refreshed");
        }
    }
}

async fn nudged_and_gathered(hub: &Hub) {
    hub.board.nudged().await;
    tokio::time::sleep(GATHER).await;
}
