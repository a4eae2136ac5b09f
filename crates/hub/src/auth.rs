//! Who calls: tokens, roles, scopes. One layer for every call, deny by default.

mod caller;
mod crypto;
mod dev_issuer;
mod layer;
mod session;
mod table;
mod verifier;

pub use caller::{Caller, Role};
pub use dev_issuer::{DEV_ISSUER, DevIssuer, DevIssuerError, TokenRequest};
pub(crate) use layer::AuthLayer;
pub(crate) use session::Session;
pub(crate) use table::OVERSEERS;
pub use verifier::{AUDIENCE, KeySetError, TokenError, Verifier};
