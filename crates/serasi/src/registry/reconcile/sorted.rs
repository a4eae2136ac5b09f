//! Any number of entries in order, in bounded memory: runs that are sorted by themselves lie in files that only this user can
//! read and that are gone afterwards, and are merged while they are read back. Many equal entries are no worse than others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Error, ErrorKind, Read, Seek, Write};

/// What is sorted, by its bytes.
pub(super) type Entry = [u8; 32];

/// Entries in memory: 32 MiB. Of 10^8 rows there are some hundred runs.
const IN_MEMORY: usize = 1 << 20;

pub(super) struct Sorter {
    entries: Vec<Entry>,
    runs: Vec<File>,
    in_memory: usize,
}

/// All entries, the least first.
pub(super) struct Sorted {
    runs: Vec<BufReader<File>>,
    next: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::with_memory(IN_MEMORY)
    }
}

impl Sorter {
    pub(super) const fn with_memory(in_memory: usize) -> Self {
        Self {
            entries: Vec::new(),
            runs: Vec::new(),
            in_memory,
        }
    }

    pub(super) fn add(&mut self, entry: Entry) -> std::io::Result<()> {
        self.entries.push(entry);
        if self.entries.len() >= self.in_memory {
            self.write_run()?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> std::io::Result<Sorted> {
        self.write_run()?;
        let mut sorted = Sorted {
            runs: self.runs.into_iter().map(BufReader::new).collect(),
            next: BinaryHeap::new(),
        };
        for run in 0..sorted.runs.len() {
            sorted.read_next(run)?;
        }
        Ok(sorted)
    }

    fn write_run(&mut self) -> std::io::Result<()> {
        if self.entries.is_empty() {
            return Ok(());
        }
        self.entries.sort_unstable();
        let mut file = BufWriter::new(tempfile::tempfile()?);
        for entry in self.entries.drain(..) {
            file.write_all(&entry)?;
        }
        let mut file = file.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.rewind()?;
        self.runs.push(file);
        Ok(())
    }
}

impl Sorted {
    fn read_next(&mut self, run: usize) -> std::io::Result<()> {
        let Some(file) = self.runs.get_mut(run) else {
            return Ok(());
        };
        let mut entry = [0; 32];
        match file.read_exact(&mut entry) {
            Ok(()) => self.next.push(Reverse((entry, run))),
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((entry, run)) = self.next.pop()?;
        Some(self.read_next(run).map(|()| entry))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back_in_order_from_as_many_runs_as_there_are() {
        let mut sorter = Sorter::with_memory(7);
        for number in (0..100_u64).rev() {
            let mut entry = [0; 32];
            // Half of them alike.
            entry[..8].copy_from_slice(&(number / 50 * number).to_be_bytes());
            sorter.add(entry).unwrap();
        }
        let entries: Vec<Entry> = sorter.finish().unwrap().map(Result::unwrap).collect();
        assert_eq!(entries.len(), 100);
        assert!(entries.is_sorted());
        assert_eq!(Sorter::default().finish().unwrap().count(), 0);
    }
}
