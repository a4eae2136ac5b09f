//! One line of CSV as cells, or what is wrong with it.

use std::ops::Range;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};

use crate::columns::Layout;

/// A quotation that is open at a line's end is looked for so many lines further on; a stray quote must not swallow the
/// file.
const MAX_LINES_OF_ROW: usize = 8;
/// Longer than any row.
const MAX_ROW_BYTES: usize = 128 * 1024;

/// What is wrong with a row as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowProblem {
    #[error(
        "the row has {found} cells and the header {expected}; put texts with the separator in double quotes"
    )]
    Width { found: usize, expected: usize },
    #[error("the text is not UTF-8; save the file as \"CSV UTF-8\"")]
    Encoding,
    #[error("the row is longer than {MAX_ROW_BYTES} bytes")]
    TooLong,
    #[error("the file can be read no further; the rows from here on are not known ({0})")]
    Broken(String),
}

/// The cells of a row, in the order of the columns that were asked for.
#[derive(Default)]
pub struct Cells {
    text: String,
    ranges: Vec<Range<usize>>,
}

impl Cells {
    /// Empty where the file has no such column.
    #[must_use]
    pub fn get(&self, column: usize) -> &str {
        let range = self.ranges.get(column).cloned();
        range
            .and_then(|range| self.text.get(range))
            .unwrap_or_default()
            .trim()
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ranges.clear();
    }

    pub(crate) fn push(&mut self, cell: &str) {
        let start = self.text.len();
        self.text.push_str(cell);
        self.ranges.push(start..self.text.len());
    }
}

/// Takes lines apart; keeps its buffers from row to row.
pub(crate) struct Splitter<'a> {
    layout: &'a Layout,
    reader: Reader,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    pub(crate) cells: Cells,
}

impl<'a> Splitter<'a> {
    pub(crate) fn new(layout: &'a Layout) -> Self {
        Self {
            layout,
            reader: ReaderBuilder::new().delimiter(layout.delimiter).build(),
            bytes: Vec::new(),
            ends: vec![0; layout.width + 2],
            cells: Cells::default(),
        }
    }

    /// Takes the row apart with which `rest` begins. Returns how many bytes it has, its end included, and what is
    /// wrong with it; `None`: an empty line.
    pub(crate) fn split(&mut self, rest: &[u8]) -> (usize, Option<Result<(), RowProblem>>) {
        let line_end = end_of_line(rest);
        let line = without_end(rest.get(..line_end).unwrap_or_default());
        if line.iter().all(u8::is_ascii_whitespace) {
            return (line_end, None);
        }
        if memchr::memchr(b'"', line).is_none() {
            return (line_end, Some(self.split_plain(line)));
        }
        let whole = end_of_row(rest, line_end);
        let row = without_end(rest.get(..whole).unwrap_or_default());
        let read = self.split_quoted(row);
        if read.is_err() && whole > line_end {
            // The quote was stray: only its line is lost.
            return (line_end, Some(self.split_quoted(line)));
        }
        (whole, Some(read))
    }

    fn split_plain(&mut self, line: &[u8]) -> Result<(), RowProblem> {
        let text = text(line)?;
        let found = memchr::memchr_iter(self.layout.delimiter, line).count() + 1;
        self.check_width(found)?;
        let delimiters = memchr::memchr_iter(self.layout.delimiter, line);
        for (end, at) in self.ends.iter_mut().zip(delimiters.chain([line.len()])) {
            *end = at;
        }
        self.cells.clear();
        self.cells.text.push_str(text);
        let start_of = |position: usize| match position.checked_sub(1) {
            Some(before) => self.ends.get(before).map_or(0, |end| end + 1),
            None => 0,
        };
        let range = |position: &Option<usize>| match position {
            Some(position) => start_of(*position)..self.ends.get(*position).copied().unwrap_or_default(),
            None => 0..0,
        };
        self.cells.ranges.extend(self.layout.positions.iter().map(range));
        Ok(())
    }

    fn split_quoted(&mut self, row: &[u8]) -> Result<(), RowProblem> {
        self.reader.reset();
        self.bytes.clear();
        self.bytes.resize(row.len() + 1, 0);
        // Two cells more than the header has are enough to see that there are too many.
        let (result, read, _, cells) = self.reader.read_record(row, &mut self.bytes, &mut self.ends);
        let (result, cells) = if matches!(result, ReadRecordResult::InputEmpty) {
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, _, _, more) =
                self.reader
                    .read_record(row.get(read..).unwrap_or_default(), &mut [0; 1], ends);
            (result, cells + more)
        } else {
            (result, cells)
        };
        let is_whole = matches!(result, ReadRecordResult::Record);
        self.check_width(if is_whole {
            cells
        } else {
            cells.max(self.layout.width + 1)
        })?;
        text(&self.bytes)?;
        self.cells.clear();
        for position in &self.layout.positions {
            let start = position
                .and_then(|at| at.checked_sub(1))
                .and_then(|before| self.ends.get(before));
            let start = start.copied().unwrap_or(0);
            let end = position
                .and_then(|at| self.ends.get(at))
                .copied()
                .unwrap_or(start);
            let cell = self.bytes.get(start..end).unwrap_or_default();
            self.cells.push(text(cell)?);
        }
        Ok(())
    }

    fn check_width(&self, found: usize) -> Result<(), RowProblem> {
        let expected = self.layout.width;
        if found == expected {
            Ok(())
        } else {
            Err(RowProblem::Width { found, expected })
        }
    }
}

/// Behind the line in which the last quotation is closed.
fn end_of_row(rest: &[u8], line_end: usize) -> usize {
    let mut end = line_end;
    for _ in 0..MAX_LINES_OF_ROW {
        let row = rest.get(..end).unwrap_or_default();
        if memchr::memchr_iter(b'"', row).count().is_multiple_of(2) {
            return end;
        }
        let more = rest.get(end..).unwrap_or_default();
        if more.is_empty() {
            break;
        }
        end += end_of_line(more);
    }
    line_end
}

fn end_of_line(bytes: &[u8]) -> usize {
    memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1)
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn text(bytes: &[u8]) -> Result<&str, RowProblem> {
    std::str::from_utf8(bytes).map_err(|_| RowProblem::Encoding)
}
