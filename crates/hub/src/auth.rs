//! Who calls: tokens, roles, scopes. One layer for every call, deny by default.

mod caller;
mod crypto;
mod dev_issuer;
mod layer;
mod permit;
mod table;
mod verifier;

pub use caller::{Caller, Role};
pub use dev_issuer::{DEV_ISSUER, DevIssuer, DevIssuerError, TokenRequest};
pub(crate) use layer::AuthLayer;
pub(crate) use permit::{Belongs, Object, Permit};
pub(crate) use table::Field;
pub use verifier::{AUDIENCE, KeySetError, TokenError, Verifier};
