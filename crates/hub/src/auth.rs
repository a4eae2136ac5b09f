//! Who calls: tokens, roles, scopes. One layer for every call, deny by default.

mod caller;
mod claims;
mod crypto;
mod dev_issuer;
mod gate;
mod key_source;
mod keys;
mod layer;
mod permit;
mod rate;
mod session;
mod table;
mod verifier;

pub use caller::{Caller, Role};
pub use dev_issuer::{DEV_ISSUER, DevIssuer, DevIssuerError, TokenRequest};
pub use gate::Gate;
pub use key_source::{KeySource, KeyUrl};
pub(crate) use layer::{AuthLayer, is_open};
pub(crate) use permit::{Belongs, Object, Permit};
pub(crate) use rate::{Buckets, Turnstile};
pub(crate) use session::Session;
pub(crate) use table::Field;
pub use verifier::{AUDIENCE, KeySetError, Thumbprint, TokenError, Verifier};
