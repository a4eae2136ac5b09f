//! Whose NIK it is.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::Evidence;
use serasi_proto::v1;
use tonic::{Request, Response, Status};

use super::CaseHandler;
use crate::error::Kind;
use crate::grpc::caller;
use crate::unit_of_work::{Call, execute, run_for};
use crate::verbs::bind_identity::BindIdentity;
use crate::verbs::get_identity::GetIdentity;
use crate::verbs::unbind_identity::UnbindIdentity;
use crate::wire::{Parse, id_of};

impl CaseHandler {
    pub(super) async fn bind(
        &self,
        request: Request<v1::BindIdentityRequest>,
    ) -> Result<Response<v1::BindIdentityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let nik = parse.id("nik", &request.nik);
        let evidence: Option<Evidence> = parse.required("evidence", request.evidence);
        if evidence == Some(Evidence::Report) {
            parse.wrong("evidence", "REPORT is set by the hub; say what you have seen");
        }
        let case = id_of(Kind::Case, &request.case_id)?;
        let person = id_of(Kind::Person, &request.person_id)?;
        let (request_id, (nik, evidence)) = parse.finish(request_id.zip(nik.zip(evidence)))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = BindIdentity {
            case,
            person,
            nik,
            evidence,
        };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    pub(super) async fn unbind(
        &self,
        request: Request<v1::UnbindIdentityRequest>,
    ) -> Result<Response<v1::UnbindIdentityResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let reason = parse.required("reason", request.reason);
        let case = id_of(Kind::Case, &request.case_id)?;
        let person = id_of(Kind::Person, &request.person_id)?;
        let (request_id, reason) = parse.finish(request_id.zip(reason))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = UnbindIdentity { case, person, reason };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    pub(super) async fn identity(
        &self,
        request: Request<v1::GetIdentityRequest>,
    ) -> Result<Response<v1::GetIdentityResponse>, Status> {
        let caller = caller(&request)?;
        let case: CaseId = id_of(Kind::Case, &request.get_ref().case_id)?;
        let person: PersonId = id_of(Kind::Person, &request.get_ref().person_id)?;
        let found = run_for(&self.0, caller, GetIdentity { case, person }).await?;
        Ok(Response::new(found))
    }
}
