//! ListBreakGlass: openings of masked cases, without what was written. The look at the list is on record.

use serasi_domain::break_glass::BreakGlass;
use serasi_domain::id::Regency;
use serasi_store::Context;
use serasi_store::break_glass::{self, BreakGlassFilter};
use time::OffsetDateTime;

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ListBreakGlass {
    pub(crate) filter: BreakGlassFilter,
}

impl Act for ListBreakGlass {
    const VERB: &'static str = "ListBreakGlass";
    /// The database's time, and what was found.
    type Output = (OffsetDateTime, Vec<BreakGlass>);

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let scope = self.filter.scope;
        let home = Regency::of(scope).unwrap_or_else(national_home);
        unit.audit(home, format!("break-glass:{scope}")).await?;
        Ok((unit.now, break_glass::list(&mut unit.conn, &self.filter).await?))
    }
}
