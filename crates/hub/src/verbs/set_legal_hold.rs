//! SetLegalHold: nothing of the case is erased until the hold is lifted.

use serasi_domain::id::{CaseId, Regency};
use serasi_domain::privacy::HoldReason;
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::legal_holds::{self, NewHold};

use super::open::case_for_change;
use crate::error::{HubError, RuleBroken};
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::optional;

pub(crate) struct SetLegalHold {
    pub(crate) case: CaseId,
    pub(crate) reason: HoldReason,
    pub(crate) note: Option<Text<500>>,
}

impl Mutation for SetLegalHold {
    const VERB: &'static str = "SetLegalHold";
    type Response = v1::SetLegalHoldResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        let hold = NewHold {
            id: unit.new_id(),
            reason: self.reason,
            note: self.note.as_ref().map(Text::as_str),
            by: &unit.caller.principal,
        };
        let sealer = unit.hub.store.sealer();
        if !legal_holds::set(&mut unit.conn, sealer, self.case, &hold).await? {
            return Err(RuleBroken::HeldAlready.into());
        }
        unit.audit(self.case.home(), self.case).await?;
        let mut wire = Eyes::new(unit.hub, unit.caller).case(&case);
        wire.legal_hold = optional(Some(self.reason));
        Ok(v1::SetLegalHoldResponse { case: Some(wire) })
    }
}
