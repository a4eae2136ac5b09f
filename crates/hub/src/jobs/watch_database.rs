//! Readiness: whether the database answers, with hysteresis, so that one slow moment takes no replica out of service.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tonic_health::ServingStatus;
use tonic_health::server::HealthReporter;

use super::goes_on;
use crate::hub::Hub;

const POLL: Duration = Duration::from_secs(2);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// Looks in a row that must agree before the status changes.
const AGREEING: u32 = 2;
/// The status of the server as a whole.
const WHOLE_SERVER: &str = "";

/// Reports SERVING while the database answers, and NOT_SERVING from the moment the hub is told to stop.
pub(crate) async fn run(hub: Arc<Hub>, reporter: HealthReporter, mut stop: watch::Receiver<bool>) {
    // The hub has just read the directory.
    let mut is_serving = true;
    let mut disagreeing = 0;
    reporter
        .set_service_status(WHOLE_SERVER, ServingStatus::Serving)
        .await;
    while goes_on(&mut stop, POLL).await {
        let answers = tokio::time::timeout(ANSWER_TIMEOUT, database_answers(&hub))
            .await
            .unwrap_or(false);
        disagreeing = if answers == is_serving { 0 } else { disagreeing + 1 };
        if disagreeing < AGREEING {
            continue;
        }
        is_serving = answers;
        disagreeing = 0;
        tracing::warn!(is_serving, "readiness changed with the database");
        let status = if is_serving {
            ServingStatus::Serving
        } else {
            ServingStatus::NotServing
        };
        reporter.set_service_status(WHOLE_SERVER, status).await;
    }
    reporter
        .set_service_status(WHOLE_SERVER, ServingStatus::NotServing)
        .await;
}

async fn database_answers(hub: &Hub) -> bool {
    match hub.store.read().await {
        Ok(mut connection) => serasi_store::now(&mut connection).await.is_ok(),
        Err(_) => false,
    }
}
