//! IntakeService.

use std::sync::Arc;

use prost::Message;
use serasi_domain::id::Regency;
use serasi_proto::v1;
use serasi_proto::v1::intake_service_server::IntakeService;
use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status, Streaming};

use super::caller;
use crate::auth::Permit;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::Call;
use crate::verbs::propose_links::propose;
use crate::verbs::submit_intake::{SubmitIntake, together};
use crate::wire::{Parse, asked, intake};

mod queue;

#[derive(Debug)]
pub(crate) struct IntakeHandler(pub(crate) Arc<Hub>);

#[tonic::async_trait]
impl IntakeService for IntakeHandler {
    async fn submit_intake(
        &self,
        request: Request<v1::SubmitIntakeRequest>,
    ) -> Result<Response<v1::SubmitIntakeResponse>, Status> {
        let caller = caller(&request)?;
        let taken = submit(&self.0, caller, request.get_ref()).await?;
        Ok(Response::new(taken))
    }

    type StreamIntakesStream = BoxStream<v1::StreamIntakesResponse>;

    async fn stream_intakes(
        &self,
        request: Request<Streaming<v1::StreamIntakesRequest>>,
    ) -> Result<Response<Self::StreamIntakesStream>, Status> {
        Ok(Response::new(queue::replay(&self.0, request)?))
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

/// Takes one report down.
async fn submit(
    hub: &Arc<Hub>,
    caller: Permit,
    request: &v1::SubmitIntakeRequest,
) -> Result<v1::SubmitIntakeResponse, HubError> {
    let (request_id, intake) = read(hub, request)?;
    may_send_for(&caller, intake.source.system_name())?;
    let home = Regency::of(intake.place).ok_or(HubError::Bug("a place above a regency was let through"))?;
    let call = Call::new(caller, request_id, request);
    let report = SubmitIntake {
        intake,
        home,
        route_later: request.route_later,
    };
    together::submit(hub, call, report, request.encoded_len()).await
}

fn read(
    hub: &Hub,
    request: &v1::SubmitIntakeRequest,
) -> Result<(uuid::Uuid, serasi_domain::intake::Intake), HubError> {
    let mut parse = Parse::default();
    let request_id = parse.request_id(&request.request_id);
    let message = parse.require("intake", request.intake.as_ref(), "must be given");
    let now = hub.clock.now();
    let intake = message.and_then(|message| parse.nested("intake", |parse| intake(parse, message, now)));
    parse.finish(request_id.zip(intake))
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
