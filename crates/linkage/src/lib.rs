//! Probabilistic record linkage for the social registry: is this row that person?
//!
//! Owns comparators for Indonesian identities, weights in the manner of Fellegi and Sunter, their estimation
//! without labels, blocking, and the link that explains itself. Pure: no I/O, no clock, no randomness but a
//! seeded one, no async. It must never show a name, a number or a date of anybody: `Debug` is redacted.

mod birth;
mod block;
mod compare;
mod em;
mod level;
mod link;
mod name;
mod nik;
mod pairs;
pub mod population;
mod propose;
mod quality;
mod ranking;
mod record;
mod scale;
mod sought;
mod survey;
mod terms;
mod weights;

pub use birth::{Birth, InvalidBirth};
pub use compare::{BirthLevel, Comparison, NameLevel, NikLevel, PlaceLevel, SexLevel};
pub use link::{Class, Link, Links, link, link_all};
pub use name::Name;
pub use nik::{InvalidNik, Nik};
pub use pairs::{Comparer, Pairs};
pub use propose::{Proposal, Proposer};
pub use quality::{Judged, Point, Quality};
pub use ranking::{Near, Ranking, Top, keep_best};
pub use record::{Field, FieldError, FieldProblem, Identity, RawIdentity, Sex};
pub use scale::Part;
pub use sought::{Gather, Look, Sought};
pub use survey::Survey;
pub use weights::{InvalidWeights, LevelWeight, Weights};
