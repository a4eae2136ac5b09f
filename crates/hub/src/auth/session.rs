//! A call that lasts: the token it began with must still be good while it runs (guarantees, rule 19).

use std::sync::Arc;
use std::time::Duration;

use tonic::Request;

use super::{Caller, TokenError, table};
use crate::error::HubError;
use crate::hub::Hub;

#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    hub: Arc<Hub>,
    authorization: String,
    method: &'static str,
}

impl Session {
    /// Of a call of `method` that the authentication layer has let through.
    pub(crate) fn of<T>(
        hub: &Arc<Hub>,
        request: &Request<T>,
        method: &'static str,
    ) -> Result<Self, HubError> {
        let past = HubError::Bug("a call came past the authentication layer");
        let caller = request.extensions().get::<Caller>().cloned().ok_or(past)?;
        let authorization = request.metadata().get("authorization");
        let authorization = authorization.and_then(|value| value.to_str().ok());
        Ok(Self {
            caller,
            hub: Arc::clone(hub),
            authorization: authorization.unwrap_or_default().to_owned(),
            method,
        })
    }

    /// How long the token is still good by the hub's clock, without the leeway that a new call is given.
    pub(crate) fn remains(&self) -> Option<Duration> {
        let end = self.caller.expires_at?;
        Some((end - self.hub.clock.now()).try_into().unwrap_or(Duration::ZERO))
    }

    /// Whether the token has expired.
    pub(crate) fn has_ended(&self) -> bool {
        self.remains() == Some(Duration::ZERO)
    }

    /// Whether the same call would be let through now: its key may have been withdrawn meanwhile.
    pub(crate) fn check(&self) -> Result<(), HubError> {
        let caller = self.hub.verifier.verify(Some(&self.authorization))?;
        if caller != self.caller {
            return Err(TokenError::Claims.into());
        }
        if !table::permits(self.method, &caller.roles) {
            return Err(HubError::Forbidden("none of your roles may call this method"));
        }
        Ok(())
    }
}
