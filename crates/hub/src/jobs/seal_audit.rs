//! Gives audit entries their places in the trees, signs the heads and takes them out of the database. One replica does it
//! for all; another one takes over within seconds.
//!
//! Between commit and seal, about a second, an entry could be removed without a trace in the tree; the queue then names
//! one that is not there, which is logged as an error.

use std::sync::Arc;
use std::time::Duration;

use serasi_ledger::{Head, SignedHead};
use serasi_store::Context;
use serasi_store::audit::heads;
use serasi_store::audit::seal::{self, Sealed};
use serasi_store::leases::{self, Lease};
use tokio::sync::watch;
use tokio::time::Instant;
use uuid::Uuid;

use super::goes_on;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Act, Unit, run_job};

const JOB: &str = "seal-audit";
/// Entries wait about this long.
const POLL: Duration = Duration::from_millis(500);
/// Who does not hold the lease asks for it this often, and who does renews it.
const LEASE_EVERY: Duration = Duration::from_secs(3);
/// Entries of the release before are looked for this often.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// How far back, after the first look.
const SWEEP_BACK: Duration = Duration::from_hours(48);
/// Entries sealed in one transaction.
const BATCH: i64 = 2_000;

struct TakeLease {
    holder: Uuid,
}

impl Act for TakeLease {
    const VERB: &'static str = "TakeSealingLease";
    type Output = Option<Lease>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Option<Lease>, HubError> {
        Ok(leases::take(&mut unit.conn, JOB, self.holder).await?)
    }
}

struct KeepLease {
    lease: Lease,
    /// Give it back instead.
    release: bool,
}

impl Act for KeepLease {
    const VERB: &'static str = "KeepSealingLease";
    type Output = bool;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<bool, HubError> {
        if self.release {
            leases::release(&mut unit.conn, &self.lease).await?;
        }
        Ok(!self.release && leases::keep(&mut unit.conn, &self.lease).await?)
    }
}

struct Sweep {
    /// Nobody has looked since this hub started.
    is_first: bool,
}

impl Act for Sweep {
    const VERB: &'static str = "EnqueueForgotten";
    type Output = u64;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<u64, HubError> {
        // A release that knew no queue may have been back for longer than a day.
        let since = (!self.is_first).then(|| unit.now - SWEEP_BACK);
        Ok(seal::enqueue_forgotten(&mut unit.conn, since).await?)
    }
}

struct Seal {
    lease: Lease,
}

impl Act for Seal {
    const VERB: &'static str = "SealAudit";
    type Output = Sealed;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Sealed, HubError> {
        let sealed = seal::seal(&mut unit.conn, &self.lease, BATCH).await?;
        sealed.ok_or(HubError::Moved)
    }
}

struct Sign {
    lease: Lease,
}

impl Act for Sign {
    const VERB: &'static str = "SignAuditHeads";
    type Output = Vec<SignedHead>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<SignedHead>, HubError> {
        if !leases::keep(&mut unit.conn, &self.lease).await? {
            return Err(HubError::Moved);
        }
        let (at, trees) = seal::unsigned(&mut unit.conn).await?;
        let signed: Vec<_> = trees
            .iter()
            .map(|(region, tree)| {
                let head = Head {
                    region: *region,
                    size: tree.size(),
                    root: tree.root(),
                    at,
                    key: String::new(),
                };
                SignedHead::sign(head, &unit.hub.audit_signer)
            })
            .collect();
        heads::insert(&mut unit.conn, &signed).await?;
        // All of them: another replica may have signed what this folder has never seen.
        Ok(heads::newest(&mut unit.conn).await?)
    }
}

/// When what was done last.
struct Sealer {
    holder: Uuid,
    lease: Option<Lease>,
    asked: Option<Instant>,
    signed: Option<Instant>,
    swept: Option<Instant>,
}

pub(super) async fn run(hub: Arc<Hub>, mut stop: watch::Receiver<bool>) {
    let mut sealer = Sealer {
        holder: hub.clock.new_id(),
        lease: None,
        asked: None,
        signed: None,
        swept: None,
    };
    loop {
        if let Err(error) = sealer.round(&hub).await {
            sealer.failed(&error);
        }
        if !goes_on(&mut stop, POLL).await {
            break;
        }
    }
    if let Err(error) = sealer.end(&hub).await {
        sealer.failed(&error);
    }
}

impl Sealer {
    async fn round(&mut self, hub: &Hub) -> Result<(), HubError> {
        if is_due(self.asked, LEASE_EVERY) {
            self.asked = Some(Instant::now());
            self.lease = match self.lease {
                Some(lease) => {
                    let keeps = KeepLease {
                        lease,
                        release: false,
                    };
                    run_job(hub, &keeps).await?.then_some(lease)
                }
                None => run_job(hub, &TakeLease { holder: self.holder }).await?,
            };
        }
        let Some(lease) = self.lease else {
            return Ok(());
        };
        if is_due(self.swept, SWEEP_EVERY) {
            let forgotten = run_job(
                hub,
                &Sweep {
                    is_first: self.swept.is_none(),
                },
            )
            .await?;
            if forgotten > 0 {
                tracing::warn!(
                    forgotten,
                    "audit entries without a place in the queue; they are sealed now"
                );
            }
            self.swept = Some(Instant::now());
        }
        seal_all(hub, lease).await?;
        if is_due(self.signed, hub.audit_every) {
            sign(hub, lease).await?;
            self.signed = Some(Instant::now());
        }
        Ok(())
    }

    /// What was done up to the stop leaves the database, and somebody else may go on at once.
    async fn end(&self, hub: &Hub) -> Result<(), HubError> {
        let Some(lease) = self.lease else {
            return Ok(());
        };
        seal_all(hub, lease).await?;
        sign(hub, lease).await?;
        run_job(hub, &KeepLease { lease, release: true }).await?;
        Ok(())
    }

    fn failed(&mut self, error: &HubError) {
        if matches!(error, HubError::Moved) {
            tracing::info!("another replica seals the audit log now");
            self.lease = None;
        } else {
            tracing::warn!(error = %error, "the audit log could not be sealed; trying again");
        }
    }
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}

async fn seal_all(hub: &Hub, lease: Lease) -> Result<(), HubError> {
    loop {
        let mut connection = hub.store.begin(Context::Work).await?;
        let is_needed = seal::is_needed(&mut connection).await?;
        drop(connection);
        if !is_needed {
            return Ok(());
        }
        let sealed = run_job(hub, &Seal { lease }).await?;
        for id in sealed.vanished {
            tracing::error!(audit.id = %id, "an audit entry was removed or moved before it was sealed");
            metrics::counter!("serasi_audit_vanished_total").increment(1);
        }
    }
}

/// Signs what has grown, and writes the heads down outside the database.
async fn sign(hub: &Hub, lease: Lease) -> Result<(), HubError> {
    let newest = run_job(hub, &Sign { lease }).await?;
    let mut file = hub.audit_heads.lock().await;
    match file.export(&newest) {
        Ok(_) => metrics::gauge!("serasi_audit_last_export_timestamp_seconds").set(seconds(hub)),
        Err(error) => {
            tracing::error!(error = %error, "audit heads could not be written outside the database; trying again");
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "metrics are f64; exact up to 2^53")]
fn seconds(hub: &Hub) -> f64 {
    hub.clock.now().unix_timestamp() as f64
}
