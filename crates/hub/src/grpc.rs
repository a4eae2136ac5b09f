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

pub(crate) use audit::AuditHandler;
pub(crate) use case::CaseHandler;
pub(crate) use facility::FacilityHandler;
pub(crate) use insight::InsightHandler;
pub(crate) use intake::IntakeHandler;
pub(crate) use policy::PolicyHandler;
pub(crate) use reference::ReferenceHandler;
pub(crate) use referral::ReferralHandler;
pub(crate) use registry::RegistryHandler;

use tonic::Request;

use crate::auth::Permit;
use crate::error::HubError;

/// The caller as the layer let them in.
fn caller<T>(request: &Request<T>) -> Result<Permit, HubError> {
    request
        .extensions()
        .get::<Permit>()
        .cloned()
        .ok_or(HubError::Bug("a call came past the layer of access"))
}
