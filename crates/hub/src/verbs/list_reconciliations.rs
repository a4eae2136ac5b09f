//! ListReconciliations: those of persons in the caller's scope. It names no person.

use serasi_domain::registry::Reconciliation;
use serasi_store::Context;
use serasi_store::reconciliations::{self, ReconciliationPosition};

use crate::auth::Permit;
use crate::error::HubError;
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ListReconciliations {
    pub(crate) before: Option<ReconciliationPosition>,
    pub(crate) limit: i64,
}

impl Act for ListReconciliations {
    const VERB: &'static str = "ListReconciliations";
    type Output = Vec<Reconciliation>;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let Some(scope) = unit.caller.reach().cases else {
            return Ok(vec![]);
        };
        Ok(reconciliations::list(&mut unit.conn, scope, self.before, self.limit).await?)
    }
}
