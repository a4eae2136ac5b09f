//! Keeps the directory board fresh: by the clock, and at once after a change of our own.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

use super::stopped;
use crate::board::LookBack;
use crate::hub::Hub;

/// Changes of other replicas are seen within this time.
const POLL: Duration = Duration::from_millis(500);
/// And those of transactions that took their time within this.
const LONG_LOOK: Duration = Duration::from_secs(5);
/// Nudges within this time are answered together.
const GATHER: Duration = Duration::from_millis(20);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut last_long_look = Instant::now();
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = nudged_and_gathered(&hub) => {}
            () = stopped(&mut stop) => return,
        }
        let is_time = last_long_look.elapsed() >= LONG_LOOK;
        let look_back = if is_time { LookBack::Long } else { LookBack::Short };
        if is_time {
            last_long_look = Instant::now();
        }
        if let Err(error) = hub.board.refresh(&hub.store, look_back).await {
            tracing::warn!(error = %error, "the directory board could not be refreshed");
        }
    }
}

async fn nudged_and_gathered(hub: &Hub) {
    hub.board.nudged().await;
    tokio::time::sleep(GATHER).await;
}
