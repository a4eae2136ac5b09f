//! Keys and NIK that stand in a file more than once, exactly and in bounded memory for any number of rows: keyed hashes of
//! them are spread over files that only this user can read and that are gone afterwards, and each of these is sorted by
//! itself. The hub cannot know this: it keeps nothing of rows that are nobody's.

use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use serasi_registry_file::{Cells, RegistryFile, SNAPSHOT};
use serde::Serialize;

use crate::error::CliError;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::create;

/// Files that hashes are spread over: of 10^8 rows each has some 40 MB.
const PARTS: usize = 64;
const BITS: u32 = PARTS.ilog2();
/// Where the key of a row and the NIK stand.
const COLUMNS: [usize; 2] = [0, 1];
const ENTRY: usize = 16 + 8;

/// How often.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(super) struct Duplicates {
    /// Rows whose key an earlier row has.
    pub(super) registry_ids: u64,
    /// Rows whose NIK an earlier row has.
    pub(super) niks: u64,
}

#[derive(Serialize)]
struct Listed {
    line: u64,
    field: &'static str,
    first_line: u64,
}

/// Hashes of one column.
struct Spread {
    keys: [RandomState; 2],
    parts: Vec<BufWriter<File>>,
}

/// Lists them in `list`, which is made where there are any.
pub(super) fn list(
    file: &RegistryFile,
    path: &Path,
    list: &Path,
    output: &Output<'_>,
) -> Result<Duplicates, CliError> {
    let chunks = file.chunks().map_err(|source| CliError::NotARegistryFile {
        path: path.to_owned(),
        source,
    })?;
    let bar = progress(output, None);
    bar.set_message("rows looked at for duplicates");
    let unwritable = |source| CliError::Unwritable {
        path: std::env::temp_dir(),
        source,
    };
    let mut columns = Vec::new();
    for _ in COLUMNS {
        columns.push(Spread::new().map_err(unwritable)?);
    }
    let mut written = Ok(());
    for chunk in chunks {
        let mut rows = 0;
        chunk.for_each(|line, cells| {
            rows += 1;
            if let (Ok(cells), Ok(())) = (cells, &written) {
                written = add(&mut columns, line, cells);
            }
        });
        bar.inc(rows);
    }
    bar.finish_and_clear();
    written.map_err(unwritable)?;
    let mut found: Vec<Vec<(u64, u64)>> = Vec::new();
    for spread in columns {
        found.push(spread.twins().map_err(unwritable)?);
    }
    write_list(list, &found)?;
    let count = |column: usize| found.get(column).map_or(0, |twins| twins.len() as u64);
    Ok(Duplicates {
        registry_ids: count(0),
        niks: count(1),
    })
}

fn add(columns: &mut [Spread], line: u64, cells: &Cells) -> std::io::Result<()> {
    for (spread, column) in columns.iter_mut().zip(COLUMNS) {
        let value = cells.get(column);
        if value.chars().any(char::is_alphanumeric) {
            spread.add(value, line)?;
        }
    }
    Ok(())
}

fn write_list(path: &Path, found: &[Vec<(u64, u64)>]) -> Result<(), CliError> {
    if found.iter().all(Vec::is_empty) {
        return Ok(());
    }
    let unwritable = |source| CliError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut file = csv::Writer::from_writer(BufWriter::new(create(path)?));
    for (twins, column) in found.iter().zip(COLUMNS) {
        for (line, first_line) in twins {
            let listed = Listed {
                line: *line,
                field: SNAPSHOT.names().get(column).copied().unwrap_or_default(),
                first_line: *first_line,
            };
            file.serialize(listed).map_err(|error| unwritable(error.into()))?;
        }
    }
    file.flush().map_err(unwritable)
}

impl Spread {
    fn new() -> std::io::Result<Self> {
        let part = |_| Ok(BufWriter::new(tempfile::tempfile()?));
        Ok(Self {
            keys: [RandomState::new(), RandomState::new()],
            parts: (0..PARTS).map(part).collect::<std::io::Result<_>>()?,
        })
    }

    fn add(&mut self, value: &str, line: u64) -> std::io::Result<()> {
        let [first, second] = &self.keys;
        let (first, second) = (first.hash_one(value), second.hash_one(value));
        let part = usize::try_from(first >> (u64::BITS - BITS)).unwrap_or(0);
        let Some(part) = self.parts.get_mut(part) else {
            return Ok(());
        };
        for number in [first, second, line] {
            part.write_all(&number.to_be_bytes())?;
        }
        Ok(())
    }

    /// Lines of all but the first row of each value, with the line of that one, in order.
    fn twins(self) -> std::io::Result<Vec<(u64, u64)>> {
        let mut twins = Vec::new();
        for part in self.parts {
            let mut file = part.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut bytes = Vec::new();
            BufReader::new(file).read_to_end(&mut bytes)?;
            let mut entries: Vec<&[u8]> = bytes.chunks_exact(ENTRY).collect();
            entries.sort_unstable();
            for same in entries.chunk_by(|left, right| left.get(..16) == right.get(..16)) {
                let mut lines = same.iter().filter_map(|entry| line_of(entry));
                if let Some(first) = lines.next() {
                    twins.extend(lines.map(|line| (line, first)));
                }
            }
        }
        twins.sort_unstable();
        Ok(twins)
    }
}

fn line_of(entry: &[u8]) -> Option<u64> {
    let line = entry.get(16..)?.try_into().ok()?;
    Some(u64::from_be_bytes(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_but_the_first_of_a_value_is_named_with_the_first() {
        let mut spread = Spread::new().unwrap();
        for line in 2..50_002 {
            spread.add(&format!("R-{line}"), line).unwrap();
        }
        for (value, line) in [("R-7", 50_002), ("R-9", 50_003), ("R-7", 50_004)] {
            spread.add(value, line).unwrap();
        }
        assert_eq!(spread.twins().unwrap(), [(50_002, 7), (50_003, 9), (50_004, 7)]);
    }
}
