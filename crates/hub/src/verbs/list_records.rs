//! ListRecords: what was written down in a case. A look at it is an act: it is recorded before the answer leaves.

use serasi_domain::case::record::{CaseRecord, RecordKind};
use serasi_domain::id::{CaseId, RecordId};
use serasi_domain::need_to_know::Sight;
use serasi_store::{Context, Kept, cases, records};
use time::OffsetDateTime;

use super::get_case::look_through_glass;
use super::open::reachable;
use crate::auth::{Field, Permit};
use crate::error::HubError;
use crate::sight::Eyes;
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
    /// With what they say; empty where it is erased, or not for this caller.
    type Output = Vec<(CaseRecord, String)>;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(None)
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let id = self.case;
        let found = cases::get(&mut unit.conn, id).await?;
        let case = reachable(&mut unit.conn, unit.caller, id, found).await?;
        unit.audit(id.home(), id).await?;
        let sight = if unit.caller.may_use(Field::Records, &case) {
            Sight::Whole
        } else {
            let of_case = Eyes::new(unit.hub, unit.caller).of_case(&case);
            look_through_glass(unit, id, of_case).await?
        };
        let sealer = unit.hub.store.sealer();
        let page = (self.after, self.limit);
        let found = records::list(&mut unit.conn, sealer, id, &self.kinds, page).await?;
        let shown = found
            .into_iter()
            .map(|(record, text)| (record, sight.whole(Kept::there(text).unwrap_or_default())));
        Ok(shown.collect())
    }
}
