//! What a call must pass before anything is done for it: token, role, and the caller's share.

use std::num::NonZeroU32;

use time::OffsetDateTime;

use super::rate::Buckets;
use super::{Caller, Permit, Thumbprint, Verifier};
use crate::error::HubError;

/// The gate of one hub.
pub struct Gate {
    verifier: Verifier,
    buckets: Buckets,
}

impl Gate {
    #[must_use]
    pub fn new(verifier: Verifier, calls_per_second: NonZeroU32) -> Self {
        Self {
            verifier,
            buckets: Buckets::new(calls_per_second),
        }
    }

    /// The permit for a call of `method` (a path without the leading slash), if it may go on.
    pub(crate) fn admit(
        &self,
        method: &str,
        authorization: Option<&str>,
        certificate: Option<Thumbprint>,
        now: OffsetDateTime,
    ) -> Result<Permit, HubError> {
        let caller = self.verifier.verify(authorization, certificate, now)?;
        self.buckets.take(&caller.principal).map_err(HubError::TooFast)?;
        Permit::new(method, Caller::clone(&caller))
    }

    /// Whether such a call may go on; for the bench, which measures what every call pays.
    #[must_use]
    pub fn admits(&self, method: &str, authorization: &str, now: OffsetDateTime) -> bool {
        self.admit(method, Some(authorization), None, now).is_ok()
    }

    pub(crate) const fn verifier(&self) -> &Verifier {
        &self.verifier
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate")
            .field("verifier", &self.verifier)
            .finish_non_exhaustive()
    }
}
