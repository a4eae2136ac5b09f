//! AddDocument: a reference to a file becomes part of the case.

use serasi_domain::document::DocumentKind;
use serasi_domain::id::{CaseId, DocumentId, Regency};
use serasi_domain::intake::DocumentReference;
use serasi_domain::privacy::DataClass;
use serasi_proto::v1;
use serasi_store::documents::{self, NewDocument};
use serasi_store::{Context, erasure};

use super::open::case_for_change;
use crate::error::{HubError, RuleBroken};
use crate::unit_of_work::{Mutation, Unit};

/// Documents of one case, removed ones too.
const MAX_DOCUMENTS: usize = 200;

pub(crate) struct AddDocument {
    pub(crate) case: CaseId,
    pub(crate) kind: DocumentKind,
    pub(crate) reference: DocumentReference,
}

impl Mutation for AddDocument {
    const VERB: &'static str = "AddDocument";
    type Response = v1::AddDocumentResponse;

    fn home(&self) -> Regency {
        self.case.home()
    }

    /// Who has reported the case may add to it, and only the reports say who that is.
    fn context(&self) -> Context {
        Context::WorkOnPersons
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let case = case_for_change(unit, self.case, 0).await?;
        let privacy = erasure::of_case(&mut unit.conn, case.id).await?;
        if privacy.erased.contains(&DataClass::Story) {
            return Err(RuleBroken::Erased.into());
        }
        let sealer = unit.hub.store.sealer();
        if documents::of_case(&mut unit.conn, sealer, case.id).await?.len() >= MAX_DOCUMENTS {
            return Err(HubError::TooMuch("a case has at most 200 documents"));
        }
        let id = DocumentId::new(self.case.home(), unit.new_id());
        let new = NewDocument {
            id,
            kind: self.kind,
            reference: &self.reference,
        };
        let by = &unit.caller.principal;
        documents::add(&mut unit.conn, sealer, self.case, &new, by).await?;
        unit.audit(self.case.home(), self.case).await?;
        Ok(v1::AddDocumentResponse {
            document_id: id.to_string(),
        })
    }
}
