//! Forgets events that are older than they are kept. Who has not followed them by then is told from where it can go on.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::events;
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Act, Unit, run_job};

const POLL: Duration = Duration::from_mins(10);
/// Rows removed in one transaction.
const BATCH: i64 = 5_000;

pub(crate) struct ForgetEvents;

impl Act for ForgetEvents {
    const VERB: &'static str = "ForgetEvents";
    type Output = u64;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<u64, HubError> {
        let days = unit.hub.limits.keep_days;
        Ok(events::forget_old(&mut unit.conn, days, BATCH).await?)
    }
}

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    loop {
        // A full batch means that there is more.
        loop {
            match run_job(&hub, &ForgetEvents).await {
                Ok(count) if count == BATCH.unsigned_abs() && !*stop.borrow() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(error = %error, "old events could not be forgotten");
                    break;
                }
            }
        }
        if !goes_on(&mut stop, POLL).await {
            return;
        }
    }
}
