//! PreviewRoute: whom the hub would ask now. The look is on record; nothing else happens.

use serasi_domain::id::CaseId;
use serasi_domain::routing::route;
use serasi_proto::v1;
use serasi_store::exclusions;

use super::open::case_to_see;
use super::search::seeker;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Reach, Unit};
use crate::wire::decision_to_wire;

pub(crate) struct PreviewRoute {
    pub(crate) case: CaseId,
}

impl Act for PreviewRoute {
    const VERB: &'static str = "PreviewRoute";
    const REACH: Reach = Reach::Look;
    type Output = v1::Decision;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::Decision, HubError> {
        let id = self.case;
        let case = case_to_see(unit, id).await?;
        let case = case.ok_or_else(|| HubError::not_found(Kind::Case, id))?;
        unit.audit(id.home(), id).await?;
        let excluded = exclusions::of_case(&mut unit.conn, id).await?;
        let policy = unit.hub.policies.of_search(&mut unit.conn, &case).await?;
        if let Some(missing) = policy.missing(&case.facts) {
            return Err(missing.into());
        }
        let board = unit.hub.board.snapshot();
        let found = route(seeker(&case, &excluded), &board.directory, &policy, unit.now)?;
        Ok(decision_to_wire(None, id, &found.decision))
    }
}
