//! The rules of the referral centre (Serasi, P16 Ps.28-33), as pure functions and types.
//!
//! It must never know of async, databases, the network, clocks, randomness or logging: `now` and new ids come in as
//! arguments. Cargo enforces the arrow: only `serasi-geography` lies below.

mod code;

pub mod answers;
pub mod break_glass;
pub mod capacity;
pub mod case;
pub mod cluster;
pub mod deadline;
pub mod directory;
pub mod document;
pub mod facility;
pub mod id;
pub mod insight;
pub mod intake;
pub mod need;
pub mod need_to_know;
pub mod offer;
pub mod person;
pub mod placement;
pub mod policy;
pub mod privacy;
pub mod public_code;
pub mod redaction;
pub mod registry;
pub mod regulation;
pub mod routing;
pub mod subject;
pub mod text;

pub use code::UnknownCode;
