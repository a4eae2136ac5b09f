//! AbandonReconciliation: OPEN -> ABANDONED. Nothing was decided; what was kept of the rows goes afterwards.

use serasi_domain::id::{ReconciliationId, Regency};
use serasi_proto::v1;
use serasi_store::reconciliations;

use crate::error::{HubError, Kind};
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::reconciliation_to_wire;

pub(crate) struct AbandonReconciliation {
    pub(crate) id: ReconciliationId,
}

impl Mutation for AbandonReconciliation {
    const VERB: &'static str = "AbandonReconciliation";
    type Response = v1::AbandonReconciliationResponse;

    fn home(&self) -> Regency {
        self.id.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let found = reconciliations::get(&mut unit.conn, self.id).await?;
        let before = unit.caller.find(Kind::Reconciliation, self.id, found)?;
        let gone = before.clone().abandon(unit.now)?;
        let gone = reconciliations::update(&mut unit.conn, gone, &before).await?;
        let gone = gone.ok_or(HubError::Raced)?;
        unit.audit(self.id.home(), self.id).await?;
        Ok(v1::AbandonReconciliationResponse {
            reconciliation: Some(reconciliation_to_wire(&gone)),
        })
    }
}
