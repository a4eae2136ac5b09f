//! The only crate that knows gRPC: it turns calls into commands, runs each in one transaction that a cancelled call
//! cannot drop, and turns every error into one status. SQL is the store's, rules are the domain's.

pub mod auth;
pub mod clock;
pub mod hostile;
pub mod search_terms;
pub mod server;

mod board;
mod dry_run;
mod error;
mod feed;
mod gather;
mod grpc;
mod heads_file;
mod hub;
mod jobs;
mod linkage_identity;
mod policies;
mod reconciliation;
mod relay;
mod replay;
mod sight;
mod status;
mod unit_of_work;
mod verbs;
mod watch;
mod wire;

pub use heads_file::{HeadsFile, HeadsFileError};
pub use hub::{AuditSettings, Hub, HubSettings, OpenError};
pub use relay::RelaySettings;
pub use watch::WatchLimits;
pub use wire::policy_content;
