//! CaseService.

mod documents;
mod identity;
mod public_status;

use std::sync::Arc;

use serasi_domain::id::CaseId;
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_proto::v1::case_service_server::CaseService;
use serasi_store::cases::{CaseFilter, CaseOrder, CasePosition};
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use super::{caller, run};
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::sight::{Eyes, VeiledList};
use crate::unit_of_work::{Call, execute, run_for};
use crate::verbs::get_case::GetCase;
use crate::verbs::lift_legal_hold::LiftLegalHold;
use crate::verbs::list_cases::ListCases;
use crate::verbs::resolve_directly::ResolveDirectly;
use crate::verbs::set_legal_hold::SetLegalHold;
use crate::verbs::triage_case::TriageCase;
use crate::watch::cases::watch_cases;
use crate::wire::{PageToken, Parse, id_of, need, page_of, page_size, party, record_to_wire};

mod endings;
mod stages;

/// States a list may ask for.
const MAX_STATES: usize = 12;

#[derive(Debug)]
pub(crate) struct CaseHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl CaseService for CaseHandler {
    async fn get_case(
        &self,
        request: Request<v1::GetCaseRequest>,
    ) -> Result<Response<v1::GetCaseResponse>, Status> {
        let caller = caller(&request)?;
        let id: CaseId = id_of(Kind::Case, &request.get_ref().case_id)?;
        let case = run_for(&self.0, caller, GetCase { case: id }).await?;
        Ok(Response::new(v1::GetCaseResponse { case: Some(case) }))
    }

    async fn list_cases(
        &self,
        request: Request<v1::ListCasesRequest>,
    ) -> Result<Response<v1::ListCasesResponse>, Status> {
        let caller = caller(&request)?;
        let (filter, list) = read_filter(&caller, request.get_ref())?;
        let order = filter.order;
        let found = run_for(&self.0, caller.clone(), ListCases { filter }).await?;
        let eyes = Eyes::new(&self.0, &caller);
        let (page, next) = list.page(found, |case| !eyes.of_case(case).is_whole());
        let next = next.map(|case| PageToken::write(&(order_number(order), position(&case))));
        let cases = page.iter().map(|case| eyes.case(case)).collect();
        Ok(Response::new(v1::ListCasesResponse {
            cases,
            next_page_token: next.unwrap_or_default(),
        }))
    }

    type WatchCasesStream = BoxStream<v1::WatchCasesResponse>;

    async fn watch_cases(
        &self,
        request: Request<v1::WatchCasesRequest>,
    ) -> Result<Response<Self::WatchCasesStream>, Status> {
        Ok(Response::new(watch_cases(&self.0, &request).await?))
    }

    async fn triage_case(
        &self,
        request: Request<v1::TriageCaseRequest>,
    ) -> Result<Response<v1::TriageCaseResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let ppks_category = (!request.ppks_category.is_empty())
            .then(|| parse.take("ppks_category", request.ppks_category.clone().try_into()))
            .flatten();
        let needed = match &request.need {
            Some(message) => need(&mut parse, Some(message), 1).map(|read| (read, message.places != 0)),
            None => None,
        };
        let case = id_of(Kind::Case, &request.case_id)?;
        let mutation = TriageCase {
            case,
            version: request.version,
            cluster: parse.optional("cluster", request.cluster),
            ppks_category,
            urgency: parse.optional("urgency", request.urgency),
            target: parse.optional("target", request.target),
            need: needed,
            criteria: parse.list("criteria", &request.criteria),
            party: party(&mut parse, &request.party),
            route_later: request.route_later,
        };
        let request_id = parse.finish(request_id)?;
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn resolve_directly(
        &self,
        request: Request<v1::ResolveDirectlyRequest>,
    ) -> Result<Response<v1::ResolveDirectlyResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let resolution = parse.take("resolution", Text::new(&request.resolution));
        let case = id_of(Kind::Case, &request.case_id)?;
        let (request_id, resolution) = parse.finish(request_id.zip(resolution))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = ResolveDirectly {
            case,
            version: request.version,
            resolution,
        };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn record_assessment(
        &self,
        request: Request<v1::RecordAssessmentRequest>,
    ) -> Result<Response<v1::RecordAssessmentResponse>, Status> {
        run(&self.0, request, stages::record_assessment).await
    }

    async fn record_plan(
        &self,
        request: Request<v1::RecordPlanRequest>,
    ) -> Result<Response<v1::RecordPlanResponse>, Status> {
        run(&self.0, request, stages::record_plan).await
    }

    async fn record_conference(
        &self,
        request: Request<v1::RecordConferenceRequest>,
    ) -> Result<Response<v1::RecordConferenceResponse>, Status> {
        run(&self.0, request, stages::record_conference).await
    }

    async fn record_service(
        &self,
        request: Request<v1::RecordServiceRequest>,
    ) -> Result<Response<v1::RecordServiceResponse>, Status> {
        run(&self.0, request, stages::record_service).await
    }

    async fn record_indicators(
        &self,
        request: Request<v1::RecordIndicatorsRequest>,
    ) -> Result<Response<v1::RecordIndicatorsResponse>, Status> {
        run(&self.0, request, stages::record_indicators).await
    }

    async fn sign_off_stage(
        &self,
        request: Request<v1::SignOffStageRequest>,
    ) -> Result<Response<v1::SignOffStageResponse>, Status> {
        run(&self.0, request, stages::sign_off_stage).await
    }

    async fn advance_stage(
        &self,
        request: Request<v1::AdvanceStageRequest>,
    ) -> Result<Response<v1::AdvanceStageResponse>, Status> {
        run(&self.0, request, stages::advance_stage).await
    }

    async fn start_aftercare(
        &self,
        request: Request<v1::StartAftercareRequest>,
    ) -> Result<Response<v1::StartAftercareResponse>, Status> {
        run(&self.0, request, stages::start_aftercare).await
    }

    async fn close_case(
        &self,
        request: Request<v1::CloseCaseRequest>,
    ) -> Result<Response<v1::CloseCaseResponse>, Status> {
        run(&self.0, request, endings::close_case).await
    }

    async fn reopen_case(
        &self,
        request: Request<v1::ReopenCaseRequest>,
    ) -> Result<Response<v1::ReopenCaseResponse>, Status> {
        run(&self.0, request, endings::reopen_case).await
    }

    async fn link_cases(
        &self,
        request: Request<v1::LinkCasesRequest>,
    ) -> Result<Response<v1::LinkCasesResponse>, Status> {
        run(&self.0, request, endings::link_cases).await
    }

    async fn unlink_cases(
        &self,
        request: Request<v1::UnlinkCasesRequest>,
    ) -> Result<Response<v1::UnlinkCasesResponse>, Status> {
        run(&self.0, request, endings::unlink_cases).await
    }

    async fn list_records(
        &self,
        request: Request<v1::ListRecordsRequest>,
    ) -> Result<Response<v1::ListRecordsResponse>, Status> {
        let caller = caller(&request)?;
        let look = stages::list_records(request.get_ref())?;
        let limit = look.limit;
        let found = run_for(&self.0, caller, look).await?;
        let is_full = i64::try_from(found.len()).is_ok_and(|count| count == limit);
        let (records, is_cut) = page_of(found.iter().map(record_to_wire).collect());
        let last = records.len().checked_sub(1).and_then(|last| found.get(last));
        let next = last.filter(|_| is_full || is_cut);
        Ok(Response::new(v1::ListRecordsResponse {
            records,
            next_page_token: next
                .map(|(record, _)| PageToken::write(&(record.recorded_at, record.id)))
                .unwrap_or_default(),
        }))
    }

    async fn add_document(
        &self,
        request: Request<v1::AddDocumentRequest>,
    ) -> Result<Response<v1::AddDocumentResponse>, Status> {
        self.add(request).await
    }

    async fn remove_document(
        &self,
        request: Request<v1::RemoveDocumentRequest>,
    ) -> Result<Response<v1::RemoveDocumentResponse>, Status> {
        self.remove(request).await
    }

    async fn list_documents(
        &self,
        request: Request<v1::ListDocumentsRequest>,
    ) -> Result<Response<v1::ListDocumentsResponse>, Status> {
        self.documents(request).await
    }

    async fn get_public_status(
        &self,
        request: Request<v1::GetPublicStatusRequest>,
    ) -> Result<Response<v1::GetPublicStatusResponse>, Status> {
        self.public_status(request).await
    }

    async fn bind_identity(
        &self,
        request: Request<v1::BindIdentityRequest>,
    ) -> Result<Response<v1::BindIdentityResponse>, Status> {
        self.bind(request).await
    }

    async fn unbind_identity(
        &self,
        request: Request<v1::UnbindIdentityRequest>,
    ) -> Result<Response<v1::UnbindIdentityResponse>, Status> {
        self.unbind(request).await
    }

    async fn get_identity(
        &self,
        request: Request<v1::GetIdentityRequest>,
    ) -> Result<Response<v1::GetIdentityResponse>, Status> {
        self.identity(request).await
    }

    async fn set_legal_hold(
        &self,
        request: Request<v1::SetLegalHoldRequest>,
    ) -> Result<Response<v1::SetLegalHoldResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let reason = parse.required("reason", request.reason);
        let note = parse.text("note", &request.note);
        let case = id_of(Kind::Case, &request.case_id)?;
        let (request_id, reason) = parse.finish(request_id.zip(reason))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = SetLegalHold { case, reason, note };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn lift_legal_hold(
        &self,
        request: Request<v1::LiftLegalHoldRequest>,
    ) -> Result<Response<v1::LiftLegalHoldResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let case = id_of(Kind::Case, &request.case_id)?;
        let request_id = parse.finish(request_id)?;
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(
            execute(&self.0, call, LiftLegalHold { case }).await?,
        ))
    }
}

fn position(case: &serasi_domain::case::Case) -> CasePosition {
    (case.facts.urgency, case.created_at, case.id)
}

fn read_order(parse: &mut Parse, number: i32) -> CaseOrder {
    match v1::CaseOrder::try_from(number) {
        Ok(v1::CaseOrder::Unspecified | v1::CaseOrder::Created) => CaseOrder::Created,
        Ok(v1::CaseOrder::Queue) => CaseOrder::Queue,
        Err(_) => {
            parse.wrong("order", "is not an order of this list");
            CaseOrder::Created
        }
    }
}

/// In page tokens: one of another order would leave out cases without a word.
const fn order_number(order: CaseOrder) -> i32 {
    match order {
        CaseOrder::Created => v1::CaseOrder::Created as i32,
        CaseOrder::Queue => v1::CaseOrder::Queue as i32,
    }
}

fn read_filter(
    caller: &Permit,
    request: &v1::ListCasesRequest,
) -> Result<(CaseFilter, VeiledList), HubError> {
    let mut parse = Parse::default();
    if request.states.len() > MAX_STATES {
        parse.wrong("states", format!("at most {MAX_STATES} states"));
    }
    let states = request
        .states
        .iter()
        .filter_map(|number| {
            let state = v1::CaseState::try_from(*number).ok();
            parse.state(
                "states",
                "CASE_STATE_",
                state.as_ref().map(v1::CaseState::as_str_name),
            )
        })
        .collect();
    let order = read_order(&mut parse, request.order);
    let token: Option<(i32, CasePosition)> = PageToken::read(&mut parse, &request.page_token);
    if token.is_some_and(|(of, _)| of != order_number(order)) {
        parse.wrong(
            "page_token",
            "belongs to the list in another order; start again without one",
        );
    }
    let reach = caller.reach();
    let within = parse.region("region_code", &request.region_code);
    let list = VeiledList::new(within, page_size(&mut parse, request.page_size));
    let filter = CaseFilter {
        scope: reach.cases,
        own_facility: reach.own_facility,
        reported_by: reach.reported_by,
        owner_region: parse.region("owner_region_code", &request.owner_region_code),
        overdue_only: request.overdue_only,
        within,
        states,
        cluster: parse.optional("cluster", request.cluster),
        urgency: parse.optional("urgency", request.urgency),
        source_system: parse.key_part("source_system", &request.source_system),
        source_ref: parse.key_part("source_ref", &request.source_ref),
        order,
        after: token.map(|(_, position)| position),
        limit: list.limit(),
    };
    parse.finish(Some((filter, list)))
}
