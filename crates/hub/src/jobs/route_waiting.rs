//! Serves waiting cases, the most urgent and then the oldest first, at once when the directory has changed, and every
//! minute. The cases are judged in memory: a transaction is opened only for one for whom somebody can be asked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serasi_domain::capacity::{Pool, PoolKey};
use serasi_domain::case::Case;
use serasi_domain::directory::{Changes, Directory};
use serasi_domain::id::{CaseId, FacilityId};
use serasi_domain::policy::Policy;
use serasi_domain::routing::{Choice, Exclusion, route};
use serasi_store::{Context, PgConnection, StoreError, cases, exclusions};
use time::OffsetDateTime;
use tokio::sync::watch;
use tokio::time::Instant;

use super::{goes_on, stopped};
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::run_job;
use crate::verbs::route_waiting::{Considered, RouteWaiting, Tried};
use crate::verbs::{seeker, waits_alike};

/// Time alone can help, too: a parked facility may be asked again, a suspension ends.
const AT_LEAST_EVERY: Duration = Duration::from_mins(1);
/// A case that was judged by an older board may be committed beside a round that does not see it: look once more.
const SECOND_LOOK: Duration = Duration::from_millis(250);
/// Pause after a round that failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// Cases read at a time; a round goes through them all.
const PAGE: i64 = 200;

/// One way through the queue. The directory is that of its start, less what the round itself gave away: a case further
/// back is only offered a facility that those further ahead were considered for.
struct Round {
    directory: Arc<Directory>,
    started: OffsetDateTime,
    /// When the first search that stopped short may go farther.
    widens_at: Option<OffsetDateTime>,
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
            Ok(widens_in) if version == tried_at_version => {
                widens_in.unwrap_or(AT_LEAST_EVERY).min(AT_LEAST_EVERY)
            }
            Ok(_) => SECOND_LOOK,
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

/// Gives the time until the first search that stopped short may go farther.
async fn go_through_queue(hub: &Hub, stop: &watch::Receiver<bool>) -> Result<Option<Duration>, HubError> {
    let mut connection = hub.store.begin(Context::Work).await?;
    let mut round = Round {
        directory: hub.board.snapshot().directory,
        started: serasi_store::now(&mut connection).await?,
        widens_at: None,
    };
    drop(connection);
    let mut last = None;
    while !*stop.borrow() {
        let mut connection = hub.store.begin(Context::Work).await?;
        let page = cases::waiting(&mut connection, last, round.started, PAGE).await?;
        let Some((position, _)) = page.last() else {
            break;
        };
        last = Some(*position);
        let ids = || page.iter().map(|(_, id)| *id);
        let mut found = cases::get_many(&mut connection, ids()).await?;
        let mut excluded = exclusions::of_cases(&mut connection, ids()).await?;
        let readable = found.values().filter_map(|case| case.as_ref().ok());
        let policies = policies_of(hub, &mut connection, readable).await?;
        drop(connection);
        for id in ids() {
            let excluded = excluded.remove(&id).unwrap_or_default();
            match found.remove(&id) {
                Some(Ok(case)) => {
                    if let Some(policy) = policies.get(&case.policy_version)
                        && let Some(choices) = round.judge(policy, &case, &excluded)
                    {
                        round.serve(hub, id, &choices).await?;
                    }
                }
                None => {}
                Some(Err(error)) => {
                    tracing::warn!(case.id = %id, error = %error, "a waiting case could not be read");
                }
            }
            // Judging is work without a pause: others want to run, too.
            tokio::task::yield_now().await;
        }
    }
    let until = round.widens_at.map(|at| at - round.started);
    Ok(until.and_then(|until| Duration::try_from(until).ok()))
}

/// The policies that these cases follow, by version.
async fn policies_of(
    hub: &Hub,
    connection: &mut PgConnection,
    cases: impl Iterator<Item = &Case>,
) -> Result<BTreeMap<String, Arc<Policy>>, HubError> {
    let mut policies = BTreeMap::new();
    for case in cases {
        if !policies.contains_key(&case.policy_version) {
            let policy = hub.policies.of_case(connection, case).await?;
            policies.insert(case.policy_version.clone(), policy);
        }
    }
    Ok(policies)
}

impl Round {
    /// Whom the directory has for the case; `None` = it goes on waiting as it does. One that cannot be searched for stays
    /// where it is, with its coordinator.
    fn judge(&mut self, policy: &Policy, case: &Case, excluded: &[Exclusion]) -> Option<Vec<Choice>> {
        let found = route(seeker(case, excluded), &self.directory, policy, self.started).ok()?;
        let widens_at = found.decision.widens_at;
        self.widens_at = self.widens_at.into_iter().chain(widens_at).min();
        let waits_alike = waits_alike(&case.state, found.decision.outcome);
        (!found.choices.is_empty() || !waits_alike).then_some(found.choices)
    }

    async fn serve(&mut self, hub: &Hub, case: CaseId, choices: &[Choice]) -> Result<(), HubError> {
        let among = choices
            .iter()
            .filter_map(|choice| self.considered(choice))
            .collect();
        match run_job(hub, &RouteWaiting { case, among }).await {
            Ok(Tried::Offered(offer)) => {
                tracing::info!(case.id = %case, offer.id = %offer.id, "a waiting case was offered");
                if offer.holds_places {
                    self.take_out(offer.facility, offer.pool, offer.places.as_i32());
                }
            }
            // Somebody else was faster; their change of the board brings the next round.
            Ok(Tried::NobodyAfterAll) => {
                for choice in choices {
                    self.take_out(choice.facility, choice.pool, i32::MAX);
                }
            }
            // Or the board has grown meanwhile: the next round begins with those further ahead.
            Ok(Tried::WaitsNoLonger) | Err(HubError::Moved) => {}
            // Without a database the others fail as well: the next round tries again.
            Err(error @ HubError::Store(StoreError::Unavailable(_))) => return Err(error),
            Err(error) => {
                tracing::warn!(case.id = %case, error = %error, "a waiting case could not be tried");
            }
        }
        Ok(())
    }

    fn considered(&self, choice: &Choice) -> Option<Considered> {
        let pool = self.pool(choice.facility, choice.pool)?;
        Some(Considered {
            facility: choice.facility,
            pool: choice.pool,
            room: pool.room(),
        })
    }

    fn pool(&self, facility: FacilityId, key: PoolKey) -> Option<&Pool> {
        let entry = self.directory.entry(facility)?;
        entry.pools.iter().find(|pool| pool.key == key)
    }

    /// Places that were just given away, as many of them as there are, are not there for the next.
    fn take_out(&mut self, facility: FacilityId, key: PoolKey, places: i32) {
        let Some(mut pool) = self.pool(facility, key).cloned() else {
            return;
        };
        pool.held += places.min(pool.room()).max(0);
        let taken = Changes {
            pools: vec![(facility, pool)],
            ..Changes::default()
        };
        if let Some(less) = self.directory.with(self.directory.version, taken) {
            self.directory = Arc::new(less);
        }
    }
}
