//! Keeps the directory board fresh: by the clock, and at once after a change of our own.

use std::sync::Arc;
use std::time::Duration;

use time::OffsetDateTime;
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
        let begun = hub.clock.now();
        hub.policies.look(&hub.store).await;
        let looked = if last_whole.elapsed() >= WHOLE_EVERY {
            last_whole = Instant::now();
            hub.board.reload(&hub.store).await
        } else {
            hub.board.refresh(&hub.store).await
        };
        match looked {
            Ok(()) => measure(&hub, begun),
            Err(error) => tracing::warn!(error = %error, "the directory board could not be refreshed"),
        }
    }
}

/// The moment, not the age: who reads it a minute later still computes the right age, whatever has happened to the hub.
fn measure(hub: &Hub, begun: OffsetDateTime) {
    let directory = hub.board.snapshot().directory;
    #[expect(
        clippy::cast_precision_loss,
        reason = "metrics are f64; a microsecond is not missed"
    )]
    let seconds = (begun.unix_timestamp_nanos() / 1_000) as f64 / 1e6;
    metrics::gauge!("serasi_board_last_look_timestamp_seconds").set(seconds);
    #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
    let (version, facilities) = (directory.version as f64, directory.len() as f64);
    metrics::gauge!("serasi_board_version").set(version);
    metrics::gauge!("serasi_board_facilities").set(facilities);
}

async fn nudged_and_gathered(hub: &Hub) {
    hub.board.nudged().await;
    tokio::time::sleep(GATHER).await;
}
