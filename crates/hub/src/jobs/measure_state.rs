//! Shows what waits and since when, for Prometheus. Every replica sees the same: take the largest, not the sum.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::state::{self, State};
use tokio::sync::watch;

use super::goes_on;
use crate::hub::Hub;

/// At least once between two looks of Prometheus.
const EVERY: Duration = Duration::from_secs(5);

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    loop {
        match state::read(&hub.store).await {
            Ok(state) => show(&hub, &state),
            Err(error) => tracing::warn!(error = %error, "what waits could not be counted"),
        }
        if !goes_on(&mut stop, EVERY).await {
            return;
        }
    }
}

fn show(hub: &Hub, state: &State) {
    let unsealed = state
        .unsealed_since
        .map_or(0.0, |since| (state.at - since).as_seconds_f64().max(0.0));
    metrics::gauge!("serasi_audit_unsealed_age_seconds").set(unsealed);
    for (clock, overdue) in [
        ("offer", state.overdue_offers),
        ("case", state.overdue_cases),
        ("subject_request", state.overdue_requests),
    ] {
        metrics::gauge!("serasi_clocks_overdue", "clock" => clock).set(count(overdue));
    }
    let owed = state.obligations;
    for (age, owed) in [
        ("under_7_days", owed.under_7_days),
        ("7_to_30_days", owed.from_7_to_30_days),
        ("30_to_90_days", owed.from_30_to_90_days),
        ("over_90_days", owed.over_90_days),
    ] {
        metrics::gauge!("serasi_registry_obligations", "age" => age).set(count(owed));
    }
    let pool = hub.store.pool_use();
    metrics::gauge!("serasi_db_connections_in_use").set(f64::from(pool.in_use));
    metrics::gauge!("serasi_db_connections_max").set(f64::from(pool.max));
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
const fn count(number: i64) -> f64 {
    number as f64
}
