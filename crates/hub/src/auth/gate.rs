//! What a call must pass before anything is done for it: token, role, and the caller's share.

use std::num::NonZeroU32;
use std::time::Duration;

use time::OffsetDateTime;

use super::rate::Buckets;
use super::{Permit, Thumbprint, TokenError, Verifier};

/// The gate of one hub.
pub struct Gate {
    verifier: Verifier,
    buckets: Buckets,
}

/// Why a call does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("none of your roles may call this method")]
    Role,
    #[error("this method is for tokens whose scope is the nation (ID)")]
    NotTheNation,
    #[error("more calls than one caller may make; the next may come in {0:?}")]
    TooFast(Duration),
}

impl Gate {
    #[must_use]
    pub fn new(verifier: Verifier, calls_per_second: NonZeroU32) -> Self {
        Self {
            verifier,
            buckets: Buckets::new(calls_per_second),
        }
    }

    /// What the caller may do, if the call of `method` (a path without the leading slash) may go on.
    pub fn admit(
        &self,
        method: &str,
        authorization: Option<&str>,
        certificate: Option<Thumbprint>,
        now: OffsetDateTime,
    ) -> Result<Permit, Refused> {
        let caller = self.verifier.verify(authorization, certificate, now)?;
        self.buckets.take(&caller.principal).map_err(Refused::TooFast)?;
        Permit::new(method, caller)
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
