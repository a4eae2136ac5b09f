//! The only crate that knows SQL. Functions take a connection; the caller owns the transaction.
//!
//! It must never know of gRPC, and never let personal data reach the database unsealed.

pub mod answers;
pub mod audit;
pub mod break_glass;
pub mod capacity;
pub mod cases;
pub mod decisions;
pub mod directory;
pub mod documents;
pub mod embedded;
pub mod erasure;
pub mod events;
pub mod exclusions;
pub mod facilities;
pub mod history;
pub mod idempotency;
pub mod identities;
pub mod insight;
pub mod intakes;
pub mod leases;
pub mod legal_holds;
pub mod limit;
pub mod links;
pub mod offers;
pub mod persons;
pub mod placements;
pub mod policies;
pub mod private_file;
pub mod public_codes;
pub mod reconciliations;
pub mod records;
pub mod registrations;
pub mod rotation;
pub mod source_keys;
pub mod stages;
pub mod state;
pub mod subjects;

mod columns;
mod context;
mod error;
mod pool;
mod seal;
mod subject_keys;

pub use context::Context;
pub use error::StoreError;
pub use pool::{Store, StoreSettings, UnsafeSetting, now};
pub use seal::{DataKeyRow, IndexKeys, Kek, Kept, KeyError, KeyFile, Sealer, Transit, TransitSettings};
pub use sqlx::{PgConnection, PgTransaction};
