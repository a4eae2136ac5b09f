//! ListCases: cases without personal data. The look at the list is on record, not each case of it.

use serasi_domain::case::Case;
use serasi_domain::id::Regency;
use serasi_store::Context;
use serasi_store::cases::{self, CaseFilter};

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ListCases {
    pub(crate) filter: CaseFilter,
}

impl Act for ListCases {
    const VERB: &'static str = "ListCases";
    type Output = Vec<Case>;

    fn context(&self, caller: &Permit) -> Context {
        // What somebody has reported is anywhere, and only the reports say so.
        if self.filter.reported_by.is_some() {
            Context::WorkOnPersons
        } else {
            caller.context(None)
        }
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<Case>, HubError> {
        let region = self.filter.within.unwrap_or(unit.caller.scope);
        let home = Regency::of(region).unwrap_or_else(national_home);
        unit.audit(home, format!("cases:{region}")).await?;
        Ok(cases::list(&mut unit.conn, &self.filter).await?)
    }
}
