//! OpenBreakGlass: a masked case is opened to one person for a short while, with a reason and a witness to come.

use serasi_domain::break_glass::{
    BreakGlass, BreakGlassReason, IllegalBreakGlass, Justification, REVIEW_WITHIN, Review, may_open,
};
use serasi_domain::id::{BreakGlassId, CaseId, Regency};
use serasi_proto::v1;
use serasi_store::break_glass;
use serde_json::json;
use time::Duration;

use super::open::case_for_change;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::break_glass_to_wire;

pub(crate) struct OpenBreakGlass {
    pub(crate) case: CaseId,
    pub(crate) reason: BreakGlassReason,
    pub(crate) words: Justification,
    /// At most `break_glass::LONGEST`.
    pub(crate) lasts: Duration,
}

impl Mutation for OpenBreakGlass {
    const VERB: &'static str = "OpenBreakGlass";
    type Response = v1::OpenBreakGlassResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        if Eyes::new(unit.hub, unit.caller).of_case(&case).is_whole() {
            return Err(IllegalBreakGlass::NotMasked.into());
        }
        let principal = &unit.caller.principal;
        let since = unit.now - REVIEW_WITHIN;
        let unreviewed = break_glass::unreviewed_of(&mut unit.conn, principal, self.case, since).await?;
        may_open(self.case, &unreviewed)?;
        let home = self.case.home();
        let before = unit.now + REVIEW_WITHIN;
        let glass = BreakGlass {
            id: BreakGlassId::new(home, unit.new_id()),
            version: 1,
            case: self.case,
            principal: unit.caller.principal.clone(),
            reason: self.reason,
            opened_at: unit.now,
            expires_at: unit.now + self.lasts,
            review: Review::Due { before },
        };
        let sealer = unit.hub.store.sealer();
        break_glass::insert(&mut unit.conn, sealer, &glass, before, &self.words).await?;
        let payload = json!({
            "case_id": glass.case, "reason": glass.reason, "expires_at": glass.expires_at.unix_timestamp(),
        });
        unit.tell(home, glass.id, glass.version, "break_glass.opened", payload)
            .await?;
        // On record with the case and with the opening: whoever asks about either finds it.
        unit.audit(home, self.case).await?;
        unit.audit(home, glass.id).await?;
        Ok(v1::OpenBreakGlassResponse {
            break_glass: Some(break_glass_to_wire(&glass, unit.now, None)),
        })
    }
}
