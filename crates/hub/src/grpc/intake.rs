//! IntakeService.

use std::sync::Arc;

use serasi_domain::id::Regency;
use serasi_proto::v1;
use serasi_proto::v1::intake_service_server::IntakeService;
use tonic::{Request, Response, Status};

use super::caller;
use crate::auth::Permit;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Call, execute};
use crate::verbs::propose_links::propose;
use crate::verbs::submit_intake::SubmitIntake;
use crate::wire::{Parse, asked, intake};

#[derive(Debug)]
pub(crate) struct IntakeHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl IntakeService for IntakeHandler {
    async fn submit_intake(
        &self,
        request: Request<v1::SubmitIntakeRequest>,
    ) -> Result<Response<v1::SubmitIntakeResponse>, Status> {
        let caller = caller(&request)?;
        let request = request.into_inner();
        let (request_id, intake) = self.read(&request)?;
        may_send_for(&caller, intake.source.system_name())?;
        let home =
            Regency::of(intake.place).ok_or(HubError::Bug("a place above a regency was let through"))?;
        let call = Call::new(caller, request_id, &request);
        let mutation = SubmitIntake {
            intake,
            home,
            route_later: request.route_later,
        };
        Ok(Response::new(execute(&self.0, call, mutation).await?))
    }

    async fn propose_links(
        &self,
        request: Request<v1::ProposeLinksRequest>,
    ) -> Result<Response<v1::ProposeLinksResponse>, Status> {
        let caller = caller(&request)?;
        let mut parse = Parse::default();
        let asked = asked(&mut parse, request.get_ref(), self.0.clock.now());
        let asked = parse.finish(Some(asked))?;
        let proposals = propose(&self.0, caller, asked).await?;
        Ok(Response::new(v1::ProposeLinksResponse { proposals }))
    }
}

impl IntakeHandler {
    fn read(
        &self,
        request: &v1::SubmitIntakeRequest,
    ) -> Result<(uuid::Uuid, serasi_domain::intake::Intake), HubError> {
        let mut parse = Parse::default();
        let request_id = parse.request_id(&request.request_id);
        let message = parse.require("intake", request.intake.as_ref(), "must be given");
        let now = self.0.clock.now();
        let intake = message.and_then(|message| parse.nested("intake", |parse| intake(parse, message, now)));
        parse.finish(request_id.zip(intake))
    }
}

/// A system's token sends that system's reports only.
fn may_send_for(caller: &Permit, source_system: &str) -> Result<(), HubError> {
    match &caller.system {
        Some(system) if system != source_system => Err(HubError::Forbidden(
            "source_system must be the system your token was given to",
        )),
        Some(_) | None => Ok(()),
    }
}
