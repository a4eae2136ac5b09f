//! `serasi registry outcome`: what became of reports, as the dinas has written it into the list it was given.

use std::path::Path;

use serasi_proto::v1::{EntryCode, ObligationState, OutcomeEntry, RecordOutcomeRequest};
use serde::Serialize;

use super::dtks::{BYTE_ORDER_MARK, OUTCOME_DATE, PERSON_ID, REGISTRY_ID, STATUS, status, status_words};
use super::obligations::{BATCH, is_refused};
use crate::cli::{ClientOptions, OutcomeArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::{self, RefusedCell};
use crate::request_id;

/// Rows of a file.
#[derive(Debug, Default)]
struct Rows {
    /// With their lines.
    entries: Vec<(u64, OutcomeEntry)>,
    refused: Vec<RefusedCell>,
    /// Rows that say no more than that the report was given.
    unsaid: u64,
}

/// What came of a run; the numbers add up to the rows.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Summary {
    recorded: u64,
    recorded_before: u64,
    refused: u64,
    without_outcome: u64,
}

/// Sends the outcomes of a file; sending it again changes nothing.
pub(crate) async fn outcome(
    options: &ClientOptions,
    args: &OutcomeArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    rejects::forget_csv(&args.file)?;
    let mut rows = read(&args.file)?;
    let mut client = Hub::connect(options).await?.registry();
    let bar = progress(
        output,
        Some(u64::try_from(rows.entries.len()).unwrap_or(u64::MAX)),
    );
    let mut summary = Summary {
        without_outcome: rows.unsaid,
        ..Summary::default()
    };
    for batch in rows.entries.chunks(BATCH) {
        let request = RecordOutcomeRequest {
            request_id: request_id::fresh().to_string(),
            entries: batch.iter().map(|(_, entry)| entry.clone()).collect(),
        };
        let results = client.record_outcome(request).await?.into_inner().results;
        for ((line, _), result) in batch.iter().zip(&results) {
            if is_refused(result) {
                rows.refused.push(RefusedCell {
                    line: Some(*line),
                    field: String::new(),
                    problem: result.description.clone(),
                });
            } else if result.code() == EntryCode::AlreadyDone {
                summary.recorded_before += 1;
            } else {
                summary.recorded += 1;
            }
        }
        bar.inc(u64::try_from(batch.len()).unwrap_or(0));
    }
    bar.finish_and_clear();
    summary.refused = u64::try_from(rows.refused.len()).unwrap_or(u64::MAX);
    if output.is_json() {
        output.json_line(&summary)?;
    } else {
        output.line(format!(
            "{} recorded, {} recorded before, {} refused, {} without an outcome",
            summary.recorded, summary.recorded_before, summary.refused, summary.without_outcome
        ))?;
    }
    if rows.refused.is_empty() {
        return Ok(Exit::Done);
    }
    rows.refused.sort_by_key(|cell| cell.line);
    let list = rejects::write_csv(&args.file, &rows.refused)?;
    output.note(format!("the refused rows are listed in {}", list.display()))?;
    Ok(Exit::SomeRefused)
}

fn read(path: &Path) -> Result<Rows, CliError> {
    let content = std::fs::read(path).map_err(|source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    parse(&content).map_err(|why| CliError::Usage(format!("{}: {why}", path.display())))
}

/// The rows; `Err` = the file is not of this kind, and nothing is sent.
fn parse(content: &[u8]) -> Result<Rows, String> {
    let content = content
        .strip_prefix(BYTE_ORDER_MARK.as_bytes())
        .unwrap_or(content);
    let first = content.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // As spreadsheets write it where the comma is the decimal sign.
    let delimiter = if first.contains(&b';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(content);
    // Names may be in another encoding than ours: what counts is in letters that all of them share.
    let header = reader.byte_headers().map_err(|error| error.to_string())?.clone();
    let find = |name: &str| {
        header
            .iter()
            .position(|column| column.trim_ascii() == name.as_bytes())
    };
    let column = |name: &str| {
        find(name).ok_or_else(|| {
            format!(
                "the header has no column {name}; it needs {PERSON_ID}, {STATUS}, {OUTCOME_DATE} and {REGISTRY_ID}, \
                 in any order, and others are passed over"
            )
        })
    };
    let (person, state, date, key) = (
        column(PERSON_ID)?,
        column(STATUS)?,
        column(OUTCOME_DATE)?,
        column(REGISTRY_ID)?,
    );
    let mut rows = Rows::default();
    let mut lines = Lines {
        content,
        read: 0,
        line: 1,
    };
    for record in reader.byte_records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map(|position| lines.of(position));
                rows.refuse(line, "", "is not a row of CSV".to_owned());
                continue;
            }
        };
        let line = record.position().map_or(0, |position| lines.of(position));
        let cell = |at: usize| std::str::from_utf8(record.get(at).unwrap_or_default());
        let cells = [person, state, date, key].map(cell);
        let [Ok(person), Ok(state), Ok(date), Ok(key)] = cells else {
            rows.refuse(
                Some(line),
                "",
                "has letters that are not UTF-8 in a column that counts".to_owned(),
            );
            continue;
        };
        // The apostrophe with which a cell was guarded against being taken for a number.
        rows.add(
            line,
            [person, state, date, key].map(|cell| cell.trim().trim_start_matches('\'')),
        );
    }
    Ok(rows)
}

/// Counts lines: the reader takes the end of one for the beginning of the next.
struct Lines<'t> {
    content: &'t [u8],
    read: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line of a record, if it is not before the last one asked for.
    fn of(&mut self, position: &csv::Position) -> u64 {
        let bytes = self.content;
        let ends = usize::try_from(position.byte()).unwrap_or(bytes.len());
        let rest = bytes.get(ends..).unwrap_or_default();
        let begins = ends
            + rest
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
        let between = bytes.get(self.read..begins).unwrap_or_default();
        self.line += between.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        self.read = begins;
        self.line
    }
}

impl Rows {
    fn add(&mut self, line: u64, [person_id, word, date, key]: [&str; 4]) {
        let Some((state, reason)) = status(word) else {
            let problem = format!("must be one of: {}", status_words());
            self.refuse(Some(line), STATUS, problem);
            return;
        };
        match state {
            ObligationState::Unspecified | ObligationState::Due | ObligationState::Reported => {
                self.unsaid += 1;
                return;
            }
            ObligationState::Proposed
            | ObligationState::Deliberated
            | ObligationState::Verified
            | ObligationState::Registered
            | ObligationState::Refused => {}
        }
        let is_registered = state == ObligationState::Registered;
        let entry = OutcomeEntry {
            person_id: person_id.to_owned(),
            state: state.into(),
            outcome_date: day(date),
            refusal_reason: reason.into(),
            registry_id: if is_registered {
                key.to_owned()
            } else {
                String::new()
            },
        };
        self.entries.push((line, entry));
    }

    fn refuse(&mut self, line: Option<u64>, field: &str, problem: String) {
        self.refused.push(RefusedCell {
            line,
            field: field.to_owned(),
            problem,
        });
    }
}

/// A day as the hub reads it, from a cell that a spreadsheet may have written as people here do: 20/11/2026. The hub says
/// what is wrong with any other.
fn day(cell: &str) -> String {
    let parts: Vec<&str> = cell.split(['/', '.']).collect();
    let is_number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts[..] {
        [day, month, year] if is_number(day, 1..=2) && is_number(month, 1..=2) && is_number(year, 4..=4) => {
            format!("{year}-{month:0>2}-{day:0>2}")
        }
        _ => cell.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::RefusalReason;

    use super::*;

    #[test]
    fn a_file_is_read_as_spreadsheets_write_it() {
        for text in [
            "\u{feff}nama,id_serasi,status_usulan,tanggal,id_dtks\r\nA,3273-1,ditetapkan,2026-11-20,'1234567890123456\r\n",
            "id_dtks;tanggal;status_usulan;id_serasi\n'1234567890123456;2026-11-20;ditetapkan;3273-1\n",
        ] {
            let rows = parse(text.as_bytes()).unwrap();
            let (line, entry) = &rows.entries[0];
            assert_eq!((*line, entry.person_id.as_str()), (2, "3273-1"));
            assert_eq!(entry.state(), ObligationState::Registered);
            assert_eq!(entry.registry_id, "1234567890123456");
            assert_eq!(entry.outcome_date, "2026-11-20");
        }
    }

    #[test]
    fn a_row_that_says_nothing_is_passed_over_and_one_that_cannot_be_read_is_refused() {
        let text = "id_serasi,status_usulan,tanggal,id_dtks\n1,dilaporkan,,\n2,,,\n3,selesai,,\n4,pindah,2026-11-20,x\n5\n";
        let rows = parse(text.as_bytes()).unwrap();
        assert_eq!(rows.unsaid, 3);
        assert_eq!(rows.refused.len(), 1);
        assert_eq!(
            (rows.refused[0].line, rows.refused[0].field.as_str()),
            (Some(4), STATUS)
        );
        let (_, moved) = &rows.entries[0];
        assert_eq!(moved.refusal_reason(), RefusalReason::Moved);
        assert_eq!(moved.registry_id, "", "a key belongs to who is registered");
    }

    #[test]
    fn another_file_is_refused_before_anything_is_sent() {
        let why = parse(b"nik,nama\n1,2\n").unwrap_err();
        assert!(why.contains("id_serasi"), "{why}");
        assert!(parse(b"").is_err());
    }

    #[test]
    fn days_and_letters_of_a_spreadsheet_that_knows_better_are_read() {
        for (cell, read) in [
            ("2026-11-20", "2026-11-20"),
            ("20/11/2026", "2026-11-20"),
            ("1/2/2026", "2026-02-01"),
            ("1.2.2026", "2026-02-01"),
            ("11/20", "11/20"),
            ("20/11/26", "20/11/26"),
            ("", ""),
        ] {
            assert_eq!(day(cell), read);
        }
        // Windows-1252: a name with an accent, and one where a word that counts should be.
        let content = b"nama;id_serasi;status_usulan;tanggal;id_dtks\nAnd\xe9;3273-1;pindah;20/11/2026;\nB;3273-2;p\xe9ndah;;\n";
        let rows = parse(content).unwrap();
        assert_eq!(rows.entries.len(), 1);
        assert_eq!(rows.entries[0].1.outcome_date, "2026-11-20");
        assert_eq!(rows.refused[0].line, Some(3));
    }
}
