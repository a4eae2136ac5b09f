//! Shows what waits and since when, for Prometheus. Every replica sees the same: take the largest, not the sum.

use std::sync::Arc;
use std::time::Duration;

use serasi_store::state::{self, State};
use time::OffsetDateTime;
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
    let age = |since: Option<OffsetDateTime>| {
        since.map_or(0.0, |since| (state.at - since).as_seconds_f64().max(0.0))
    };
    metrics::gauge!("serasi_audit_unsealed").set(count(state.unsealed));
    metrics::gauge!("serasi_audit_unsealed_age_seconds").set(age(state.unsealed_since));
    metrics::gauge!("serasi_clocks_overdue").set(count(state.overdue));
    metrics::gauge!("serasi_clocks_overdue_age_seconds").set(age(state.overdue_since));
    metrics::gauge!("serasi_cases_waiting").set(count(state.waiting));
    metrics::gauge!("serasi_cases_waiting_age_seconds").set(age(state.waiting_since));
    metrics::gauge!("serasi_offers_live").set(count(state.live_offers));
    metrics::gauge!("serasi_offers_expired_unhandled").set(count(state.expired_offers));
    metrics::gauge!("serasi_break_glass_unreviewed").set(count(state.unreviewed_openings));
    for name in [
        "due",
        "reported",
        "proposed",
        "deliberated",
        "verified",
        "refused",
    ] {
        for age in ["1d", "7d", "30d", "older"] {
            let found = state
                .obligations
                .iter()
                .find(|owed| owed.state == name && owed.age == age);
            let owed = found.map_or(0, |owed| owed.count);
            metrics::gauge!("serasi_registry_obligations", "state" => name, "age" => age).set(count(owed));
        }
    }
    let pool = hub.store.pool_use();
    metrics::gauge!("serasi_pool_connections", "state" => "used").set(f64::from(pool.used));
    metrics::gauge!("serasi_pool_connections", "state" => "idle").set(f64::from(pool.idle));
    metrics::gauge!("serasi_pool_connections_max").set(f64::from(pool.max));
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
const fn count(number: i64) -> f64 {
    number as f64
}
