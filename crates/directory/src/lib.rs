//! The directory of facilities before it reaches the hub: the file format it is imported in, and the
//! reference directory a demo starts from.
//!
//! Owns the format of `FORMAT.md` and the data in `data/`. Both speak in the contract's own messages,
//! ready to be streamed to `ImportFacilities`. Pure: no I/O of its own, no clock, no randomness but the
//! repeatable draws of `draw`. It must never decide who may be asked: what a valid facility is, and
//! whether it may carry out ATENSI, is the domain's.

mod codes;
#[cfg(test)]
mod demo_cases;
mod draw;
mod file;
mod published;
mod reference;
mod synthetic;

pub use file::{ExportFileError, ImportFileError, RowError, read_facilities, write_facilities};
pub use reference::reference_facilities;
