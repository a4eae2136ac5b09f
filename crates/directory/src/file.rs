//! The CSV format of a directory: one facility a line, one column a fact, `FORMAT.md` in words.
//!
//! Owns columns, separators and limits; `read` and `write` are each other's inverse. It checks each cell
//! by itself and the pairs that only make sense together. Whether the facility as a whole is a valid one
//! is the hub's to say, at import.

mod error;
mod parse;
mod pools;
mod read;
mod write;

use serde::{Deserialize, Serialize};

pub use error::{ExportFileError, ImportFileError, RowError};
pub use read::read_facilities;
pub use write::write_facilities;

/// Between the items of a list in one cell.
const LIST_SEPARATOR: char = ';';
/// A cluster or sex of a pool that is not told apart.
const ANY: &str = "any";
const YES: &str = "yes";
const NO: &str = "no";

/// Facilities in one file: as many as one `ImportFacilities` call takes.
const MAX_FACILITIES: usize = 50_000;
/// Bytes of one file: more than a kilobyte for each facility, three times what one needs.
const MAX_FILE_BYTES: usize = 64 * 1024 * 1024;
/// Problems of one file that are told; who has more has made the same mistake in every row.
const MAX_ROW_ERRORS: usize = 1_000;

/// The columns, in the order in which they are written.
const COLUMNS: [&str; 27] = [
    "source_system",
    "source_ref",
    "kind",
    "name",
    "region_code",
    "latitude_deg",
    "longitude_deg",
    "address",
    "clusters",
    "specialisations",
    "bases",
    "forms",
    "targets",
    "sex",
    "min_age_years",
    "max_age_years",
    "access",
    "working_area",
    "supervising_facility_id",
    "partnership_from",
    "partnership_until",
    "ministry_supervised",
    "admission_documents",
    "phone",
    "email",
    "location_hidden",
    "pools",
];
/// Columns that a file may do without.
const OPTIONAL: [&str; 1] = ["location_hidden"];

/// The cells of one line; a field for each of [`COLUMNS`], in the same order.
#[derive(Default, Serialize, Deserialize)]
struct Row<T> {
    source_system: T,
    source_ref: T,
    kind: T,
    name: T,
    region_code: T,
    latitude_deg: T,
    longitude_deg: T,
    address: T,
    clusters: T,
    specialisations: T,
    bases: T,
    forms: T,
    targets: T,
    sex: T,
    min_age_years: T,
    max_age_years: T,
    access: T,
    working_area: T,
    supervising_facility_id: T,
    partnership_from: T,
    partnership_until: T,
    ministry_supervised: T,
    admission_documents: T,
    phone: T,
    email: T,
    #[serde(default)]
    location_hidden: T,
    pools: T,
}

#[cfg(test)]
mod tests;
