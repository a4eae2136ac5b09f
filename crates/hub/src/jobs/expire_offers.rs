//! Finds offers past their deadline. Two replicas may find the same: the conditional update lets one of them win.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::{Context, StoreError, offers};
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::expire_offer::ExpireOffer;

const POLL: Duration = Duration::from_millis(500);
/// Offers read at a time; a round goes through them all.
const BATCH: i64 = 100;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    while goes_on(&mut stop, POLL).await {
        if let Err(error) = round(&hub).await {
            tracing::warn!(error = %error, "offers could not be checked for expiry");
        }
    }
}

async fn round(hub: &Hub) -> Result<(), HubError> {
    let mut last = None;
    loop {
        let mut connection = hub.store.begin(Context::Work).await?;
        let due = offers::due(&mut connection, last, BATCH).await?;
        drop(connection);
        last = due.last().copied();
        if last.is_none() {
            return Ok(());
        }
        for (_, offer) in due {
            // One that fails must not keep the others waiting.
            match run_job(hub, &ExpireOffer { offer }).await {
                Ok(true) => {
                    tracing::info!(offer.id = %offer, "an offer expired; the next candidate is being asked");
                }
                Ok(false) => {}
                // Without a database the others fail as well: the next round tries again.
                Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(offer.id = %offer, error = %error, "an offer could not be expired");
                }
            }
        }
    }
}
