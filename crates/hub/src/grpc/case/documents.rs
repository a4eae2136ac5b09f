//! Documents of cases.

use serasi_domain::id::CaseId;
use serasi_proto::v1;
use tonic::{Request, Response, Status};

use super::CaseHandler;
use crate::error::Kind;
use crate::grpc::caller;
use crate::unit_of_work::{Call, execute, run_for};
use crate::verbs::add_document::AddDocument;
use crate::verbs::list_documents::ListDocuments;
use crate::verbs::remove_document::RemoveDocument;
use crate::wire::{Parse, id_of, new_document};

impl CaseHandler {
    pub(super) async fn add(
        &self,
        request: Request<v1::AddDocumentRequest>,
    ) -> Result<Response<v1::AddDocumentResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let document = new_document(&mut parse, &request);
        let case = id_of(Kind::Case, &request.case_id)?;
        let (request_id, (kind, reference)) = parse.finish(request_id.zip(document))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = AddDocument {
            case,
            kind,
            reference,
        };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    pub(super) async fn remove(
        &self,
        request: Request<v1::RemoveDocumentRequest>,
    ) -> Result<Response<v1::RemoveDocumentResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let case = id_of(Kind::Case, &request.case_id)?;
        let document = id_of(Kind::Document, &request.document_id)?;
        let call = Call::new(caller, parse.finish(request_id)?, &request);
        let mutation = RemoveDocument { case, document };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    pub(super) async fn documents(
        &self,
        request: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
        let caller = caller(&request)?;
        let case: CaseId = id_of(Kind::Case, &request.get_ref().case_id)?;
        let found = run_for(&self.0, caller, ListDocuments { case }).await?;
        Ok(Response::new(found))
    }
}
