//! GetBreakGlass: one opening with what was written. Somebody may stand in it by name, so the look goes on record.

use serasi_domain::id::BreakGlassId;
use serasi_proto::v1;
use serasi_store::{Context, break_glass};

use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Unit};
use crate::wire::break_glass_to_wire;

pub(crate) struct GetBreakGlass {
    pub(crate) glass: BreakGlassId,
}

impl Act for GetBreakGlass {
    const VERB: &'static str = "GetBreakGlass";
    type Output = v1::BreakGlass;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<v1::BreakGlass, HubError> {
        let found = break_glass::get(&mut unit.conn, self.glass).await?;
        let glass = unit.caller.find(Kind::BreakGlass, self.glass, found)?;
        unit.audit(self.glass.home(), self.glass).await?;
        let sealer = unit.hub.store.sealer();
        let words = break_glass::words(&mut unit.conn, sealer, self.glass).await?;
        Ok(break_glass_to_wire(&glass, unit.now, words))
    }
}
