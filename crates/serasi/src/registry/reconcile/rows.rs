//! Reads the file on a thread of its own, and makes messages of its rows.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use serasi_proto::v1::{ReconcileEnd, ReconcileRequest, ReconcileRows, reconcile_request::Message};
use serasi_registry_file::{CellProblem, Cells, OF_ROW_TO_SEND, RegistryFile, RowProblem, push_row};
use sha2::{Digest, Sha256};
use tokio::sync::mpsc;

use super::duplicates::SecondRows;
use crate::error::CliError;
use crate::output::Output;
use crate::progress::progress;
use crate::registry::read::{parse, refusal};
use crate::rejects::Refusal;

/// A message has at most 64 KiB of rows.
const FULL: usize = 56 * 1024;
const MAX_BYTES: usize = 64 * 1024;
const MAX_ROWS: usize = 5_000;
const BLOCK: usize = 1 << 20;
/// First bytes of files whose lines cannot be counted without unpacking them: gzip, Zstandard, Parquet.
const PACKED: [&[u8]; 3] = [&[0x1f, 0x8b], &[0x28, 0xb5, 0x2f, 0xfd], b"PAR1"];

/// What the rows come from.
pub(super) struct Source {
    pub(super) digest: [u8; 32],
    /// Where they can be counted.
    pub(super) lines: Option<u64>,
}

/// How reading ended.
pub(super) enum Read {
    Done,
    /// The stream broke.
    Stopped,
}

/// A row is no longer than this.
const MAX_ROW: usize = MAX_BYTES - FULL;

/// Sends the rows that the hub has not kept, and checks those that it has, as far as nobody has listed them.
pub(super) struct Reader {
    /// The hub has all rows up to this line.
    pub(super) kept: u64,
    /// What was refused up to this line is listed.
    pub(super) listed: u64,
    pub(super) requests: mpsc::Sender<ReconcileRequest>,
    /// Rows that are refused without asking the hub.
    pub(super) local: mpsc::UnboundedSender<Refusal>,
    /// Whether the hub still takes rows.
    pub(super) sends: bool,
    /// Rows whose key an earlier one has.
    pub(super) second_rows: SecondRows,
}

/// A message in the making.
#[derive(Default)]
struct Batch {
    text: String,
    rows: usize,
    unreadable: u32,
    last_row: u64,
}

impl Source {
    pub(super) fn read(path: &Path, output: &Output<'_>) -> Result<Self, CliError> {
        let unreadable = |source| CliError::Unreadable {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(unreadable)?;
        let bytes = file.metadata().map_err(unreadable)?.len();
        let bar = progress(output, Some(bytes));
        bar.set_message("bytes looked at");
        let (mut hash, mut lines, mut is_packed) = (Sha256::new(), 0_u64, None);
        let mut block = vec![0; BLOCK];
        loop {
            let read = file.read(&mut block).map_err(unreadable)?;
            let Some(read) = block.get(..read).filter(|read| !read.is_empty()) else {
                break;
            };
            let packed = *is_packed.get_or_insert_with(|| PACKED.iter().any(|magic| read.starts_with(magic)));
            if !packed {
                lines += read.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
            }
            hash.update(read);
            bar.inc(read.len() as u64);
        }
        bar.finish_and_clear();
        Ok(Self {
            digest: hash.finalize().into(),
            lines: Some(lines).filter(|_| is_packed == Some(false)),
        })
    }
}

impl Reader {
    /// The whole file, once.
    pub(super) fn read(mut self, file: &RegistryFile, path: &Path) -> Result<Read, CliError> {
        let chunks = file.chunks().map_err(|source| CliError::NotARegistryFile {
            path: path.to_owned(),
            source,
        })?;
        let (mut batch, mut rows, mut is_open) = (Batch::default(), 0_u64, true);
        let mut broke_off = false;
        let (mut second_rows, mut failed) = (
            std::mem::replace(&mut self.second_rows, SecondRows::unknown()),
            None,
        );
        for chunk in chunks {
            chunk.for_each(|line, cells| {
                rows += 1;
                broke_off |= matches!(cells, Err(RowProblem::Broken(_)));
                let first = second_rows.first_of(line);
                let first = first.unwrap_or_else(|error| {
                    failed = Some(error);
                    None
                });
                if line <= self.kept {
                    if line > self.listed {
                        self.check(line, cells, first);
                    }
                } else if is_open && self.sends {
                    is_open = self.add(&mut batch, (line, cells), first);
                }
            });
            if let Some(source) = failed {
                return Err(CliError::Unwritable {
                    path: std::env::temp_dir(),
                    source,
                });
            }
            if !is_open {
                return Ok(Read::Stopped);
            }
        }
        if self.sends {
            let end = Message::End(ReconcileEnd { rows, broke_off });
            if !self.flush(&mut batch) || !self.send(end) {
                return Ok(Read::Stopped);
            }
        }
        Ok(Read::Done)
    }

    /// As it was read when it was sent, here and at the hub.
    fn check(&self, line: u64, cells: Result<&Cells, RowProblem>, first: Option<u64>) {
        if let Ok(cells) = &cells {
            let mut text = String::new();
            push_row(&mut text, line, cells);
            if let Some(problem) = not_sent(cells, text.len(), first) {
                return self.refuse(refusal(line, problem));
            }
        }
        if let Err(refusals) = parse(OF_ROW_TO_SEND, line, cells) {
            for refusal in refusals {
                self.refuse(refusal);
            }
        }
    }

    /// `false` = nobody takes it any more.
    fn add(
        &self,
        batch: &mut Batch,
        (line, cells): (u64, Result<&Cells, RowProblem>),
        first: Option<u64>,
    ) -> bool {
        let before = batch.text.len();
        match cells {
            Ok(cells) => {
                push_row(&mut batch.text, line, cells);
                if let Some(problem) = not_sent(cells, batch.text.len() - before, first) {
                    batch.text.truncate(before);
                    batch.unreadable += 1;
                    self.refuse(refusal(line, problem));
                } else {
                    batch.rows += 1;
                }
            }
            Err(problem) => {
                batch.unreadable += 1;
                self.refuse_whole(line, problem.to_string());
            }
        }
        batch.last_row = line;
        let is_full = batch.text.len() >= FULL || batch.rows + 1 >= MAX_ROWS;
        !is_full || self.flush(batch)
    }

    fn refuse_whole(&self, line: u64, problem: String) {
        let whole = CellProblem { column: "", problem };
        self.refuse(refusal(line, whole));
    }

    fn refuse(&self, refusal: Refusal) {
        // Whoever lists them is gone when the stream has broken.
        let _ = self.local.send(refusal);
    }

    fn flush(&self, batch: &mut Batch) -> bool {
        let batch = std::mem::take(batch);
        batch.last_row == 0
            || self.send(Message::Rows(ReconcileRows {
                rows: batch.text.into_bytes(),
                last_row: batch.last_row,
                unreadable_rows: batch.unreadable,
            }))
    }

    fn send(&self, message: Message) -> bool {
        let request = ReconcileRequest {
            message: Some(message),
        };
        self.requests.blocking_send(request).is_ok()
    }
}

/// Why a row that can be read is refused here already: it has `length` bytes as it would be sent, and the key of `first`.
fn not_sent(cells: &Cells, length: usize, first: Option<u64>) -> Option<CellProblem> {
    if length > MAX_ROW {
        return Some(CellProblem {
            column: "",
            problem: "the row is longer than 8 KiB".to_owned(),
        });
    }
    if OF_ROW_TO_SEND.key_of(cells).chars().any(char::is_control) {
        // On its way a line end would become a space.
        return Some(OF_ROW_TO_SEND.of_key("it must have no control characters".to_owned()));
    }
    first.map(|first| OF_ROW_TO_SEND.of_key(format!("line {first} has the same one")))
}

#[cfg(test)]
mod tests {
    use serasi_registry_file::{Mapping, SNAPSHOT};

    use super::*;

    #[test]
    fn what_is_refused_here_is_refused_again_when_the_hub_has_the_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let long = "x".repeat(9_000);
        let rows = format!(
            "{}\nR-1,,,{long},,,,,\n\"R\n-2\",,,Budi,,,,,\nR-3,,,Budi,,,,,\nR-4,1,,Budi,,,,,\n",
            SNAPSHOT.names().join(",")
        );
        std::fs::write(&path, rows).unwrap();
        let file = crate::registry::read::open(&path, SNAPSHOT, &Mapping::default()).unwrap();
        let refused = |kept: u64| {
            let (requests, taken) = mpsc::channel(8);
            let (local, mut refused) = mpsc::unbounded_channel();
            let reader = Reader {
                kept,
                listed: 0,
                requests,
                local,
                sends: true,
                second_rows: SecondRows::unknown(),
            };
            reader.read(&file, &path).unwrap();
            drop(taken);
            let mut told = Vec::new();
            while let Ok(refusal) = refused.try_recv() {
                told.push((refusal.line, refusal.column, refusal.problem));
            }
            told
        };
        let first = refused(0);
        assert_eq!(first.len(), 2, "{first:?}");
        // What the hub refuses is known here, too, when somebody has lost its answer.
        let after = refused(u64::MAX);
        assert_eq!(after.get(..2), Some(first.as_slice()));
        assert_eq!(after.len(), 3, "{after:?}");
    }
}
