//! Forgets first responses that no retry will ask for any more.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::idempotency;
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Act, Unit, run_job};

const POLL: Duration = Duration::from_mins(10);
/// Rows removed in one transaction.
const BATCH: i64 = 5_000;

struct ForgetResponses;

impl Act for ForgetResponses {
    const VERB: &'static str = "ForgetResponses";
    type Output = u64;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<u64, HubError> {
        Ok(idempotency::forget_old(&mut unit.conn, BATCH).await?)
    }
}

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    while goes_on(&mut stop, POLL).await {
        // A full batch means that there is more.
        loop {
            match run_job(&hub, &ForgetResponses).await {
                Ok(count) if count == BATCH.unsigned_abs() && !*stop.borrow() => {}
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(error = %error, "old responses could not be forgotten");
                    break;
                }
            }
        }
    }
}
