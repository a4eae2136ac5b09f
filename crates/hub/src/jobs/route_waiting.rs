//! Serves waiting cases, the most urgent and then the oldest first, whenever the directory has changed, and every
//! minute.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::{StoreError, cases};
use tokio::sync::watch;
use tokio::time::Instant;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::route_waiting::RouteWaiting;

const POLL: Duration = Duration::from_secs(1);
/// Time alone can help, too: a parked facility may be asked again, a suspension ends.
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);
/// Cases read at a time; a round goes through them all.
const PAGE: i64 = 200;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut tried_at_version = 0;
    let mut tried_at = Instant::now();
    while goes_on(&mut stop, POLL).await {
        let version = hub.board.snapshot().directory.version;
        if version == tried_at_version && tried_at.elapsed() < AT_LEAST_EVERY {
            continue;
        }
        match round(&hub).await {
            Ok(()) => (tried_at_version, tried_at) = (version, Instant::now()),
            Err(error) => tracing::warn!(error = %error, "waiting cases could not be tried"),
        }
    }
}

async fn round(hub: &Hub) -> Result<(), HubError> {
    let mut last = None;
    loop {
        let mut connection = hub.store.read().await?;
        let page = cases::waiting(&mut connection, last, PAGE).await?;
        drop(connection);
        let Some((position, _)) = page.last() else {
            return Ok(());
        };
        last = Some(*position);
        for (_, case) in page {
            match run_job(hub, &RouteWaiting { case }).await {
                Ok(true) => tracing::info!(case.id = %case, "a waiting case was offered"),
                Ok(false) => {}
                // Without a database the others fail as well: the next round tries again.
                Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(case.id = %case, error = %error, "a waiting case could not be tried");
                }
            }
        }
    }
}
