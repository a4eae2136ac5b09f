//! Where a command writes: results for stdout, notes for stderr. With `--json` stdout carries JSON Lines and
//! nothing else, so that a program can read it to the end.

use std::fmt::Display;
use std::io::{self, Write};

use serde::Serialize;

/// The two streams of a command and the form of its results.
pub(crate) struct Output<'a> {
    results: Stream<'a>,
    notes: Stream<'a>,
    json: bool,
}

/// A stream whose reader may leave: `serasi case list | head` has seen enough, and a run that delivers reports
/// must deliver the rest all the same.
struct Stream<'a> {
    target: &'a mut dyn Write,
    is_closed: bool,
}

impl<'a> Output<'a> {
    pub(crate) fn new(results: &'a mut dyn Write, notes: &'a mut dyn Write, json: bool) -> Self {
        let open = |target| Stream {
            target,
            is_closed: false,
        };
        Self {
            results: open(results),
            notes: open(notes),
            json,
        }
    }

    /// True = results are JSON Lines for a program.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// True = the reader of the results has left: `serasi watch offers | head`.
    pub(crate) fn is_closed(&self) -> bool {
        self.results.is_closed
    }

    /// One result for a program.
    pub(crate) fn json_line(&mut self, message: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(message)?;
        self.results.write(&text)
    }

    /// One line, paragraph or table of results for a person.
    pub(crate) fn line(&mut self, text: impl Display) -> io::Result<()> {
        self.results.write(&without_controls(&text.to_string()))
    }

    /// Anything that is no result: refusals, summaries of a run with `--json`, errors.
    pub(crate) fn note(&mut self, text: impl Display) -> io::Result<()> {
        self.notes.write(&without_controls(&text.to_string()))
    }
}

impl Stream<'_> {
    fn write(&mut self, text: &str) -> io::Result<()> {
        if self.is_closed {
            return Ok(());
        }
        match writeln!(self.target, "{text}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.is_closed = true;
                Ok(())
            }
            written => written,
        }
    }
}

/// What people wrote into reports must not move the cursor or recolour the terminal of who reads them.
fn without_controls(text: &str) -> String {
    let keeps = |letter: char| !letter.is_control() || matches!(letter, '\n' | '\t');
    text.chars()
        .map(|letter| {
            if keeps(letter) {
                letter
            } else {
                char::REPLACEMENT_CHARACTER
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_in_a_report_do_not_reach_the_terminal() {
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut results, &mut notes, false);
        output.line("nama: \u{1b}[2JSiti\r\n\tbaris dua").unwrap();
        assert_eq!(
            String::from_utf8(results).unwrap(),
            "nama: \u{fffd}[2JSiti\u{fffd}\n\tbaris dua\n"
        );
    }

    /// A reader that leaves, or a disk that is full.
    struct Broken(io::ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_has_enough_is_no_failure_and_a_full_disk_is_one() {
        let (mut reader, mut notes) = (Broken(io::ErrorKind::BrokenPipe), Vec::new());
        let mut output = Output::new(&mut reader, &mut notes, true);
        output.json_line(&1).unwrap();
        output.line("more").unwrap();
        let mut disk = Broken(io::ErrorKind::StorageFull);
        let mut output = Output::new(&mut disk, &mut notes, false);
        assert!(output.line("text").is_err());
    }
}
