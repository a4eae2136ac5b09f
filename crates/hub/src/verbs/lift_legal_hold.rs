//! LiftLegalHold: the case may be erased when its time is over.

use serasi_domain::id::{CaseId, Regency};
use serasi_proto::v1;
use serasi_store::legal_holds;

use super::open::case_for_change;
use crate::error::{HubError, RuleBroken};
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct LiftLegalHold {
    pub(crate) case: CaseId,
}

impl Mutation for LiftLegalHold {
    const VERB: &'static str = "LiftLegalHold";
    type Response = v1::LiftLegalHoldResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        let by = &unit.caller.principal;
        if !legal_holds::lift(&mut unit.conn, self.case, by).await? {
            return Err(RuleBroken::NotHeld.into());
        }
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::LiftLegalHoldResponse {
            case: Some(Eyes::new(unit.hub, unit.caller).case(&case)),
        })
    }
}
