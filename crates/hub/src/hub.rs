//! What every handler and job shares.

use std::sync::Arc;
use std::time::Duration;

use serasi_domain::policy::Policy;
use serasi_ledger::Signer;
use serasi_store::{Store, StoreError};
use tokio::sync::{Mutex, Semaphore, watch};

use crate::auth::{Buckets, Gate, Turnstile};
use crate::board::Board;
use crate::clock::Clock;
use crate::error::HubError;
use crate::feed::Feed;
use crate::gather::Gathering;
use crate::heads_file::HeadsFile;
use crate::policies::Policies;
use crate::reconciliation::Reconciling;
use crate::relay::RelaySettings;
use crate::unit_of_work::{Waiting, run_job};
use crate::verbs::accept_offer::AcceptOffer;
use crate::verbs::decline_offer::DeclineOffer;
use crate::verbs::install_policy::InstallPolicy;
use crate::verbs::submit_intake::together;
use crate::watch::WatchLimits;

/// One replica of the referral centre.
#[derive(Debug)]
pub struct Hub {
    pub(crate) store: Store,
    pub(crate) board: Board,
    pub(crate) policies: Policies,
    pub(crate) gate: Gate,
    pub(crate) clock: Clock,
    /// Reports that wait to be taken down together.
    pub(crate) intakes: Gathering<together::Entry>,
    /// For those of them that wait for a house, each with a connection in its hand: few, so that others have some.
    pub(crate) waiting_intakes: Semaphore,
    /// Answers that wait to be written together.
    pub(crate) acceptances: Gathering<Waiting<AcceptOffer>>,
    pub(crate) declines: Gathering<Waiting<DeclineOffer>>,
    /// One dry run at a time: each holds a connection, and the changes of its period in memory.
    pub(crate) dry_run: Semaphore,
    /// The reconciliation that is going on here.
    pub(crate) reconciling: Reconciling,
    /// Looks at people by a number.
    pub(crate) lookups: Buckets,
    /// Asks without a token.
    pub(crate) turnstile: Turnstile,
    pub(crate) audit_signer: Signer,
    pub(crate) audit_heads: Mutex<HeadsFile>,
    pub(crate) audit_every: Duration,
    /// New events, for all who watch.
    pub(crate) feed: Feed,
    pub(crate) limits: WatchLimits,
    /// Where events go outside; `None` = nowhere.
    pub(crate) relay: Option<RelaySettings>,
    /// Turns true when the server is told to stop: streams end then.
    pub(crate) stopping: watch::Sender<bool>,
}

/// What a hub is made of.
#[derive(Debug)]
pub struct HubSettings {
    pub store: Store,
    /// Installed and activated where the database has no active policy yet; else the database's counts.
    pub policy: Policy,
    pub gate: Gate,
    pub clock: Clock,
    pub audit: AuditSettings,
    pub limits: WatchLimits,
    /// Where events go outside; `None` = nowhere.
    pub relay: Option<RelaySettings>,
}

/// How the audit log is made checkable.
#[derive(Debug)]
pub struct AuditSettings {
    /// Signs the heads of the trees.
    pub signer: Signer,
    /// Where they are kept outside the database.
    pub heads: HeadsFile,
    /// How often they are signed and written down.
    pub every: Duration,
}

/// Why a hub does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the policy cannot be installed: {0}")]
    Policy(String),
}

impl Hub {
    /// A hub with the directory and the active policy loaded. The schema must be migrated.
    pub async fn open(settings: HubSettings) -> Result<Arc<Self>, OpenError> {
        let board = Board::load(&settings.store).await?;
        let feed = Feed::start(&settings.store, settings.limits.ring_batches).await?;
        let hub = Self {
            store: settings.store,
            board,
            policies: Policies::new(settings.policy.clone()),
            gate: settings.gate,
            clock: settings.clock,
            intakes: Gathering::default(),
            waiting_intakes: Semaphore::new(together::MOST_WAITING),
            acceptances: Gathering::default(),
            declines: Gathering::default(),
            dry_run: Semaphore::new(1),
            reconciling: Reconciling::default(),
            lookups: Buckets::lookups(),
            turnstile: Turnstile::new(),
            audit_signer: settings.audit.signer,
            audit_heads: Mutex::new(settings.audit.heads),
            audit_every: settings.audit.every,
            feed,
            limits: settings.limits,
            relay: settings.relay,
            stopping: watch::Sender::new(false),
        };
        hub.install(settings.policy).await?;
        Ok(Arc::new(hub))
    }

    async fn install(&self, policy: Policy) -> Result<(), OpenError> {
        let install = InstallPolicy { policy };
        run_job(self, &install).await?;
        self.policies.refresh(&self.store).await?;
        let active = self.policies.active();
        let differences = active.differences(&install.policy);
        if !differences.is_empty() {
            tracing::warn!(
                policy.active = %active.version,
                policy.given = %install.policy.version,
                differences = %differences.join(", "),
                "the database has another active policy, and that one counts; to change it: serasi policy create FILE \
                 under a new version, then serasi policy activate VERSION"
            );
        }
        Ok(())
    }
}

impl From<HubError> for OpenError {
    fn from(error: HubError) -> Self {
        if let HubError::Store(error) = error {
            return Self::Store(error);
        }
        Self::Policy(error.to_string())
    }
}
