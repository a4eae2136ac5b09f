//! Reads a directory file and collects everything that is wrong with it before it gives up, so that a
//! sender mends a file once and not once per mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

use csv::{ByteRecord, Reader, ReaderBuilder, StringRecord, Trim};
use serasi_proto::v1::ImportFacilitiesRequest;

use super::parse::facility;
use super::{
    COLUMNS, ImportFileError, MAX_FACILITIES, MAX_FILE_BYTES, MAX_ROW_ERRORS, OPTIONAL, Row, RowError,
};

/// The facilities of a directory file, each with the line it stands on as its `row`.
///
/// Spaces around a cell and lines of empty cells do not count.
pub fn read_facilities(file: impl Read) -> Result<Vec<ImportFacilitiesRequest>, ImportFileError> {
    let bytes = whole(file)?;
    let mut reader = ReaderBuilder::new()
        .flexible(true)
        .trim(Trim::All)
        .from_reader(&*bytes);
    let header = header(&mut reader)?;
    let mut facilities = Vec::new();
    let mut problems = Problems::default();
    let mut first_lines = BTreeMap::new();
    let mut lines = LineCounter::new(&bytes);
    let mut record = ByteRecord::new();
    while !problems.is_full() && reader.read_byte_record(&mut record)? {
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        if facilities.len() == MAX_FACILITIES {
            return Err(ImportFileError::TooManyFacilities {
                limit: MAX_FACILITIES,
            });
        }
        let mut line = Line {
            number: lines.line_of(&record),
            problems: &mut problems,
        };
        if let Some(cells) = cells(&record, &header, &mut line)
            && let Some(row) = row(&cells, &header, &mut line)
        {
            note_twins(&row, &mut first_lines, &mut line);
            facilities.push(facility(&row, &mut line));
        }
    }
    if problems.errors.is_empty() {
        return Ok(facilities);
    }
    Err(ImportFileError::Rows {
        more: problems.is_full(),
        errors: problems.errors,
    })
}

/// The file, unless it is longer than any directory.
fn whole(file: impl Read) -> Result<Vec<u8>, ImportFileError> {
    let mut bytes = Vec::new();
    let one_more = u64::try_from(MAX_FILE_BYTES + 1).expect("it fits 32 bits");
    file.take(one_more)
        .read_to_end(&mut bytes)
        .map_err(csv::Error::from)?;
    if bytes.len() > MAX_FILE_BYTES {
        return Err(ImportFileError::TooLong {
            limit: MAX_FILE_BYTES,
        });
    }
    Ok(bytes)
}

/// Counts lines as an editor does. The CSV reader's own count is one behind in files with Windows line
/// ends, and behind by the empty lines before a record.
struct LineCounter<'a> {
    rest: &'a [u8],
    /// Bytes before `rest`, and the line on which it starts.
    offset: usize,
    line: u64,
}

impl<'a> LineCounter<'a> {
    const fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            offset: 0,
            line: 1,
        }
    }

    /// The line on which a record starts; records come in the order of the file.
    fn line_of(&mut self, record: &ByteRecord) -> u64 {
        let start = record.position().map_or(0, csv::Position::byte);
        let start = usize::try_from(start).expect("the file is in memory");
        self.advance(start.saturating_sub(self.offset));
        let line_ends = self.rest.iter().take_while(|byte| b"\r\n".contains(byte)).count();
        self.advance(line_ends);
        self.line
    }

    fn advance(&mut self, by: usize) {
        let (passed, rest) = self.rest.split_at(by.min(self.rest.len()));
        self.line += passed.iter().map(|&byte| u64::from(byte == b'\n')).sum::<u64>();
        self.offset += passed.len();
        self.rest = rest;
    }
}

/// What is wrong so far, in the order in which it was found.
#[derive(Default)]
struct Problems {
    errors: Vec<RowError>,
}

/// The line that is read now, and where to say what is wrong with it.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    problems: &'a mut Problems,
}

impl Problems {
    fn is_full(&self) -> bool {
        self.errors.len() >= MAX_ROW_ERRORS
    }
}

impl Line<'_> {
    /// Notes that a cell is wrong.
    pub(super) fn wrong(&mut self, column: &'static str, problem: String) {
        self.push(Some(column), problem);
    }

    fn wrong_row(&mut self, problem: String) {
        self.push(None, problem);
    }

    fn push(&mut self, column: Option<&'static str>, problem: String) {
        if !self.problems.is_full() {
            self.problems.errors.push(RowError {
                line: self.number,
                column,
                problem,
            });
        }
    }
}

/// The header, if it has each column of the format once, but for those it may do without, and no other.
fn header<R: Read>(reader: &mut Reader<R>) -> Result<StringRecord, ImportFileError> {
    let header = StringRecord::from_byte_record_lossy(reader.byte_headers()?.clone());
    let mut seen = BTreeSet::new();
    let (mut unknown, mut repeated) = (Vec::new(), Vec::new());
    for name in &header {
        if !COLUMNS.contains(&name) {
            unknown.push(name.to_owned());
        } else if !seen.insert(name) {
            repeated.push(name.to_owned());
        }
    }
    let missing: Vec<_> = COLUMNS
        .into_iter()
        .filter(|name| !seen.contains(name) && !OPTIONAL.contains(name))
        .collect();
    if missing.is_empty() && unknown.is_empty() && repeated.is_empty() {
        return Ok(header);
    }
    Err(ImportFileError::Header {
        missing,
        unknown,
        repeated,
    })
}

/// The cells as text, if there is one for each column.
fn cells(record: &ByteRecord, header: &StringRecord, line: &mut Line<'_>) -> Option<StringRecord> {
    if record.len() != header.len() {
        line.wrong_row(format!(
            "the row has {} cells and the header {}; put texts with a comma in double quotes",
            record.len(),
            header.len()
        ));
        return None;
    }
    let cells = StringRecord::from_byte_record(record.clone());
    if cells.is_err() {
        line.wrong_row("the text is not UTF-8; save the file as \"CSV UTF-8\"".to_owned());
    }
    cells.ok()
}

/// The cells by the names of their columns.
fn row<'a>(cells: &'a StringRecord, header: &'a StringRecord, line: &mut Line<'_>) -> Option<Row<&'a str>> {
    cells
        .deserialize(Some(header))
        .inspect_err(|error| line.wrong_row(error.to_string()))
        .ok()
}

/// Says when an earlier line describes the same facility: the hub would take the later one for a change.
fn note_twins(row: &Row<&str>, first_lines: &mut BTreeMap<(String, String), u64>, line: &mut Line<'_>) {
    let key = (row.source_system.to_owned(), row.source_ref.to_owned());
    let first_line = *first_lines.entry(key).or_insert(line.number);
    if first_line != line.number {
        let problem = format!("the same source_system and source_ref stand on line {first_line}");
        line.wrong("source_ref", problem);
    }
}
