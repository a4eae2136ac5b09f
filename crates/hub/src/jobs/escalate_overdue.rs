//! Finds cases on which nobody acted in time, whoever it was. Two replicas may find the same: the case is locked and looked at
//! again, and the conditional update lets one of them win.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::{Context, StoreError, cases};
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::escalate_overdue::EscalateOverdue;

const POLL: Duration = Duration::from_secs(1);
/// Cases read at a time; a round goes through them all.
const BATCH: i64 = 100;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    while goes_on(&mut stop, POLL).await {
        if let Err(error) = round(&hub).await {
            tracing::warn!(error = %error, "cases could not be checked for missed deadlines");
        }
    }
}

async fn round(hub: &Hub) -> Result<(), HubError> {
    let mut last = None;
    loop {
        let mut connection = hub.store.begin(Context::Work).await?;
        let due = cases::overdue(&mut connection, last, BATCH).await?;
        drop(connection);
        last = due.last().copied();
        if last.is_none() {
            return Ok(());
        }
        for (_, case) in due {
            // One that fails must not keep the others waiting.
            match run_job(hub, &EscalateOverdue { case }).await {
                Ok(true) => {
                    tracing::info!(case.id = %case, "a deadline passed; the next owner up is called");
                }
                Ok(false) => {}
                // Without a database the others fail as well: the next round tries again.
                Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(case.id = %case, error = %error, "a case could not be escalated");
                }
            }
        }
    }
}
