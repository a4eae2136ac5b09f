//! What the hub does by itself. Timers are rows and time is the database's; the hub's clock only says when to look.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::hub::Hub;
use crate::relay;

mod count_answers;
mod erase_due;
mod escalate_overdue;
mod expire_offers;
mod follow_events;
mod follow_up_reports;
mod forget_events;
mod forget_responses;
mod forget_rows;
mod measure_state;
mod owe_missing;
mod refresh_board;
mod refresh_keys;
mod route_waiting;
mod seal_audit;
pub(crate) mod watch_database;

/// Starts every job; each ends by itself after `stop` turns true.
pub(crate) fn start(hub: &Arc<Hub>, stop: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut jobs = JoinSet::new();
    jobs.spawn(refresh_board::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(refresh_keys::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(expire_offers::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(escalate_overdue::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(owe_missing::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(follow_up_reports::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(route_waiting::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(count_answers::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(seal_audit::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(follow_events::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(forget_events::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(forget_responses::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(forget_rows::run(Arc::clone(hub), stop.clone()));
    jobs.spawn(measure_state::run(Arc::clone(hub), stop.clone()));
    if let Some(settings) = hub.relay.clone() {
        jobs.spawn(relay::run(Arc::clone(hub), settings, stop.clone()));
    }
    jobs.spawn(erase_due::run(Arc::clone(hub), stop.clone()));
    jobs
}

/// Waits `pause`, or less if the hub stops; `false` = stop.
async fn goes_on(stop: &mut watch::Receiver<bool>, pause: Duration) -> bool {
    // Running out of time means that nobody said stop.
    tokio::time::timeout(pause, stopped(stop)).await.is_err()
}

/// Waits until the hub stops. Somebody who can no longer say so has stopped too.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopping| *stopping).await;
}
