//! Reads files of registry rows and of persons: CSV (plain, gzip, Zstandard) and Parquet.
//!
//! Owns headers and their mapping, lines and cells, and what is wrong with a line; what a cell means is the reader's.
//! Memory is that of a few chunks for a file of any length. A problem never shows what a cell holds.

mod cells;
mod chunk;
mod columns;
mod file;
mod lines;
mod rows;
mod sent;
mod table;

pub use cells::{Cells, RowProblem};
pub use chunk::{Chunk, Chunks};
pub use columns::{Columns, InvalidMapping, Mapping, WrongHeader};
pub use file::{FileError, RegistryFile};
pub use rows::{CellProblem, OF_PERSON, OF_ROW, OF_ROW_TO_SEND, OF_SENT, Positions, Row};
pub use sent::{SentRows, push_row};

/// A snapshot of the registry.
pub const SNAPSHOT: Columns = Columns::new(&[
    "registry_id",
    "nik",
    "no_kk",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "kode_wilayah",
    "alamat",
    "nama_ibu_kandung",
]);

/// The same with the number of each row in front, as rows are sent to the hub.
pub const SENT: Columns = Columns::new(&[
    "row",
    "registry_id",
    "nik",
    "no_kk",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "kode_wilayah",
    "alamat",
    "nama_ibu_kandung",
]);

/// Persons to be looked for in it.
pub const PERSONS: Columns = Columns::new(&[
    "person_ref",
    "nik",
    "nama",
    "tanggal_lahir",
    "jenis_kelamin",
    "kode_wilayah",
    "nama_ibu_kandung",
]);

/// What `serasi registry match` writes.
pub const LINKS: Columns = Columns::new(&["person_ref", "registry_id", "weight", "probability", "class"]);

/// Who is who, where it is known.
pub const TRUTH: Columns = Columns::new(&["person_ref", "registry_id"]);

#[cfg(test)]
mod tests;
