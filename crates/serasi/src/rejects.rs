//! The list of refused rows beside a file: which line, and why, so that the sender mends those and sends again.
//! It names rows by line and source key; what is in them stays in the sender's file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::CliError;
use crate::refusal::Violation;

/// How a command names its standard input.
pub(crate) const STDIN: &str = "-";

/// A row of a registry file that is left out, and why; the column is empty where it is the row as a whole.
pub(crate) struct Refusal {
    pub(crate) line: u64,
    pub(crate) column: &'static str,
    pub(crate) problem: String,
}

/// One refused line of JSON.
#[derive(Debug, Serialize)]
pub(crate) struct RefusedLine {
    pub(crate) line: u64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) source_system: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) source_ref: String,
    /// gRPC code of the hub's answer; `MALFORMED` = the line was not sent.
    pub(crate) code: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) message_id: String,
    pub(crate) message_en: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) violations: Vec<Violation>,
}

/// One problem of a CSV row.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RefusedCell {
    /// Unset = the hub named no row.
    pub(crate) line: Option<u64>,
    pub(crate) field: String,
    pub(crate) problem: String,
}

/// One row of a registry file that was left out.
#[derive(Debug, Serialize)]
struct RefusedRow<'a> {
    file: &'static str,
    line: u64,
    field: &'a str,
    problem: &'a str,
}

/// Which file of a run a row stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table {
    Snapshot,
    Persons,
}

/// The list of a run over registry files, of any length; the file is made with its first row.
pub(crate) struct RefusedRows {
    path: PathBuf,
    file: Option<csv::Writer<BufWriter<File>>>,
}

impl RefusedRows {
    /// Removes the list of an earlier run, which would be taken for this one's.
    pub(crate) fn start(out: &Path) -> Result<Self, CliError> {
        Self::start_at(beside(out, "csv"))
    }

    /// The same under a name of its own.
    pub(crate) fn start_at(path: PathBuf) -> Result<Self, CliError> {
        remove_earlier(&path)?;
        Ok(Self { path, file: None })
    }

    pub(crate) fn add(&mut self, table: Table, refusal: &Refusal) -> Result<(), CliError> {
        let path = &self.path;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(csv::Writer::from_writer(BufWriter::new(create(path)?))),
        };
        let row = RefusedRow {
            file: match table {
                Table::Snapshot => "snapshot",
                Table::Persons => "persons",
            },
            line: refusal.line,
            field: refusal.column,
            problem: &refusal.problem,
        };
        file.serialize(row)
            .map_err(|error| unwritable(path)(error.into()))
    }

    /// Where the list is; `None` = nothing was refused.
    pub(crate) fn finish(self) -> Result<Option<PathBuf>, CliError> {
        let Some(mut file) = self.file else {
            return Ok(None);
        };
        file.flush().map_err(unwritable(&self.path))?;
        Ok(Some(self.path))
    }
}

/// The list of one run over JSON Lines; the file is made with its first row.
pub(crate) struct Rejects {
    path: PathBuf,
    file: Option<BufWriter<File>>,
}

impl Rejects {
    /// Removes the list of an earlier run, which would be taken for this one's.
    pub(crate) fn start(input: &Path) -> Result<Self, CliError> {
        let path = beside(input, "jsonl");
        remove_earlier(&path)?;
        Ok(Self { path, file: None })
    }

    pub(crate) fn add(&mut self, row: &RefusedLine) -> Result<(), CliError> {
        let path = &self.path;
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(BufWriter::new(create(path)?)),
        };
        let written = serde_json::to_writer(&mut *file, row).map_err(io::Error::from);
        written.and_then(|()| writeln!(file)).map_err(unwritable(path))
    }

    /// Where the list is; `None` = nothing was refused.
    pub(crate) fn finish(self) -> Result<Option<PathBuf>, CliError> {
        let Some(mut file) = self.file else {
            return Ok(None);
        };
        file.flush().map_err(unwritable(&self.path))?;
        Ok(Some(self.path))
    }
}

/// Removes the list of an earlier run over a CSV file.
pub(crate) fn forget_csv(input: &Path) -> Result<(), CliError> {
    remove_earlier(&beside(input, "csv"))
}

/// Writes the list for a CSV file and says where it is.
pub(crate) fn write_csv(input: &Path, cells: &[RefusedCell]) -> Result<PathBuf, CliError> {
    let path = beside(input, "csv");
    let mut writer = csv::Writer::from_writer(create(&path)?);
    let written = cells.iter().try_for_each(|cell| writer.serialize(cell));
    written
        .map_err(io::Error::from)
        .and_then(|()| writer.flush())
        .map_err(unwritable(&path))?;
    Ok(path)
}

fn beside(input: &Path, extension: &str) -> PathBuf {
    let mut name = if input == Path::new(STDIN) {
        "stdin".into()
    } else {
        input.as_os_str().to_owned()
    };
    name.push(format!(".rejects.{extension}"));
    PathBuf::from(name)
}

fn remove_earlier(path: &Path) -> Result<(), CliError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(path)(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Reasons can quote a little of what was sent: the list is its owner's alone.
pub(crate) fn create(path: &Path) -> Result<File, CliError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(unwritable(path))
}

fn unwritable(path: &Path) -> impl Fn(io::Error) -> CliError {
    move |source| CliError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(line: u64) -> RefusedLine {
        RefusedLine {
            line,
            source_system: "hotline-171".into(),
            source_ref: "H171-1".into(),
            code: "INVALID_ARGUMENT",
            reason: String::new(),
            message_id: "1 isian perlu diperbaiki".into(),
            message_en: "1 field must be corrected".into(),
            violations: vec![Violation {
                field: "intake.story".into(),
                description: "must not be empty".into(),
            }],
        }
    }

    #[test]
    fn refused_lines_are_listed_beside_the_file_with_reasons() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("cases.jsonl");
        let mut rejects = Rejects::start(&input).unwrap();
        rejects.add(&refused(3)).unwrap();
        rejects.add(&refused(17)).unwrap();
        let path = rejects.finish().unwrap().unwrap();
        assert_eq!(path, folder.path().join("cases.jsonl.rejects.jsonl"));
        let text = fs::read_to_string(path).unwrap();
        let first = text.lines().next().unwrap();
        assert_eq!(
            first,
            r#"{"line":3,"source_system":"hotline-171","source_ref":"H171-1","code":"INVALID_ARGUMENT","message_id":"1 isian perlu diperbaiki","message_en":"1 field must be corrected","violations":[{"field":"intake.story","description":"must not be empty"}]}"#
        );
        assert_eq!(text.lines().count(), 2);
    }

    #[test]
    fn a_run_without_refusals_leaves_no_list_of_an_earlier_one() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("cases.jsonl");
        let mut earlier = Rejects::start(&input).unwrap();
        earlier.add(&refused(3)).unwrap();
        let path = earlier.finish().unwrap().unwrap();
        let clean = Rejects::start(&input).unwrap();
        assert_eq!(clean.finish().unwrap(), None);
        assert!(!path.exists());
    }

    #[test]
    fn problems_of_a_directory_are_listed_as_csv() {
        let folder = tempfile::tempdir().unwrap();
        let input = folder.path().join("direktori.csv");
        let cells = [
            RefusedCell {
                line: Some(17),
                field: "pools[0].total".into(),
                problem: "must be 0-10,000".into(),
            },
            RefusedCell {
                line: None,
                field: String::new(),
                problem: "no rows".into(),
            },
        ];
        let path = write_csv(&input, &cells).unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            "line,field,problem\n17,pools[0].total,\"must be 0-10,000\"\n,,no rows\n"
        );
        forget_csv(&input).unwrap();
        assert!(!path.exists());
        forget_csv(&input).unwrap();
    }

    #[test]
    fn the_list_of_standard_input_is_in_the_current_folder() {
        assert_eq!(
            beside(Path::new(STDIN), "jsonl"),
            Path::new("stdin.rejects.jsonl")
        );
        let unwritable = write_csv(Path::new("/nonexistent/a.csv"), &[]);
        assert!(matches!(unwritable, Err(CliError::Unwritable { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn a_list_is_readable_by_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let path = write_csv(&folder.path().join("a.csv"), &[]).unwrap();
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
