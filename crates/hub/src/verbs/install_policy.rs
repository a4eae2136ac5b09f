//! The first hub on a database brings the policy new cases follow; after that, administrators activate others.

use serasi_domain::policy::Policy;
use serasi_store::policies;

use super::activate_policy::activate;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

/// Writes and activates the policy if none is active. Two replicas that open at once do not fight: nothing is retired
/// here, so the later one runs into the index of the one active policy, is repeated, and takes what is there.
pub(crate) struct InstallPolicy {
    pub(crate) policy: Policy,
}

impl Act for InstallPolicy {
    const VERB: &'static str = "InstallPolicy";
    type Output = ();

    async fn run(&self, unit: &mut Unit<'_>) -> Result<(), HubError> {
        if policies::active_version(&mut unit.conn).await?.is_some() {
            return Ok(());
        }
        policies::insert_draft(&mut unit.conn, &self.policy, &unit.caller.principal).await?;
        activate(unit, &self.policy.version, None).await?;
        Ok(())
    }
}
