//! Harness of the behaviour tests: a real PostgreSQL, a real hub on a real port, and builders of invented people.
//!
//! Every test has a database of its own. `TestHub::finish` asserts that the places of every facility still add up; a
//! test that forgets it fails.

#![expect(
    clippy::unwrap_used,
    reason = "a harness that cannot be set up is a failed test"
)]
#![expect(
    clippy::missing_panics_doc,
    reason = "a harness that cannot be set up is a failed test"
)]
#![expect(clippy::must_use_candidate, reason = "test code reads better without")]

pub mod audit;
pub mod build;
pub mod database;
pub mod invariants;
pub mod issuer;
pub mod pooler;
pub mod python;
pub mod status;

mod binary;
mod hub;

pub use binary::{HubProcess, binary, development_token, free_port, signal};
pub use hub::{Client, Setup, TestHub};
pub use rustix::process::Signal;
