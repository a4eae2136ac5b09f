//! Finds cases whose personal data have had their time under the active policy. Two replicas may find the same: the
//! case is locked and looked at again.

use std::sync::Arc;
use std::time::Duration;

use serasi_domain::privacy::{DataClass, Retention};
use serasi_store::{Context, StoreError, erasure};
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::erase_due::EraseDue;

/// Retention counts years; nobody waits for it.
const POLL: Duration = Duration::from_mins(10);
/// Cases read at a time; a round goes through them all.
const BATCH: i64 = 100;

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Some(retention) = hub.policies.active().retention {
            for class in DataClass::ALL {
                if let Err(error) = round(&hub, retention, *class, &stop).await {
                    tracing::warn!(error = %error, class = %class, "personal data could not be erased in time");
                }
            }
        }
        if !goes_on(&mut stop, POLL).await {
            return;
        }
    }
}

async fn round(
    hub: &Hub,
    retention: Retention,
    class: DataClass,
    stop: &watch::Receiver<bool>,
) -> Result<(), HubError> {
    let mut last = None;
    while !*stop.borrow() {
        let mut connection = hub.store.begin(Context::Work).await?;
        let now = serasi_store::now(&mut connection).await?;
        let due = erasure::due(&mut connection, class, retention.cutoff(class, now), last, BATCH).await?;
        drop(connection);
        last = due.last().copied();
        if last.is_none() {
            break;
        }
        for (_, case) in due {
            // One that fails must not keep the others waiting.
            match run_job(hub, &EraseDue { case, class }).await {
                Ok(true) => tracing::info!(case.id = %case, class = %class, "personal data were erased"),
                Ok(false) => {}
                // Without a database the others fail as well: the next round tries again.
                Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
                Err(error) => {
                    tracing::warn!(case.id = %case, error = %error, "personal data could not be erased");
                }
            }
        }
    }
    Ok(())
}
