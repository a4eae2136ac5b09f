//! GetDecision: why a case went where it went; the look is on record.

use serasi_domain::case::Case;
use serasi_domain::id::DecisionId;
use serasi_store::decisions::{self, StoredDecision};
use serasi_store::{Context, cases};

use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Unit};

pub(crate) struct GetDecision {
    pub(crate) decision: DecisionId,
}

impl Act for GetDecision {
    const VERB: &'static str = "GetDecision";
    type Output = (Case, StoredDecision);

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        decision_to_see(unit, self.decision).await
    }
}

/// A stored decision of a case that the caller may see.
pub(super) async fn decision_to_see(
    unit: &mut Unit<'_>,
    id: DecisionId,
) -> Result<(Case, StoredDecision), HubError> {
    let stored = decisions::get(&mut unit.conn, id).await?;
    let case = match &stored {
        Some(stored) => cases::get(&mut unit.conn, stored.case).await?,
        None => None,
    };
    let case = unit.caller.find(Kind::Decision, id, case)?;
    let stored = stored.ok_or_else(|| HubError::not_found(Kind::Decision, id))?;
    unit.audit(id.home(), id).await?;
    Ok((case, stored))
}
