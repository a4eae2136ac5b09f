//! The only crate that knows SQL. Functions take a connection; the caller owns the transaction.
//!
//! It must never know of gRPC, and never let personal data reach the database unsealed.

pub mod answers;
pub mod audit;
pub mod capacity;
pub mod cases;
pub mod decisions;
pub mod directory;
pub mod embedded;
pub mod events;
pub mod exclusions;
pub mod facilities;
pub mod history;
pub mod idempotency;
pub mod insight;
pub mod intakes;
pub mod links;
pub mod offers;
pub mod placements;
pub mod policies;
pub mod private_file;
pub mod records;
pub mod source_keys;
pub mod stages;

mod columns;
mod error;
mod pool;
mod seal;

pub use error::StoreError;
pub use pool::{Store, StoreSettings, UnsafeSetting, now};
pub use seal::{KeyError, SealKey, Sealer};
pub use sqlx::{PgConnection, PgTransaction};
