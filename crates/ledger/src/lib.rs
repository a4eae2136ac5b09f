//! The audit log as an outsider checks it: what an entry says, the Merkle trees that hold entries (RFC 6962), the
//! signed heads that leave the database, and the check of an export against them.
//!
//! Pure: no database, no network, no clock. The hub seals with it and `serasi audit verify` checks with it, so that
//! whoever distrusts the operator needs this crate and nothing else of the hub.

mod check;
mod entry;
mod export;
mod hash;
mod head;
mod key;
mod moment;
mod tree;

pub use check::{Check, Finding, Report, TreeReport};
pub use entry::Entry;
pub use export::{Inclusion, Leaf, Line};
pub use hash::Hash;
pub use head::{Head, SignedHead};
pub use key::{DEVELOPMENT, InvalidKey, PublicKey, Signer};
pub use tree::{Frontier, Node, NodePosition, Plan, is_kept};
