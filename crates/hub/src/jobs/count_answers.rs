//! Counts how facilities answer, for the preference that goes by it. Replicas that count at once agree.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::answers;
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Act, Unit, run_job};

const POLL: Duration = Duration::from_mins(1);
/// Looks overlap, so that a replica that was away for a while misses nothing.
const LOOK_BACK_MINUTES: i32 = 60;

struct CountAnswers;

impl Act for CountAnswers {
    const VERB: &'static str = "CountAnswers";
    type Output = u64;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<u64, HubError> {
        Ok(answers::count_recent(&mut unit.conn, LOOK_BACK_MINUTES).await?)
    }
}

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    loop {
        if let Err(error) = run_job(&hub, &CountAnswers).await {
            tracing::warn!(error = %error, "answers could not be counted");
        }
        if !goes_on(&mut stop, POLL).await {
            return;
        }
    }
}
