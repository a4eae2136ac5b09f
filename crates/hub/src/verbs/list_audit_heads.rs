//! ListAuditHeads: the signed heads of the trees in a scope.

use serasi_domain::id::Regency;
use serasi_geography::RegionCode;
use serasi_proto::v1;
use serasi_store::Context;
use serasi_store::audit::heads;

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{PageToken, audit_head_to_wire};

pub(crate) struct ListAuditHeads {
    pub(crate) scope: RegionCode,
    /// Region and size of the last head of the page before.
    pub(crate) after: Option<(Regency, u64)>,
    pub(crate) limit: i64,
}

impl Act for ListAuditHeads {
    const VERB: &'static str = "ListAuditHeads";
    type Output = v1::ListAuditHeadsResponse;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let home = Regency::of(self.scope).unwrap_or_else(national_home);
        unit.audit(home, format!("audit:{}", self.scope)).await?;
        let found = heads::list(&mut unit.conn, self.scope, self.after, self.limit).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == self.limit);
        let next = found.last().filter(|_| is_full);
        let next = next.map(|signed| PageToken::write(&(signed.head.region, signed.head.size)));
        Ok(v1::ListAuditHeadsResponse {
            heads: found.iter().map(audit_head_to_wire).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }
}
