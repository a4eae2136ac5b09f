//! The lines of a file or a pipe. A thread reads them, so that a slow pipe holds up no answer.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::thread;

use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::error::CliError;
use crate::rejects::STDIN;

/// Reports of one run.
pub(super) const MAX_LINES: u64 = 1_000_000;
/// Ten times a report with fifty persons.
const MAX_LINE_BYTES: usize = 1024 * 1024;
const READ_AHEAD_LINES: usize = 64;
/// Some editors put it before the first line.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Lines that are not blank, as they come.
pub(super) struct Lines {
    pub(super) next: Receiver<Result<Line, CliError>>,
    /// How many there are; `None` = nobody knows, it is a pipe.
    pub(super) total: Option<u64>,
}

/// One line, counted from 1; or why it cannot be one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: Result<String, String>,
}

/// Starts to read a file; `-` is standard input.
pub(super) fn open(path: &Path) -> Result<Lines, CliError> {
    if path == Path::new(STDIN) {
        return Ok(read_in_thread(Box::new(io::stdin()), path, None));
    }
    let unreadable = |source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let is_file = fs::metadata(path).map_err(unreadable)?.is_file();
    let total = is_file.then(|| count(path)).transpose().map_err(unreadable)?;
    let file = File::open(path).map_err(unreadable)?;
    Ok(read_in_thread(Box::new(file), path, total))
}

/// What is wrong with a line that is JSON but no intake, or no JSON. Without the value that stands there: reasons
/// are shown and kept, and people's data are not for that.
pub(super) fn why_no_intake(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(what, _)| what);
    let quotes_a_value = ["invalid type: ", "invalid value: "]
        .iter()
        .any(|start| text.starts_with(start));
    let expected = text.rfind(", expected ").and_then(|start| text.get(start + 2..));
    let what = expected.filter(|_| quotes_a_value).unwrap_or(text);
    format!("column {}: {what}", error.column())
}

fn count(path: &Path) -> io::Result<u64> {
    let mut reader = BufReader::new(File::open(path)?);
    let (mut lines, mut buffer) = (0, Vec::new());
    while let Some(text) = read_line(&mut reader, &mut buffer)? {
        lines += u64::from(!is_blank(&text));
    }
    Ok(lines)
}

fn read_in_thread(source: Box<dyn Read + Send>, path: &Path, total: Option<u64>) -> Lines {
    let (sender, next) = mpsc::channel(READ_AHEAD_LINES);
    let path = path.to_owned();
    // Never joined: a thread that waits for a terminal must not keep a finished command alive.
    thread::spawn(move || read_all(BufReader::new(source), &path, &sender));
    Lines { next, total }
}

fn read_all(mut reader: impl BufRead, path: &Path, sender: &Sender<Result<Line, CliError>>) {
    let mut buffer = Vec::new();
    for number in 1.. {
        let line = match read_line(&mut reader, &mut buffer) {
            Ok(None) => return,
            Ok(Some(text)) if is_blank(&text) => continue,
            Ok(Some(_)) if number > MAX_LINES => Err(CliError::Usage(format!(
                "{} has more than {MAX_LINES} lines; split it",
                path.display()
            ))),
            Ok(Some(text)) => Ok(Line { number, text }),
            Err(source) => Err(CliError::Unreadable {
                path: path.to_owned(),
                source,
            }),
        };
        let is_last = line.is_err();
        let is_unheard = sender.blocking_send(line).is_err();
        if is_last || is_unheard {
            return;
        }
    }
}

/// The next line without its end; `None` at the end of the file.
fn read_line(reader: &mut impl BufRead, buffer: &mut Vec<u8>) -> io::Result<Option<Result<String, String>>> {
    buffer.clear();
    let limit = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
    if reader.by_ref().take(limit).read_until(b'\n', buffer)? == 0 {
        return Ok(None);
    }
    if buffer.len() == MAX_LINE_BYTES && !buffer.ends_with(b"\n") {
        reader.skip_until(b'\n')?;
        return Ok(Some(Err(format!("is longer than {MAX_LINE_BYTES} bytes"))));
    }
    let text = std::str::from_utf8(buffer)
        .map_err(|error| format!("is not UTF-8 from byte {}", error.valid_up_to()));
    let text = text.map(|text| text.trim_start_matches(BYTE_ORDER_MARK).trim().to_owned());
    Ok(Some(text))
}

fn is_blank(text: &Result<String, String>) -> bool {
    matches!(text, Ok(text) if text.is_empty())
}

#[cfg(test)]
mod tests {
    use serasi_proto::v1::Intake;

    use super::*;

    const CASES: &str = include_str!("../../demo/cases.jsonl");

    fn why(text: &str) -> String {
        why_no_intake(&serde_json::from_str::<Intake>(text).unwrap_err())
    }

    async fn all(bytes: &[u8]) -> Vec<Line> {
        let source = Box::new(io::Cursor::new(bytes.to_vec()));
        let mut lines = read_in_thread(source, Path::new("cases.jsonl"), None);
        let mut all = Vec::new();
        while let Some(line) = lines.next.recv().await {
            all.push(line.unwrap());
        }
        all
    }

    #[tokio::test]
    async fn the_cases_of_the_demo_are_all_intakes_even_the_one_with_malformed_content() {
        let lines = all(CASES.as_bytes()).await;
        assert_eq!(lines.len(), 40);
        let intakes: Vec<Intake> = lines
            .iter()
            .map(|line| serde_json::from_str(line.text.as_ref().unwrap()).unwrap())
            .collect();
        assert!(
            intakes
                .iter()
                .any(|intake| intake.source_ref == "PJK-KPG-2026-0241")
        );
    }

    #[tokio::test]
    async fn blank_lines_do_not_count_but_keep_their_number() {
        let lines = all("\u{feff}{}\r\n\n  \n{ }".as_bytes()).await;
        let told: Vec<_> = lines
            .iter()
            .map(|line| (line.number, line.text.as_deref()))
            .collect();
        assert_eq!(told, [(1, Ok("{}")), (4, Ok("{ }"))]);
    }

    #[tokio::test]
    async fn a_line_that_cannot_be_read_does_not_end_the_file() {
        let mut bytes = vec![b'x'; MAX_LINE_BYTES + 10];
        bytes.extend(b"\n\xff\xfe\n{}\n");
        let lines = all(&bytes).await;
        assert!(lines[0].text.as_ref().unwrap_err().contains("longer"));
        assert!(lines[1].text.as_ref().unwrap_err().contains("UTF-8"));
        assert_eq!(
            lines[2],
            Line {
                number: 3,
                text: Ok("{}".into())
            }
        );
    }

    #[test]
    fn a_wrong_line_says_where_and_what_without_the_value() {
        assert!(why(r#"{"story": "x", "urgensi": 1}"#).contains("unknown field `urgensi`"));
        assert!(why(r#"{"story": "#).starts_with("column 10: EOF"));
        let typed = why(r#"{"persons": [{"nik": 3372041204919901}]}"#);
        assert!(
            typed.contains("expected a string") && !typed.contains("3372"),
            "{typed}"
        );
        let number = why(r#"{"persons": [{"estimated_age_years": "tujuh, expected 7"}]}"#);
        assert!(!number.contains("tujuh"), "{number}");
    }

    #[test]
    fn a_file_that_is_not_there_is_told_before_anything_is_sent() {
        let open = |path: &str| open(Path::new(path)).err().unwrap();
        assert!(matches!(
            open("/nonexistent/cases.jsonl"),
            CliError::Unreadable { .. }
        ));
    }

    #[test]
    fn lines_of_a_file_are_counted_for_the_progress_bar() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cases.jsonl");
        fs::write(&path, "{}\n\n{}\nnonsense").unwrap();
        assert_eq!(count(&path).unwrap(), 3);
    }
}
