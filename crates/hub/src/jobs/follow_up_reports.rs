//! Finds reports that nobody took, or acted on, in time. Two replicas may find the same: the row is locked and looked at again, and the
//! conditional update lets one of them win.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::{Context, StoreError, registrations};
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::follow_up_report::FollowUpReport;

const POLL: Duration = Duration::from_secs(1);
/// Reports read at a time; a round goes through them all.
const BATCH: i64 = 100;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    while goes_on(&mut stop, POLL).await {
        if let Err(error) = round(&hub).await {
            tracing::warn!(error = %error, "reports to the dinas could not be followed up");
        }
    }
}

async fn round(hub: &Hub) -> Result<(), HubError> {
    let mut last = None;
    loop {
        let mut connection = hub.store.begin(Context::Work).await?;
        let due = registrations::unanswered(&mut connection, last, BATCH).await?;
        drop(connection);
        last = due.last().copied();
        if last.is_none() {
            return Ok(());
        }
        for (_, person) in due {
            // One that fails must not keep the others waiting.
            match run_job(hub, &FollowUpReport { person }).await {
                Ok(true) => {
                    tracing::info!(person.id = %person, "nobody answered for a report in time; the next addressee up is told");
                }
                Ok(false) => {}
                // Without a database the others fail as well: the next round tries again.
                Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(person.id = %person, error = %error, "a report could not be followed up");
                }
            }
        }
    }
}
