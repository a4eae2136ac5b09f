//! GetAuditProof: that an entry is in the tree of a signed head, and that an earlier head is a beginning of it.

use serasi_domain::id::AuditId;
use serasi_ledger::{Hash, Plan};
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::audit::{heads, tree};

use crate::auth::Permit;
use crate::error::{HubError, Kind, RuleBroken};
use crate::unit_of_work::{Act, Unit};
use crate::wire::{audit_head_to_wire, audit_leaf_to_wire};

pub(crate) struct GetAuditProof {
    pub(crate) entry: AuditId,
    /// `None` = the newest head.
    pub(crate) size: Option<u64>,
    pub(crate) earlier: Option<u64>,
}

impl Act for GetAuditProof {
    const VERB: &'static str = "GetAuditProof";
    type Output = v1::GetAuditProofResponse;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let (id, region) = (self.entry, self.entry.home());
        let not_found = || HubError::not_found(Kind::AuditEntry, id);
        unit.caller.find(Kind::AuditEntry, id, Some(id))?;
        unit.audit(region, id).await?;
        let Some(index) = tree::index_of(&mut unit.conn, region, id.uuid()).await? else {
            let waits = tree::is_recorded(&mut unit.conn, region, id.uuid()).await?;
            return Err(if waits {
                RuleBroken::NotSealedYet.into()
            } else {
                not_found()
            });
        };
        let leaves = tree::leaves(&mut unit.conn, region, index, 1).await?;
        let leaf = leaves.first().ok_or_else(not_found)?;
        let head = heads::get(&mut unit.conn, region, self.size).await?;
        let head = match (head, self.size) {
            (Some(head), _) => head,
            (None, Some(size)) => {
                return Err(HubError::not_found(
                    Kind::AuditHead,
                    format!("{region} size {size}"),
                ));
            }
            (None, None) => return Err(RuleBroken::NotSealedYet.into()),
        };
        let size = head.head.size;
        let plan = Plan::inclusion(size, index).ok_or(RuleBroken::NotSealedYet)?;
        let inclusion_path = self.prove(unit, &plan).await?;
        let consistency_path = match self.earlier {
            None => vec![],
            Some(earlier) => {
                let missing = || HubError::not_found(Kind::AuditHead, format!("{region} size {earlier}"));
                let plan = Plan::consistency(earlier, size).ok_or_else(missing)?;
                self.prove(unit, &plan).await?
            }
        };
        Ok(v1::GetAuditProofResponse {
            entry: Some(audit_leaf_to_wire(leaf)),
            head: Some(audit_head_to_wire(&head)),
            inclusion_path,
            consistency_path,
        })
    }
}

impl GetAuditProof {
    async fn prove(&self, unit: &mut Unit<'_>, plan: &Plan) -> Result<Vec<String>, HubError> {
        let kept = tree::nodes(&mut unit.conn, self.entry.home(), &plan.needed()).await?;
        let path = plan.prove(&kept);
        let path = path.ok_or(HubError::Bug("nodes of an audit tree are missing"))?;
        Ok(path.iter().map(Hash::to_string).collect())
    }
}
