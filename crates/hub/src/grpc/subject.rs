//! SubjectService.

mod lists;

use std::sync::Arc;

use serasi_proto::v1;
use serasi_proto::v1::subject_service_server::SubjectService;
use tonic::{Request, Response, Status};

use super::caller;
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::unit_of_work::{Call, execute, run_for};
use crate::verbs::answer_subject_request::AnswerSubjectRequest;
use crate::verbs::export_subject::ExportSubject;
use crate::verbs::freeze_subject::FreezeSubject;
use crate::verbs::lift_access_danger::LiftAccessDanger;
use crate::verbs::record_subject_request::RecordSubjectRequest;
use crate::verbs::set_access_danger::SetAccessDanger;
use crate::verbs::unfreeze_subject::UnfreezeSubject;
use crate::wire::{PageToken, Parse, answer, id_of, page_size};

#[derive(Debug)]
pub(crate) struct SubjectHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl SubjectService for SubjectHandler {
    async fn record_subject_request(
        &self,
        request: Request<v1::RecordSubjectRequestRequest>,
    ) -> Result<Response<v1::RecordSubjectRequestResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let kind = parse.required("kind", request.kind);
        let requester = parse.required("requester", request.requester);
        let received_at = parse.time("receive_time", request.receive_time.as_ref());
        let person = id_of(Kind::Person, &request.person_id)?;
        let ((request_id, kind), requester) = parse.finish(request_id.zip(kind).zip(requester))?;
        let mutation = RecordSubjectRequest {
            person,
            kind,
            requester,
            received_at,
            access_endangers: request.access_endangers,
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn answer_subject_request(
        &self,
        request: Request<v1::AnswerSubjectRequestRequest>,
    ) -> Result<Response<v1::AnswerSubjectRequestResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let answer = answer(&mut parse, &request);
        let id = id_of(Kind::SubjectRequest, &request.subject_request_id)?;
        let (request_id, answer) = parse.finish(request_id.zip(answer))?;
        let mutation = AnswerSubjectRequest { request: id, answer };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn list_subject_requests(
        &self,
        request: Request<v1::ListSubjectRequestsRequest>,
    ) -> Result<Response<v1::ListSubjectRequestsResponse>, Status> {
        let caller = caller(&request)?;
        let listed = lists::requests(&self.0, caller, request.get_ref()).await?;
        Ok(Response::new(listed))
    }

    async fn export_subject(
        &self,
        request: Request<v1::ExportSubjectRequest>,
    ) -> Result<Response<v1::ExportSubjectResponse>, Status> {
        let caller = caller(&request)?;
        let act = read_export(request.get_ref())?;
        Ok(Response::new(run_for(&self.0, caller, act).await?))
    }

    async fn freeze_subject(
        &self,
        request: Request<v1::FreezeSubjectRequest>,
    ) -> Result<Response<v1::FreezeSubjectResponse>, Status> {
        let (caller, request) = (caller(&request)?, request.into_inner());
        let mutation = FreezeSubject {
            person: id_of(Kind::Person, &request.person_id)?,
        };
        let call = call(caller, &request.request_id, &request)?;
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn unfreeze_subject(
        &self,
        request: Request<v1::UnfreezeSubjectRequest>,
    ) -> Result<Response<v1::UnfreezeSubjectResponse>, Status> {
        let (caller, request) = (caller(&request)?, request.into_inner());
        let mutation = UnfreezeSubject {
            person: id_of(Kind::Person, &request.person_id)?,
        };
        let call = call(caller, &request.request_id, &request)?;
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn set_access_danger(
        &self,
        request: Request<v1::SetAccessDangerRequest>,
    ) -> Result<Response<v1::SetAccessDangerResponse>, Status> {
        let (caller, request) = (caller(&request)?, request.into_inner());
        let mutation = SetAccessDanger {
            person: id_of(Kind::Person, &request.person_id)?,
        };
        let call = call(caller, &request.request_id, &request)?;
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn lift_access_danger(
        &self,
        request: Request<v1::LiftAccessDangerRequest>,
    ) -> Result<Response<v1::LiftAccessDangerResponse>, Status> {
        let (caller, request) = (caller(&request)?, request.into_inner());
        let mutation = LiftAccessDanger {
            person: id_of(Kind::Person, &request.person_id)?,
        };
        let call = call(caller, &request.request_id, &request)?;
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn list_affected_subjects(
        &self,
        request: Request<v1::ListAffectedSubjectsRequest>,
    ) -> Result<Response<v1::ListAffectedSubjectsResponse>, Status> {
        let caller = caller(&request)?;
        let listed = lists::affected(&self.0, caller, request.get_ref()).await?;
        Ok(Response::new(listed))
    }
}

fn call(caller: Permit, request_id: &str, request: &impl prost::Message) -> Result<Call, HubError> {
    let mut parse = Parse::default();
    let read = parse.request_id(request_id);
    Ok(Call::new(caller, parse.finish(read)?, request))
}

fn read_export(request: &v1::ExportSubjectRequest) -> Result<ExportSubject, HubError> {
    let mut parse = Parse::default();
    let before = PageToken::read(&mut parse, &request.page_token);
    let limit = page_size(&mut parse, request.page_size);
    parse.finish(Some(()))?;
    Ok(ExportSubject {
        person: id_of(Kind::Person, &request.person_id)?,
        before,
        limit,
    })
}
