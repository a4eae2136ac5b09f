//! Parquet: columns by name, values as the text a CSV would have.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;
use time::{Date, Duration, Month};

use crate::cells::{Cells, RowProblem};
use crate::columns::Layout;
use crate::file::FileError;

const DAMAGED: &str = "damaged Parquet data";
const ROWS_OF_CHUNK: usize = 4_096;

/// A Parquet file that is being read.
pub(crate) struct Table {
    rows: RowIter<'static>,
    /// For each column the position among those that are read.
    positions: Vec<Option<usize>>,
    next: u64,
    is_broken: bool,
    ended: bool,
}

/// Some rows, each with as many cells.
pub(crate) struct Rows {
    first: u64,
    cells: Vec<Cells>,
    bytes: usize,
}

/// The names of the top-level columns.
pub(crate) fn schema_names(path: &Path) -> Result<Vec<String>, FileError> {
    guarded(|| {
        let schema = open(path)?.metadata().file_metadata().schema_descr_ptr();
        let fields = schema.root_schema().get_fields();
        Ok(fields.iter().map(|field| field.name().to_owned()).collect())
    })
    .unwrap_or_else(|| Err(unreadable(DAMAGED)))
}

/// The library panics on some damaged files; a file must not end the program. `None`: it did.
fn guarded<T>(read: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(read)).ok()
}

impl Table {
    pub(crate) fn open(path: &Path, layout: &Layout) -> Result<Self, FileError> {
        guarded(|| Self::start(path, layout)).unwrap_or_else(|| Err(unreadable(DAMAGED)))
    }

    fn start(path: &Path, layout: &Layout) -> Result<Self, FileError> {
        let reader = open(path)?;
        let schema = reader.metadata().file_metadata().schema_descr_ptr();
        let all = schema.root_schema().get_fields();
        // Columns nobody asked for are not decoded.
        let mut read: Vec<usize> = layout.positions.iter().flatten().copied().collect();
        read.sort_unstable();
        let fields: Vec<Arc<Type>> = read.iter().filter_map(|at| all.get(*at)).cloned().collect();
        let projection = Type::group_type_builder(schema.root_schema().name())
            .with_fields(fields)
            .build()
            .map_err(unreadable)?;
        let rows = RowIter::from_file_into(Box::new(reader))
            .project(Some(projection))
            .map_err(unreadable)?;
        let place = |position: &Option<usize>| {
            let position = (*position)?;
            read.iter().position(|at| *at == position)
        };
        Ok(Self {
            rows,
            positions: layout.positions.iter().map(place).collect(),
            next: 1,
            is_broken: false,
            ended: false,
        })
    }

    /// The rows that come next; or the row from which on nothing can be read, and why.
    pub(crate) fn next_rows(&mut self) -> Option<Result<Rows, (u64, RowProblem)>> {
        if self.ended {
            return None;
        }
        let mut rows = Rows {
            first: self.next,
            cells: Vec::with_capacity(ROWS_OF_CHUNK),
            bytes: 0,
        };
        while rows.cells.len() < ROWS_OF_CHUNK {
            if self.is_broken {
                break;
            }
            match guarded(|| self.rows.next()) {
                Some(Some(Ok(row))) => rows.push(&row.into_columns(), &self.positions),
                Some(None) => {
                    self.ended = true;
                    break;
                }
                // First the rows before it.
                Some(Some(Err(_))) | None => self.is_broken = true,
            }
            self.next += u64::from(!self.is_broken);
        }
        if self.is_broken && rows.cells.is_empty() {
            self.ended = true;
            return Some(Err((self.next, RowProblem::Broken(DAMAGED.to_owned()))));
        }
        (!rows.cells.is_empty()).then_some(Ok(rows))
    }
}

impl Rows {
    fn push(&mut self, row: &[(String, Field)], positions: &[Option<usize>]) {
        let mut cells = Cells::default();
        for position in positions {
            let value = position.and_then(|at| row.get(at)).map(|(_, value)| text(value));
            let value = value.unwrap_or_default();
            self.bytes += value.len();
            cells.push(&value);
        }
        self.cells.push(cells);
    }

    pub(crate) fn for_each(&self, mut see: impl FnMut(u64, Result<&Cells, RowProblem>)) {
        for (line, cells) in (self.first..).zip(&self.cells) {
            see(line, Ok(cells));
        }
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }
}

fn open(path: &Path) -> Result<SerializedFileReader<File>, FileError> {
    SerializedFileReader::new(File::open(path)?).map_err(unreadable)
}

fn unreadable(error: impl std::fmt::Display) -> FileError {
    FileError::Parquet(error.to_string())
}

fn text(value: &Field) -> String {
    match value {
        Field::Null => String::new(),
        Field::Str(text) => text.clone(),
        Field::Bytes(bytes) => String::from_utf8_lossy(bytes.data()).into_owned(),
        Field::Date(days) => date(*days),
        other => other.to_string(),
    }
}

/// Days from 1 January 1970.
fn date(days: i32) -> String {
    let epoch = Date::from_calendar_date(1970, Month::January, 1).expect("the epoch is a date");
    let date = epoch.checked_add(Duration::days(days.into()));
    date.map_or_else(String::new, |date| {
        format!(
            "{:04}-{:02}-{:02}",
            date.year(),
            u8::from(date.month()),
            date.day()
        )
    })
}
