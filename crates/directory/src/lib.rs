//! The directory of facilities before it reaches the hub: the file format it is imported in.
//!
//! Owns the format of `FORMAT.md`. It speaks in the contract's own messages, ready to be streamed to
//! `ImportFacilities`. Pure: no I/O of its own, no clock, no randomness. It must never decide who may be
//! asked: what a valid facility is, and whether it may carry out ATENSI, is the domain's.

mod codes;
mod file;

pub use file::{ExportFileError, ImportFileError, RowError, read_facilities, write_facilities};
