//! The policies this replica knows: versions never change, so each is read once; which one is active is asked again and
//! again. An activation by another replica is seen at the next look.

use std::collections::BTreeMap;
use std::sync::{Arc, RwLock};

use serasi_domain::case::Case;
use serasi_domain::id::Regency;
use serasi_domain::policy::Policy;
use serasi_store::{PgConnection, Store, StoreError, decisions, policies};
use tokio::sync::Mutex;

use crate::error::{HubError, RuleBroken};

#[derive(Debug)]
pub(crate) struct Policies {
    known: RwLock<Known>,
    /// One look at a time, or the later one would undo the earlier.
    looking: Mutex<()>,
}

#[derive(Debug)]
struct Known {
    by_version: BTreeMap<String, Arc<Policy>>,
    active: Arc<Policy>,
}

/// Where national acts are on record: Jakarta Pusat, the seat of the ministry.
pub(crate) fn national_home() -> Regency {
    "31.71"
        .parse()
        .ok()
        .and_then(Regency::of)
        .expect("31.71 is a city")
}

impl Policies {
    /// Starts with a policy to go by until the first look.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            known: RwLock::new(Known {
                by_version: BTreeMap::new(),
                active: Arc::new(policy),
            }),
            looking: Mutex::new(()),
        }
    }

    /// What new cases follow.
    pub(crate) fn active(&self) -> Arc<Policy> {
        self.read(|known| Arc::clone(&known.active))
    }

    /// A version, from the database if this replica has not met it yet.
    pub(crate) async fn version(
        &self,
        conn: &mut PgConnection,
        version: &str,
    ) -> Result<Arc<Policy>, HubError> {
        let found = self.find(conn, version).await?;
        found.ok_or_else(|| RuleBroken::PolicyUnknown(version.to_owned()).into())
    }

    /// What a case follows: the version it was routed under. Should nobody know that version, people must not wait for
    /// somebody to write it down again: the active one holds.
    pub(crate) async fn of_case(
        &self,
        conn: &mut PgConnection,
        case: &Case,
    ) -> Result<Arc<Policy>, HubError> {
        let version = &case.policy_version;
        if let Some(policy) = self.find(conn, version).await? {
            return Ok(policy);
        }
        tracing::warn!(case.id = %case.id, policy.version = %version, "an unknown policy: the active one holds");
        Ok(self.active())
    }

    /// What the next search for a case follows: the version it was routed under, or the active one if it never was.
    pub(crate) async fn of_search(
        &self,
        conn: &mut PgConnection,
        case: &Case,
    ) -> Result<Arc<Policy>, HubError> {
        if decisions::has_any(conn, case.id).await? {
            self.of_case(conn, case).await
        } else {
            Ok(self.active())
        }
    }

    /// Looks which policy is active now; without an answer the last one stays.
    pub(crate) async fn look(&self, store: &Store) {
        if let Err(error) = self.refresh(store).await {
            tracing::warn!(error = %error, "the active policy could not be looked up");
        }
    }

    /// Looks which policy is active now.
    pub(crate) async fn refresh(&self, store: &Store) -> Result<(), StoreError> {
        let _alone = self.looking.lock().await;
        let mut connection = store.read().await?;
        let Some(version) = policies::active_version(&mut connection).await? else {
            return Ok(());
        };
        if let Some(policy) = self.find(&mut connection, &version).await? {
            self.write(|known| known.active = policy);
        }
        Ok(())
    }

    async fn find(&self, conn: &mut PgConnection, version: &str) -> Result<Option<Arc<Policy>>, StoreError> {
        if let Some(policy) = self.read(|known| known.by_version.get(version).cloned()) {
            return Ok(Some(policy));
        }
        let Some(stored) = policies::get(conn, version).await? else {
            return Ok(None);
        };
        let policy = Arc::new(stored.policy);
        self.write(|known| known.by_version.insert(version.to_owned(), Arc::clone(&policy)));
        Ok(Some(policy))
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.known.read().expect("nobody panics while holding this lock"))
    }

    fn write<T>(&self, change: impl FnOnce(&mut Known) -> T) -> T {
        change(&mut self.known.write().expect("nobody panics while holding this lock"))
    }
}
