//! ReplayDecision: makes a stored decision again; the look is on record.

use serasi_domain::case::Case;
use serasi_domain::id::DecisionId;
use serasi_store::Context;
use serasi_store::decisions::StoredDecision;

use super::get_decision::decision_to_see;
use crate::auth::Permit;
use crate::error::HubError;
use crate::replay::{Replayed, replay};
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ReplayDecision {
    pub(crate) decision: DecisionId,
}

impl Act for ReplayDecision {
    const VERB: &'static str = "ReplayDecision";
    type Output = (Case, StoredDecision, Replayed);

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let (case, stored) = decision_to_see(unit, self.decision).await?;
        let replayed = replay(unit.hub, &mut unit.conn, &stored).await?;
        Ok((case, stored, replayed))
    }
}
