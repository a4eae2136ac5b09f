//! Rows of a file that have the key or the NIK of an earlier one, exactly and in bounded memory for any number of rows: keyed
//! hashes are sorted on disk. The hub cannot know this: it keeps nothing of rows that are nobody's. A second row of a key is
//! refused; one NIK under two keys is told apart from a row that stands there twice, and both are sent.

use std::fs::File;
use std::hash::{BuildHasher, Hash, RandomState};
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::Path;

use serasi_registry_file::{Cells, OF_ROW_TO_SEND, RegistryFile};
use serde::Serialize;

use super::sorted::{Entry, Sorter};
use crate::error::CliError;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::create;

/// How often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Duplicates {
    /// Rows whose key an earlier row has: they are refused.
    pub(super) registry_ids: u64,
    /// Rows whose NIK an earlier row of the same key has.
    pub(super) repeated_niks: u64,
    /// Rows whose NIK an earlier row of another key has.
    pub(super) conflicting_niks: u64,
}

/// What is wrong with a row beside an earlier one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Twin {
    Key = 0,
    RepeatedNik = 1,
    ConflictingNik = 2,
}

#[derive(Serialize)]
struct Listed {
    line: u64,
    problem: &'static str,
    first_line: u64,
}

/// Second rows of a key, in order, with the line of the first.
pub(super) struct SecondRows {
    file: Option<BufReader<File>>,
    next: Option<(u64, u64)>,
}

/// What was found in a file.
pub(super) struct Found {
    pub(super) counts: Duplicates,
    /// Of the file, whatever is wrong with them.
    pub(super) rows: u64,
    lines: File,
}

/// Hashes of all rows, by key and by NIK.
struct Spread {
    first: RandomState,
    second: RandomState,
    keys: Sorter,
    niks: Sorter,
}

/// Looks through the file and lists in `list`, which is made where there are any.
pub(super) fn find(
    file: &RegistryFile,
    path: &Path,
    list: &Path,
    output: &Output<'_>,
) -> Result<Found, CliError> {
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
    let mut spread = Spread::new(Sorter::default);
    let (mut written, mut all) = (Ok(()), 0);
    for chunk in chunks {
        let mut rows = 0;
        chunk.for_each(|line, cells| {
            rows += 1;
            if let (Ok(cells), Ok(())) = (cells, &written) {
                written = spread.add(line, cells);
            }
        });
        bar.inc(rows);
        all += rows;
    }
    bar.finish_and_clear();
    written.map_err(unwritable)?;
    let twins = spread.twins().map_err(unwritable)?;
    write_list((twins, all), list)
}

/// `rows` = all of the file.
fn write_list((twins, rows): (Sorter, u64), path: &Path) -> Result<Found, CliError> {
    let in_temp = |source| CliError::Unwritable {
        path: std::env::temp_dir(),
        source,
    };
    let unwritable = |source| CliError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let mut counts = Duplicates::default();
    let mut lines = BufWriter::new(tempfile::tempfile().map_err(in_temp)?);
    let mut list = None;
    for entry in twins.finish().map_err(in_temp)? {
        let entry = entry.map_err(in_temp)?;
        let (line, first_line) = (number(&entry, 0), number(&entry, 16));
        let problem = match number(&entry, 8) {
            twin if twin == Twin::Key as u64 => {
                counts.registry_ids += 1;
                lines.write_all(&line.to_be_bytes()).map_err(in_temp)?;
                lines.write_all(&first_line.to_be_bytes()).map_err(in_temp)?;
                "repeated_registry_id"
            }
            twin if twin == Twin::RepeatedNik as u64 => {
                counts.repeated_niks += 1;
                "repeated_nik"
            }
            _ => {
                counts.conflicting_niks += 1;
                "conflicting_nik"
            }
        };
        let file = match &mut list {
            Some(file) => file,
            None => list.insert(csv::Writer::from_writer(BufWriter::new(create(path)?))),
        };
        let listed = Listed {
            line,
            problem,
            first_line,
        };
        file.serialize(listed).map_err(|error| unwritable(error.into()))?;
    }
    if let Some(mut file) = list {
        file.flush().map_err(unwritable)?;
    }
    let lines = lines.into_inner().map_err(|error| in_temp(error.into_error()))?;
    Ok(Found { counts, rows, lines })
}

impl Duplicates {
    pub(super) const fn is_none(self) -> bool {
        self.registry_ids == 0 && self.repeated_niks == 0 && self.conflicting_niks == 0
    }
}

impl Found {
    /// Second rows of a key, from the first one on.
    pub(super) fn second_rows(&self) -> std::io::Result<SecondRows> {
        let mut file = self.lines.try_clone()?;
        file.rewind()?;
        let mut rows = SecondRows {
            file: Some(BufReader::new(file)),
            next: None,
        };
        rows.read_next()?;
        Ok(rows)
    }
}

impl SecondRows {
    /// Of a file that nobody has looked through.
    pub(super) const fn unknown() -> Self {
        Self {
            file: None,
            next: None,
        }
    }

    /// The line of the first row of the same key, if this is not the first. Lines must be asked for in order.
    pub(super) fn first_of(&mut self, line: u64) -> std::io::Result<Option<u64>> {
        while let Some((second, first)) = self.next.filter(|(second, _)| *second <= line) {
            self.read_next()?;
            if second == line {
                return Ok(Some(first));
            }
        }
        Ok(None)
    }

    fn read_next(&mut self) -> std::io::Result<()> {
        self.next = None;
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut pair = [0; 16];
        match file.read_exact(&mut pair) {
            Ok(()) => self.next = Some((number(&pair, 0), number(&pair, 8))),
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Spread {
    fn new(sorter: impl Fn() -> Sorter) -> Self {
        Self {
            first: RandomState::new(),
            second: RandomState::new(),
            keys: sorter(),
            niks: sorter(),
        }
    }

    /// Rows that the hub would refuse are nobody's twin: the next one with their key is the first.
    fn add(&mut self, line: u64, cells: &Cells) -> std::io::Result<()> {
        let Ok(row) = OF_ROW_TO_SEND.parse(Ok(cells)) else {
            return Ok(());
        };
        let key = self.hash(row.key);
        self.keys.add(entry([key, self.hash_again(row.key), line, 0]))?;
        if let Some(nik) = row.identity.nik {
            // As linkage compares it, however it is written.
            self.niks
                .add(entry([self.hash(nik), self.hash_again(nik), line, key]))?;
        }
        Ok(())
    }

    fn hash(&self, value: impl Hash) -> u64 {
        self.first.hash_one(value)
    }

    fn hash_again(&self, value: impl Hash) -> u64 {
        self.second.hash_one(value)
    }

    /// Every row but the first of its key, and of its NIK: line, what, first line; by line.
    fn twins(self) -> std::io::Result<Sorter> {
        let mut twins = Sorter::default();
        each_but_the_first(self.keys, |first, second| {
            twins.add(twin(Twin::Key, (number(second, 16), number(first, 16))))
        })?;
        each_but_the_first(self.niks, |first, second| {
            let is_same_key = number(first, 24) == number(second, 24);
            let what = if is_same_key {
                Twin::RepeatedNik
            } else {
                Twin::ConflictingNik
            };
            twins.add(twin(what, (number(second, 16), number(first, 16))))
        })?;
        Ok(twins)
    }
}

/// Hands out all entries but the first of those with the same first 16 bytes, each with that one.
fn each_but_the_first(
    entries: Sorter,
    mut see: impl FnMut(&Entry, &Entry) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut first: Option<Entry> = None;
    for entry in entries.finish()? {
        let entry = entry?;
        match &first {
            Some(first) if first.get(..16) == entry.get(..16) => see(first, &entry)?,
            Some(_) | None => first = Some(entry),
        }
    }
    Ok(())
}

fn twin(what: Twin, (line, first_line): (u64, u64)) -> Entry {
    entry([line, what as u64, first_line, 0])
}

fn entry(numbers: [u64; 4]) -> Entry {
    let mut entry = [0; 32];
    for (bytes, number) in entry.chunks_exact_mut(8).zip(numbers) {
        bytes.copy_from_slice(&number.to_be_bytes());
    }
    entry
}

fn number(bytes: &[u8], at: usize) -> u64 {
    let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use serasi_registry_file::{Mapping, SNAPSHOT};

    use super::*;

    fn found(rows: &[&str]) -> (Duplicates, String, Vec<u64>) {
        let folder = tempfile::tempdir().unwrap();
        let (path, list) = (folder.path().join("rows.csv"), folder.path().join("twins.csv"));
        let mut file = File::create(&path).unwrap();
        writeln!(file, "{}", SNAPSHOT.names().join(",")).unwrap();
        for row in rows {
            writeln!(file, "{row},,,,,,,").unwrap();
        }
        let file = crate::registry::read::open(&path, SNAPSHOT, &Mapping::default()).unwrap();
        let mut spread = Spread::new(|| Sorter::with_memory(2));
        for chunk in file.chunks().unwrap() {
            chunk.for_each(|line, cells| spread.add(line, cells.unwrap()).unwrap());
        }
        let found = write_list((spread.twins().unwrap(), 0), &list).unwrap();
        let told = std::fs::read_to_string(list).unwrap_or_default();
        let mut second = found.second_rows().unwrap();
        let lines = 2..2 + rows.len() as u64;
        let refused = lines.filter(|line| second.first_of(*line).unwrap().is_some());
        (found.counts, told, refused.collect())
    }

    #[test]
    fn a_second_row_of_a_key_is_told_apart_from_a_nik_under_two_keys() {
        let (counts, list, refused) = found(&[
            "R-1,3273014107900001",
            "R-2,3273014107900002",
            "R-1,3273014107900001",
            "R-3, 3273014107900002 ",
            "R-3,",
            "R-4,",
        ]);
        let expected = Duplicates {
            registry_ids: 2,
            repeated_niks: 1,
            conflicting_niks: 1,
        };
        assert_eq!(counts, expected);
        assert_eq!(
            list,
            "line,problem,first_line\n4,repeated_registry_id,2\n4,repeated_nik,2\n5,conflicting_nik,3\n\
             6,repeated_registry_id,5\n"
        );
        assert_eq!(refused, [4, 6]);
    }

    #[test]
    fn a_row_that_is_refused_is_nobodys_twin_and_a_file_without_any_has_no_list() {
        let (counts, list, refused) = found(&["R-1,32730141", "R-1,3273014107900001"]);
        assert!(counts.is_none() && list.is_empty() && refused.is_empty());
    }
}
