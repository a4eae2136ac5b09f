//! Handlers: read the request, run the command or the query, write the response. No rules, no SQL.

mod audit;
mod case;
mod facility;
mod insight;
mod intake;
mod policy;
mod reference;
mod referral;
mod registry;
mod subject;

pub(crate) use audit::AuditHandler;
pub(crate) use case::CaseHandler;
pub(crate) use facility::FacilityHandler;
pub(crate) use insight::InsightHandler;
pub(crate) use intake::IntakeHandler;
pub(crate) use policy::PolicyHandler;
pub(crate) use reference::ReferenceHandler;
pub(crate) use referral::ReferralHandler;
pub(crate) use registry::RegistryHandler;
pub(crate) use subject::SubjectHandler;

use std::sync::Arc;

use prost::Message;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::auth::Permit;
use crate::error::HubError;
use crate::hub::Hub;
use crate::unit_of_work::{Call, Mutation, execute};

/// The caller as the layer let them in.
fn caller<T>(request: &Request<T>) -> Result<Permit, HubError> {
    request
        .extensions()
        .get::<Permit>()
        .cloned()
        .ok_or(HubError::Bug("a call came past the layer of access"))
}

/// Reads a request into its command and runs it.
async fn run<R: Message, M: Mutation>(
    hub: &Arc<Hub>,
    request: Request<R>,
    read: impl FnOnce(&R) -> Result<(Uuid, M), HubError>,
) -> Result<Response<M::Response>, Status> {
    let caller = caller(&request)?;
    let request = request.into_inner();
    let (request_id, mutation) = read(&request)?;
    let call = Call::new(caller, request_id, &request);
    Ok(Response::new(execute(hub, call, mutation).await?))
}
