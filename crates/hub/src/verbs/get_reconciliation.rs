//! GetReconciliation: how far one is, and what came of it. It names no person.

use serasi_domain::id::ReconciliationId;
use serasi_domain::registry::Reconciliation;
use serasi_store::{Context, reconciliations};

use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Unit};

pub(crate) struct GetReconciliation {
    pub(crate) id: ReconciliationId,
}

impl Act for GetReconciliation {
    const VERB: &'static str = "GetReconciliation";
    type Output = Reconciliation;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Reconciliation, HubError> {
        let found = reconciliations::get(&mut unit.conn, self.id).await?;
        unit.caller.find(Kind::Reconciliation, self.id, found)
    }
}
