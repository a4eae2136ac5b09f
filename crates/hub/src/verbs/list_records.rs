//! ListRecords: what was written down in a case. A look at it is an act: it is recorded before the answer leaves.

use serasi_domain::case::record::{CaseRecord, RecordKind};
use serasi_domain::id::{CaseId, RecordId};
use serasi_store::{cases, records};
use time::OffsetDateTime;

use super::open::may_see_case;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Act, Unit};

pub(crate) struct ListRecords {
    pub(crate) case: CaseId,
    /// Empty = all.
    pub(crate) kinds: Vec<RecordKind>,
    pub(crate) after: Option<(OffsetDateTime, RecordId)>,
    pub(crate) limit: i64,
}

impl Act for ListRecords {
    const VERB: &'static str = "ListRecords";
    type Output = Vec<CaseRecord>;

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Vec<CaseRecord>, HubError> {
        let id = self.case;
        let case = cases::get(&mut unit.conn, id)
            .await?
            .filter(|case| may_see_case(unit.caller, case));
        case.ok_or_else(|| HubError::not_found(Kind::Case, id))?;
        unit.audit(id.home(), id).await?;
        let sealer = unit.hub.store.sealer();
        let page = (self.after, self.limit);
        Ok(records::list(&mut unit.conn, sealer, id, &self.kinds, page).await?)
    }
}
