//! What can be wrong with a directory file, in words that the sender of the file can act on.

use std::fmt;

/// Why a directory file was not read. Nothing of it is used.
#[derive(Debug, thiserror::Error)]
pub enum ImportFileError {
    /// The first line is not the format's header. The order of the columns is free.
    #[error("{}", header_sentence(missing, unknown, repeated))]
    Header {
        missing: Vec<&'static str>,
        unknown: Vec<String>,
        repeated: Vec<String>,
    },
    /// Every problem of every row, in the order of the lines.
    #[error("{}", rows_sentence(errors, *more))]
    Rows {
        errors: Vec<RowError>,
        /// True = reading stopped at the last problem told here.
        more: bool,
    },
    #[error("the file has more than {limit} facilities; split it")]
    TooManyFacilities { limit: usize },
    #[error("the file has more than {limit} bytes; split it")]
    TooLong { limit: usize },
    #[error("the file cannot be read")]
    Unreadable(#[from] csv::Error),
}

/// One thing that is wrong in one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError {
    /// Line of the file on which the row starts; the header is line 1.
    pub line: u64,
    /// `None` = the row as a whole.
    pub column: Option<&'static str>,
    /// What is wrong and what should stand there.
    pub problem: String,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.column {
            Some(column) => write!(f, "line {}, {column}: {}", self.line, self.problem),
            None => write!(f, "line {}: {}", self.line, self.problem),
        }
    }
}

/// Why facilities cannot be written as a file.
#[derive(Debug, thiserror::Error)]
pub enum ExportFileError {
    /// The format has no way to say it. `position` counts from 0.
    #[error("facility {position}, {column}: {problem}")]
    Inexpressible {
        position: usize,
        column: &'static str,
        problem: &'static str,
    },
    #[error("the file cannot be written")]
    Unwritable(#[from] csv::Error),
}

fn header_sentence(missing: &[&str], unknown: &[String], repeated: &[String]) -> String {
    let mut parts = Vec::new();
    if !missing.is_empty() {
        parts.push(format!("missing columns: {}", missing.join(", ")));
    }
    if !unknown.is_empty() {
        parts.push(format!("unknown columns: {}", unknown.join(", ")));
    }
    if !repeated.is_empty() {
        parts.push(format!("columns that stand twice: {}", repeated.join(", ")));
    }
    // Excel with Indonesian settings separates cells by `;`, which makes one long column of the header.
    if unknown.iter().any(|name| name.contains(';')) {
        parts.push(
            "separate the cells by commas (in Excel: save as \"CSV UTF-8 (comma delimited)\")".to_owned(),
        );
    }
    format!("the header is wrong: {}", parts.join("; "))
}

fn rows_sentence(errors: &[RowError], more: bool) -> String {
    let count = errors.len();
    let or_more = if more { " or more" } else { "" };
    let first = errors.first().map(ToString::to_string).unwrap_or_default();
    format!("rows are wrong, problems: {count}{or_more}, the first: {first}")
}
