//! PreviewRoute: whom the hub would ask now. The look is on record; nothing else happens.

use serasi_domain::id::CaseId;
use serasi_domain::routing::route;
use serasi_proto::v1;
use serasi_store::{Context, cases, exclusions};

use super::open::reachable;
use super::search::seeker;
use crate::auth::Permit;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Act, Unit};

pub(crate) struct PreviewRoute {
    pub(crate) case: CaseId,
}

impl Act for PreviewRoute {
    const VERB: &'static str = "PreviewRoute";
    type Output = v1::Decision;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(Some(self.case))
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::Decision, HubError> {
        let id = self.case;
        let found = cases::get(&mut unit.conn, id).await?;
        let case = reachable(&mut unit.conn, unit.caller, id, found).await?;
        unit.audit(id.home(), id).await?;
        let excluded = exclusions::of_case(&mut unit.conn, id).await?;
        let policy = unit.hub.policies.of_search(&mut unit.conn, &case).await?;
        if let Some(missing) = policy.missing(&case.facts) {
            return Err(missing.into());
        }
        let board = unit.hub.board.snapshot();
        let found = route(seeker(&case, &excluded), &board.directory, &policy, unit.now)?;
        Ok(Eyes::new(unit.hub, unit.caller).decision(None, &case, found.decision))
    }
}
