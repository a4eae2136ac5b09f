//! RegistryService.

use std::sync::Arc;

use serasi_domain::id::{PersonId, Regency};
use serasi_geography::{RegionCode, RegionLevel};
use serasi_proto::v1;
use serasi_proto::v1::registry_service_server::RegistryService;
use serasi_store::registrations::{ObligationFilter, ObligationPosition};
use time::Duration;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::{caller, run};
use crate::auth::Permit;
use crate::error::{HubError, Kind};
use crate::hub::Hub;
use crate::policies::national_home;
use crate::unit_of_work::{Call, execute, run_for};
use crate::verbs::acknowledge_report::AcknowledgeReport;
use crate::verbs::get_registration::GetRegistration;
use crate::verbs::list_obligations::ListObligations;
use crate::verbs::record_outcome::RecordOutcome;
use crate::wire::{PageToken, Parse, acknowledgements, id_of, outcomes, page_size};

/// Entries of one bulk request.
const MAX_ENTRIES: usize = 200;
/// States a list may ask for.
const MAX_STATES: usize = 7;
const MAX_AGE_DAYS: i32 = 3_650;

mod matches;
mod reconcile;

#[derive(Debug)]
pub(crate) struct RegistryHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl RegistryService for RegistryHandler {
    async fn get_registration(
        &self,
        request: Request<v1::GetRegistrationRequest>,
    ) -> Result<Response<v1::GetRegistrationResponse>, Status> {
        let caller = caller(&request)?;
        let person: PersonId = id_of(Kind::Registration, &request.get_ref().person_id)?;
        let registration = run_for(&self.0, caller, GetRegistration { person }).await?;
        Ok(Response::new(v1::GetRegistrationResponse {
            registration: Some(registration),
        }))
    }

    async fn list_obligations(
        &self,
        request: Request<v1::ListObligationsRequest>,
    ) -> Result<Response<v1::ListObligationsResponse>, Status> {
        let caller = caller(&request)?;
        let filter = self.read_filter(&caller, request.get_ref())?;
        let act = ListObligations {
            filter,
            without_persons: request.get_ref().without_persons,
        };
        let (owed, next) = run_for(&self.0, caller, act).await?;
        Ok(Response::new(v1::ListObligationsResponse {
            owed,
            next_page_token: next.map(|next| PageToken::write(&next)).unwrap_or_default(),
        }))
    }

    async fn acknowledge_report(
        &self,
        request: Request<v1::AcknowledgeReportRequest>,
    ) -> Result<Response<v1::AcknowledgeReportResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        must_have_entries(&mut parse, "person_ids", request.person_ids.len());
        let request_id = parse.finish(request_id)?;
        let mutation = AcknowledgeReport {
            home: home_of(&caller),
            entries: acknowledgements(&request.person_ids),
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn record_outcome(
        &self,
        request: Request<v1::RecordOutcomeRequest>,
    ) -> Result<Response<v1::RecordOutcomeResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        must_have_entries(&mut parse, "entries", request.entries.len());
        let request_id = parse.finish(request_id)?;
        let mutation = RecordOutcome {
            home: home_of(&caller),
            entries: outcomes(&request.entries),
        };
        let call = Call::new(caller, request_id, &request);
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    type ReconcileStream = BoxStream<v1::ReconcileResponse>;

    async fn reconcile(
        &self,
        request: Request<Streaming<v1::ReconcileRequest>>,
    ) -> Result<Response<Self::ReconcileStream>, Status> {
        Ok(Response::new(reconcile::reconcile(&self.0, request)?))
    }

    async fn get_reconciliation(
        &self,
        request: Request<v1::GetReconciliationRequest>,
    ) -> Result<Response<v1::GetReconciliationResponse>, Status> {
        Ok(Response::new(matches::get(&self.0, request).await?))
    }

    async fn list_reconciliations(
        &self,
        request: Request<v1::ListReconciliationsRequest>,
    ) -> Result<Response<v1::ListReconciliationsResponse>, Status> {
        Ok(Response::new(matches::list(&self.0, request).await?))
    }

    async fn abandon_reconciliation(
        &self,
        request: Request<v1::AbandonReconciliationRequest>,
    ) -> Result<Response<v1::AbandonReconciliationResponse>, Status> {
        matches::abandon(&self.0, request).await
    }

    async fn review_match(
        &self,
        request: Request<v1::ReviewMatchRequest>,
    ) -> Result<Response<v1::ReviewMatchResponse>, Status> {
        run(&self.0, request, matches::read_review).await
    }

    async fn undo_match(
        &self,
        request: Request<v1::UndoMatchRequest>,
    ) -> Result<Response<v1::UndoMatchResponse>, Status> {
        run(&self.0, request, matches::read_undo).await
    }
}

impl RegistryHandler {
    fn read_filter(
        &self,
        caller: &Permit,
        request: &v1::ListObligationsRequest,
    ) -> Result<ObligationFilter, HubError> {
        let mut parse = Parse::default();
        let states = parse.at_most("states", MAX_STATES, &request.states).to_vec();
        let states = states
            .iter()
            .filter_map(|number| {
                let state = v1::ObligationState::try_from(*number).ok();
                let name = state.as_ref().map(v1::ObligationState::as_str_name);
                parse.state("states", "OBLIGATION_STATE_", name)
            })
            .collect();
        if !(0..=MAX_AGE_DAYS).contains(&request.min_age_days) {
            parse.wrong("min_age_days", format!("must be 0-{MAX_AGE_DAYS}"));
        }
        let age = Duration::days(i64::from(request.min_age_days));
        let after: Option<ObligationPosition> = PageToken::read(&mut parse, &request.page_token);
        let reach = caller.reach();
        let filter = ObligationFilter {
            scope: reach.cases,
            addressed: reach.addressed,
            addressee_within: region(
                &mut parse,
                "addressee_region_code",
                &request.addressee_region_code,
            ),
            within: region(&mut parse, "region_code", &request.region_code),
            states,
            overdue_only: request.overdue_only,
            raised_before: (request.min_age_days > 0).then(|| self.0.clock.now() - age),
            after,
            limit: page_size(&mut parse, request.page_size),
        };
        parse.finish(Some(filter))
    }
}

/// A region that reports and cases are told by.
fn region(parse: &mut Parse, field: &str, code: &str) -> Option<RegionCode> {
    let region = parse.region(field, code)?;
    if region.level() > RegionLevel::Regency {
        parse.wrong(field, "must be a regency, a province or ID");
        return None;
    }
    Some(region)
}

fn must_have_entries(parse: &mut Parse, field: &str, entries: usize) {
    if !(1..=MAX_ENTRIES).contains(&entries) {
        parse.wrong(field, format!("must have 1-{MAX_ENTRIES} entries"));
    }
}

/// Where the calls of somebody are remembered whose records are anywhere.
fn home_of(caller: &Permit) -> Regency {
    Regency::of(caller.scope).unwrap_or_else(national_home)
}
