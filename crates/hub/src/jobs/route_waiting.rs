//! Serves waiting cases, the most urgent and then the oldest first, at once when the directory has changed, and every
//! minute. The cases are judged in memory: a transaction is opened only for one for whom somebody can be asked.

use std::sync::Arc;
use std::time::Duration;

use serasi_domain::case::Case;
use serasi_domain::directory::{Changes, Directory};
use serasi_domain::id::CaseId;
use serasi_domain::offer::Offer;
use serasi_domain::routing::{Exclusion, route};
use serasi_store::{StoreError, cases, exclusions};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{goes_on, stopped};
use crate::board::LookBack;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::route_waiting::RouteWaiting;

/// Time alone can help, too: a parked facility may be asked again, a suspension ends.
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);
/// A case that was judged by an older board may be committed beside a round that does not see it: look once more.
const SECOND_LOOK: Duration = Duration::from_millis(250);
/// Pause after a round that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Cases read at a time; a round goes through them all.
const PAGE: i64 = 200;

/// One way through the queue. The directory is that of its start, less what the round itself gave away: a case further
/// back never gets a place that one further ahead was not considered for.
struct Round {
    directory: Arc<Directory>,
    started: OffsetDateTime,
}

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut versions = hub.board.versions();
    let mut tried_at_version = 0;
    let mut patience = Duration::ZERO;
    loop {
        tokio::select! {
            // The sender lives in the hub, as this job does: it does not go away.
            _ = versions.changed() => {}
            () = tokio::time::sleep(patience) => {}
            () = stopped(&mut stop) => return,
        }
        let began = Instant::now();
        let version = *versions.borrow_and_update();
        patience = match go_through_queue(&hub, &stop).await {
            Ok(()) if version == tried_at_version => AT_LEAST_EVERY,
            Ok(()) => SECOND_LOOK,
            Err(error) => {
                tracing::warn!(error = %error, "waiting cases could not be tried");
                AFTER_FAILURE
            }
        };
        tried_at_version = version;
        // In a busy hub the board changes all the time: at least half of the time is for the calls.
        if !goes_on(&mut stop, began.elapsed()).await {
            return;
        }
    }
}

async fn go_through_queue(hub: &Hub, stop: &watch::Receiver<bool>) -> Result<(), HubError> {
    let mut connection = hub.store.read().await?;
    let mut round = Round {
        directory: hub.board.snapshot(),
        started: serasi_store::now(&mut connection).await?,
    };
    drop(connection);
    let mut last = None;
    while !*stop.borrow() {
        let mut connection = hub.store.read().await?;
        let page = cases::waiting(&mut connection, last, round.started, PAGE).await?;
        let Some((position, _)) = page.last() else {
            break;
        };
        last = Some(*position);
        let ids = || page.iter().map(|(_, id)| *id);
        let mut found = cases::get_many(&mut connection, ids()).await?;
        let mut excluded = exclusions::of_cases(&mut connection, ids()).await?;
        drop(connection);
        for id in ids() {
            let excluded = excluded.remove(&id).unwrap_or_default();
            match found.remove(&id) {
                Some(Ok(case)) if round.somebody_can_take(hub, &case, &excluded) => {
                    round.serve(hub, id).await?;
                }
                Some(Ok(_)) | None => {}
                Some(Err(error)) => {
                    tracing::warn!(case.id = %id, error = %error, "a waiting case could not be read");
                }
            }
            // Judging is work without a pause: others want to run, too.
            tokio::task::yield_now().await;
        }
    }
    Ok(())
}

impl Round {
    /// A case that cannot be searched for stays where it is, with its coordinator.
    fn somebody_can_take(&self, hub: &Hub, case: &Case, excluded: &[Exclusion]) -> bool {
        route(&case.facts, excluded, &self.directory, &hub.policy, self.started)
            .is_ok_and(|found| !found.choices.is_empty())
    }

    async fn serve(&mut self, hub: &Hub, case: CaseId) -> Result<(), HubError> {
        match run_job(hub, &RouteWaiting { case }).await {
            Ok(Some(offer)) => {
                tracing::info!(case.id = %case, offer.id = %offer.id, "a waiting case was offered");
                self.take_out(&offer);
                Ok(())
            }
            // Somebody else was faster, here or on another replica: go on with what they left.
            Ok(None) => {
                hub.board.refresh(&hub.store, LookBack::Short).await?;
                self.directory = hub.board.snapshot();
                Ok(())
            }
            // Without a database the others fail as well: the next round tries again.
            Err(error @ HubError::Store(StoreError::Unavailable(_))) => Err(error),
            Err(error) => {
                tracing::warn!(case.id = %case, error = %error, "a waiting case could not be tried");
                Ok(())
            }
        }
    }

    /// What was just given away is not there for the next.
    fn take_out(&mut self, offer: &Offer) {
        let entry = self.directory.entry(offer.facility);
        let pool = entry.and_then(|entry| entry.pools.iter().find(|pool| pool.key == offer.pool));
        let Some(mut pool) = pool.filter(|_| offer.holds_places).cloned() else {
            return;
        };
        pool.held += offer.places.as_i32();
        let taken = Changes {
            pools: vec![(offer.facility, pool)],
            ..Changes::default()
        };
        if let Some(less) = self.directory.with(taken) {
            self.directory = Arc::new(less);
        }
    }
}
