//! RemoveDocument: a document that was a mistake; where it is is forgotten.

use serasi_domain::id::{CaseId, DocumentId, Regency};
use serasi_proto::v1;
use serasi_store::documents;

use super::open::case_for_change;
use crate::error::{HubError, Kind};
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct RemoveDocument {
    pub(crate) case: CaseId,
    pub(crate) document: DocumentId,
}

impl Mutation for RemoveDocument {
    const VERB: &'static str = "RemoveDocument";
    type Response = v1::RemoveDocumentResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        case_for_change(unit, self.case, 0).await?;
        let (document, by) = (self.document.uuid(), &unit.caller.principal);
        let is_removed = documents::remove(&mut unit.conn, self.case, document, by).await?;
        // Who removes what is removed has what they want.
        if !is_removed && !documents::is_there(&mut unit.conn, self.case, document).await? {
            return Err(HubError::not_found(Kind::Document, self.document));
        }
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::RemoveDocumentResponse {})
    }
}
