//! CreatePolicy: a version is written down as a draft, once. It holds for nobody until it is activated.

use serasi_domain::id::Regency;
use serasi_domain::policy::Policy;
use serasi_proto::v1;
use serasi_store::policies;

use crate::error::{HubError, Kind};
use crate::policies::national_home;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::policy_to_wire;

pub(crate) struct CreatePolicy {
    pub(crate) policy: Policy,
}

impl Mutation for CreatePolicy {
    const VERB: &'static str = "CreatePolicy";
    type Response = v1::CreatePolicyResponse;

    fn home(&self) -> Regency {
        national_home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let version = &self.policy.version;
        policies::insert_draft(&mut unit.conn, &self.policy, &unit.caller.principal).await?;
        let stored = policies::get(&mut unit.conn, version).await?;
        let stored = stored.ok_or(HubError::Bug("a policy that was written vanished"))?;
        let differences = stored.policy.differences(&self.policy);
        if !differences.is_empty() {
            return Err(HubError::Exists {
                kind: Kind::Policy,
                id: version.clone(),
                differences: Some(differences),
            });
        }
        unit.audit(national_home(), version).await?;
        Ok(v1::CreatePolicyResponse {
            policy: Some(policy_to_wire(&stored)),
        })
    }
}
