//! Lets go what runs of a registry have left behind: rows that were not chosen, when whoever ran it has gone before they
//! went; and persons in memory for whom no stream has come again.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::{Context, reconciliations};
use tokio::sync::watch;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::reconcile::{AdoptRows, ForgetRows};

const POLL: Duration = Duration::from_secs(5);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    while goes_on(&mut stop, POLL).await {
        hub.reconciling.forget_idle().await;
        if let Err(error) = round(&hub, &stop).await {
            tracing::warn!(error = %error, "rows that nobody will look at could not be forgotten");
        }
    }
}

async fn round(hub: &Hub, stop: &watch::Receiver<bool>) -> Result<(), HubError> {
    loop {
        let mut connection = hub.store.begin(Context::Work).await?;
        let left = reconciliations::with_leftovers(&mut connection).await?;
        drop(connection);
        let Some(run) = left else { return Ok(()) };
        while run_job(hub, &AdoptRows { run }).await? || run_job(hub, &ForgetRows { run }).await? {
            if *stop.borrow() {
                return Ok(());
            }
        }
    }
}
