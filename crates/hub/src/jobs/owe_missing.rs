//! Finds people who are served and are owed no report, because a hub of the release before placed or helped them. Two
//! replicas may find the same: the case is locked and looked at again.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::{Context, StoreError, registrations};
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::owe_missing::OweMissing;

/// A replica looks as it starts, and again: hubs of the release before may have run on. The report is due in a day.
const POLL: Duration = Duration::from_hours(1);
/// Cases looked at by one statement; a round goes through them all.
const BATCH: i64 = 1_000;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = round(&hub, &stop).await {
            tracing::warn!(error = %error, "it could not be checked who is owed a report to the dinas");
        }
        if !goes_on(&mut stop, POLL).await {
            return;
        }
    }
}

async fn round(hub: &Hub, stop: &watch::Receiver<bool>) -> Result<(), HubError> {
    let mut last = None;
    while !*stop.borrow() {
        let mut connection = hub.store.begin(Context::WorkOnPersons).await?;
        let seen = registrations::missing(&mut connection, last, BATCH).await?;
        drop(connection);
        last = seen.last().map(|(case, _)| *case);
        if last.is_none() {
            break;
        }
        for case in seen
            .into_iter()
            .filter_map(|(case, is_missing)| is_missing.then_some(case))
        {
            // One that fails must not keep the others waiting.
            match run_job(hub, &OweMissing { case }).await {
                Ok(true) => tracing::info!(case.id = %case, "people who are served are owed a report now"),
                Ok(false) => {}
                // Without a database the others fail as well: the next round tries again.
                Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(case.id = %case, error = %error, "a report that is owed could not be put down");
                }
            }
        }
    }
    Ok(())
}
