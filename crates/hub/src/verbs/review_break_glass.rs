//! ReviewBreakGlass: a second person says whether the glass had to be broken.

use serasi_domain::break_glass::{Justification, Verdict};
use serasi_domain::id::{BreakGlassId, Regency};
use serasi_proto::v1;
use serasi_store::break_glass;
use serde_json::json;

use crate::error::{HubError, Kind};
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::break_glass_to_wire;

pub(crate) struct ReviewBreakGlass {
    pub(crate) glass: BreakGlassId,
    pub(crate) verdict: Verdict,
    pub(crate) words: Justification,
}

impl Mutation for ReviewBreakGlass {
    const VERB: &'static str = "ReviewBreakGlass";
    type Response = v1::ReviewBreakGlassResponse;

    fn home(&self) -> Regency {
        self.glass.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let found = break_glass::get(&mut unit.conn, self.glass).await?;
        let glass = unit.caller.find(Kind::BreakGlass, self.glass, found)?;
        let mut glass = glass.review(&unit.caller.principal, self.verdict, unit.now)?;
        let sealer = unit.hub.store.sealer();
        if !break_glass::review(&mut unit.conn, sealer, &glass, &self.words).await? {
            return Err(HubError::Moved);
        }
        glass.version += 1;
        let home = self.glass.home();
        let payload = json!({ "case_id": glass.case, "verdict": self.verdict });
        unit.tell(home, glass.id, glass.version, "break_glass.reviewed", payload)
            .await?;
        unit.audit(home, glass.id).await?;
        Ok(v1::ReviewBreakGlassResponse {
            break_glass: Some(break_glass_to_wire(&glass, unit.now, None)),
        })
    }
}
