//! ActivatePolicy: new cases follow this version from now on; the one before is retired.

use serasi_domain::id::Regency;
use serasi_proto::v1;
use serasi_store::policies::{self, StoredPolicy};
use serde_json::json;

use crate::error::{HubError, Kind};
use crate::policies::national_home;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::policy_to_wire;

pub(crate) struct ActivatePolicy {
    pub(crate) version: String,
}

impl Mutation for ActivatePolicy {
    const VERB: &'static str = "ActivatePolicy";
    type Response = v1::ActivatePolicyResponse;

    fn home(&self) -> Regency {
        national_home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let retired = policies::retire_other(&mut unit.conn, &self.version).await?;
        let stored = activate(unit, &self.version, retired).await?;
        Ok(v1::ActivatePolicyResponse {
            policy: Some(policy_to_wire(&stored)),
        })
    }
}

/// Activates a version that exists while no other is active, and tells; one that is active already stays so.
pub(super) async fn activate(
    unit: &mut Unit<'_>,
    version: &str,
    retired: Option<String>,
) -> Result<StoredPolicy, HubError> {
    let is_news = policies::activate(&mut unit.conn, version, &unit.caller.principal).await?;
    let stored = policies::get(&mut unit.conn, version).await?;
    let stored = stored.ok_or_else(|| HubError::not_found(Kind::Policy, version))?;
    if is_news {
        let payload = json!({ "version": version, "retired": retired });
        unit.tell(
            national_home(),
            version,
            stored.revision,
            "policy.activated",
            payload,
        )
        .await?;
    }
    unit.audit(national_home(), version).await?;
    Ok(stored)
}
