//! ListDocuments: what is there, what was removed, what is owed.

use serasi_domain::id::CaseId;
use serasi_proto::v1;
use serasi_store::{Context, cases};

use super::documents::documents_of;
use super::get_case::look_through_glass;
use super::open::reachable;
use crate::auth::Permit;
use crate::error::HubError;
use crate::sight::Eyes;
use crate::unit_of_work::{Act, Unit};
use crate::wire::{document_to_wire, owed_to_wire};

pub(crate) struct ListDocuments {
    pub(crate) case: CaseId,
}

impl Act for ListDocuments {
    const VERB: &'static str = "ListDocuments";
    type Output = v1::ListDocumentsResponse;

    fn context(&self, caller: &Permit) -> Context {
        caller.context(Some(self.case))
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Output, HubError> {
        let found = cases::get(&mut unit.conn, self.case).await?;
        let case = reachable(&mut unit.conn, unit.caller, self.case, found).await?;
        unit.audit(self.case.home(), self.case).await?;
        let sight = Eyes::new(unit.hub, unit.caller).of_case(&case);
        let sight = look_through_glass(unit, self.case, sight).await?;
        let (kept, owed) = documents_of(unit, &case).await?;
        Ok(v1::ListDocumentsResponse {
            documents: kept.iter().map(|kept| document_to_wire(kept, sight)).collect(),
            owed: owed.into_iter().map(owed_to_wire).collect(),
        })
    }
}
