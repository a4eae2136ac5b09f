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
/// Every so many long looks one goes over everything: nothing is missed for longer than a minute.
const WHOLE_EVERY: u32 = 12;
/// Nudges within this time are answered together.
const GATHER: Duration = Duration::from_millis(20);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut last_long_look = Instant::now();
    let mut long_looks: u32 = 0;
    loop {
        tokio::select! {
            () = tokio::time::sleep(POLL) => {}
            () = nudged_and_gathered(&hub) => {}
            () = stopped(&mut stop) => return,
        }
        let is_time = last_long_look.elapsed() >= LONG_LOOK;
        let mut look_back = LookBack::Short;
        if is_time {
            last_long_look = Instant::now();
            long_looks = long_looks.wrapping_add(1);
            let is_whole = long_looks.is_multiple_of(WHOLE_EVERY);
            look_back = if is_whole { LookBack::Whole } else { LookBack::Long };
        }
        hub.policies.look(&hub.store).await;
        if let Err(error) = hub.board.refresh(&hub.store, look_back).await {
            tracing::warn!(error = %error, "the directory board could not be refreshed");
        }
    }
}

async fn nudged_and_gathered(hub: &Hub) {
    hub.board.nudged().await;
    tokio::time::sleep(GATHER).await;
}
