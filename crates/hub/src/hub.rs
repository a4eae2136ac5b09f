//! What every handler and job shares.

use std::sync::Arc;

use serasi_domain::policy::Policy;
use serasi_store::Store;

use crate::auth::Verifier;
use crate::board::Board;
use crate::clock::Clock;

/// One replica of the referral centre.
#[derive(Debug)]
pub struct Hub {
    pub(crate) store: Store,
    pub(crate) board: Board,
    pub(crate) policy: Policy,
    pub(crate) verifier: Verifier,
    pub(crate) clock: Clock,
}

/// What a hub is made of.
#[derive(Debug)]
pub struct HubSettings {
    pub store: Store,
    pub policy: Policy,
    pub verifier: Verifier,
    pub clock: Clock,
}

impl Hub {
    /// A hub with the directory loaded. The schema must be migrated.
    pub async fn open(settings: HubSettings) -> Result<Arc<Self>, serasi_store::StoreError> {
        let board = Board::load(&settings.store).await?;
        Ok(Arc::new(Self {
            store: settings.store,
            board,
            policy: settings.policy,
            verifier: settings.verifier,
            clock: settings.clock,
        }))
    }
}
