//! ListSubjectRequests: what is due when. The look at the list is on record.

use serasi_domain::id::Regency;
use serasi_domain::subject::SubjectRequest;
use serasi_store::Context;
use serasi_store::subjects::{self, RequestFilter};
use time::OffsetDateTime;

use crate::auth::Permit;
use crate::error::HubError;
use crate::policies::national_home;
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ListSubjectRequests {
    pub(crate) filter: RequestFilter,
}

impl Act for ListSubjectRequests {
    const VERB: &'static str = "ListSubjectRequests";
    /// The database's time, and what was found.
    type Output = (OffsetDateTime, Vec<SubjectRequest>);

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let scope = self.filter.scope;
        let home = Regency::of(scope).unwrap_or_else(national_home);
        unit.audit(home, format!("subject-requests:{scope}")).await?;
        Ok((unit.now, subjects::list(&mut unit.conn, &self.filter).await?))
    }
}
