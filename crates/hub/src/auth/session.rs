//! A call that lasts: the token it began with must still be good while it runs (guarantees, rule 19).

use std::sync::Arc;
use std::time::Duration;

use tonic::Request;

use super::{Caller, Permit, Thumbprint, TokenError};
use crate::error::HubError;
use crate::hub::Hub;
use crate::server::Peer;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) permit: Permit,
    hub: Arc<Hub>,
    authorization: String,
    certificate: Option<Thumbprint>,
    method: &'static str,
}

impl Session {
    /// Of a call of `method` that the layer of access has let through.
    pub(crate) fn of<T>(
        hub: &Arc<Hub>,
        request: &Request<T>,
        method: &'static str,
    ) -> Result<Self, HubError> {
        let past = HubError::Bug("a call came past the layer of access");
        let extensions = request.extensions();
        let authorization = request.metadata().get("authorization");
        let authorization = authorization.and_then(|value| value.to_str().ok());
        Ok(Self {
            permit: extensions.get::<Permit>().cloned().ok_or(past)?,
            hub: Arc::clone(hub),
            authorization: authorization.unwrap_or_default().to_owned(),
            certificate: extensions.get::<Peer>().and_then(|peer| peer.certificate),
            method,
        })
    }

    /// How long the token is still good by the hub's clock, without the leeway that a new call is given.
    pub(crate) fn remains(&self) -> Option<Duration> {
        let end = self.permit.expires_at?;
        Some((end - self.hub.clock.now()).try_into().unwrap_or(Duration::ZERO))
    }

    /// Whether the token has expired.
    pub(crate) fn has_ended(&self) -> bool {
        self.permit.still_valid(self.hub.clock.now()).is_err()
    }

    /// Whether the same call would be let through now: its key may have been withdrawn meanwhile. It takes nothing
    /// from the caller's share.
    pub(crate) fn check(&self) -> Result<(), HubError> {
        let verifier = self.hub.gate.verifier();
        let now = self.hub.clock.now();
        let caller = verifier.verify(Some(&self.authorization), self.certificate, now)?;
        if *caller != *self.permit {
            return Err(TokenError::Claims.into());
        }
        Permit::new(self.method, Caller::clone(&caller)).map(drop)
    }
}
