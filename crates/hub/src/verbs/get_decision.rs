//! GetDecision: why a case went where it went; the look is on record.

use serasi_domain::id::DecisionId;
use serasi_store::decisions::{self, StoredDecision};

use super::open::case_to_see;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Reach, Unit};

pub(crate) struct GetDecision {
    pub(crate) decision: DecisionId,
}

impl Act for GetDecision {
    const VERB: &'static str = "GetDecision";
    const REACH: Reach = Reach::Look;
    type Output = StoredDecision;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<StoredDecision, HubError> {
        decision_to_see(unit, self.decision).await
    }
}

/// A stored decision of a case that the caller may see.
pub(super) async fn decision_to_see(unit: &mut Unit<'_>, id: DecisionId) -> Result<StoredDecision, HubError> {
    let not_found = || HubError::not_found(Kind::Decision, id);
    let stored = decisions::get(&mut unit.conn, id).await?.ok_or_else(not_found)?;
    if case_to_see(unit, stored.case).await?.is_none() {
        return Err(not_found());
    }
    unit.audit(id.home(), id).await?;
    Ok(stored)
}
