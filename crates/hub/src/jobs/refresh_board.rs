//! Keeps the directory board fresh: by the clock, and at once after a change of our own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::stopped;
use crate::hub::Hub;

/// Changes of other replicas are seen within this time.
const POLL: Duration = Duration::from_millis(500);
/// Nudges within this time are answered together.
const GATHER: Duration = Duration::from_millis(20);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = nudged_and_gathered(&hub) => {}
            () = stopped(&mut stop) => return,
        }
        if let Err(error) = hub.board.refresh(&hub.store).await {
            tracing::warn!(error = %error, "the directory board could not be refreshed");
        }
    }
}

async fn nudged_and_gathered(hub: &Hub) {
    hub.board.nudged().await;
    tokio::time::sleep(GATHER).await;
}
