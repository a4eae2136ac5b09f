//! `serasi import facilities`: a directory file goes to the hub as one stream; it is taken whole or not at all.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use serasi_directory::{ImportFileError, RowError, read_facilities};
use serasi_proto::v1::ImportFacilitiesRequest;
use tonic::{Code, Request, Status};

use crate::cli::{ClientOptions, ImportFacilitiesArgs};
use crate::client::Hub;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::refusal::{Refusal, Violation};
use crate::rejects::{self, RefusedCell, STDIN};

/// Fifty thousand rows in one transaction take a while.
const TIMEOUT: Duration = Duration::from_mins(10);

/// Reads the file, tells everything that is wrong with it, and streams it when nothing is.
pub(crate) async fn facilities(
    options: &ClientOptions,
    args: &ImportFacilitiesArgs,
    output: &mut Output<'_>,
) -> Result<Exit, CliError> {
    rejects::forget_csv(&args.file)?;
    let rows = match read(&args.file)? {
        Ok(rows) => rows,
        Err(problems) => return refuse(&args.file, &problems, output),
    };
    let hub = Hub::connect(options).await?;
    let bar = progress(output, Some(rows.len() as u64));
    let sent = bar.clone();
    let stream = tokio_stream::iter(rows.into_iter().inspect(move |_| sent.inc(1)));
    let mut request = Request::new(stream);
    request.set_timeout(TIMEOUT);
    let answer = hub.facilities().import_facilities(request).await;
    bar.finish_and_clear();
    match answer {
        Ok(response) => {
            let response = response.into_inner();
            if output.is_json() {
                output.json_line(&response)?;
            } else {
                let (created, updated, unchanged) = (response.created, response.updated, response.unchanged);
                output.line(format!(
                    "{created} created, {updated} updated, {unchanged} unchanged"
                ))?;
            }
            Ok(Exit::Done)
        }
        Err(status) => {
            let problems = problems_of(&status);
            if problems.is_empty() {
                return Err(status.into());
            }
            output.note(headline(&status))?;
            refuse(&args.file, &problems, output)
        }
    }
}

/// The rows; or what is wrong with them, row by row.
fn read(path: &Path) -> Result<Result<Vec<ImportFacilitiesRequest>, Vec<RefusedCell>>, CliError> {
    let unreadable = |source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let read = if path == Path::new(STDIN) {
        read_facilities(io::stdin().lock())
    } else {
        read_facilities(File::open(path).map_err(unreadable)?)
    };
    match read {
        Ok(rows) => Ok(Ok(rows)),
        Err(ImportFileError::Rows { errors, more }) => {
            let mut cells: Vec<_> = errors.iter().map(cell).collect();
            if more {
                cells.push(RefusedCell {
                    line: None,
                    field: String::new(),
                    problem: "there is more; the file was not read to its end".to_owned(),
                });
            }
            Ok(Err(cells))
        }
        Err(source) => Err(CliError::NotADirectory {
            path: path.to_owned(),
            source,
        }),
    }
}

fn cell(error: &RowError) -> RefusedCell {
    RefusedCell {
        line: Some(error.line),
        field: error.column.unwrap_or_default().to_owned(),
        problem: error.problem.clone(),
    }
}

/// What the hub found; empty when it refused the import for another reason.
fn problems_of(status: &Status) -> Vec<RefusedCell> {
    if status.code() != Code::InvalidArgument {
        return Vec::new();
    }
    let violations = Refusal::from(status).violations;
    violations.into_iter().map(cell_of_violation).collect()
}

/// The hub names a cell of the stream `row 17.pools[0].total` or `row 17: pools[0].total`.
fn cell_of_violation(violation: Violation) -> RefusedCell {
    let Violation {
        field,
        description: problem,
    } = violation;
    let row = field.strip_prefix("row ").and_then(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = rest.split_at_checked(digits)?;
        Some((
            number.parse().ok()?,
            rest.trim_start_matches([':', '.', ' ']).to_owned(),
        ))
    });
    let (line, field) = row.map_or((None, field), |(line, field)| (Some(line), field));
    RefusedCell { line, field, problem }
}

/// The sentences of the hub, without the list of fields, which follows in the form of the file.
fn headline(status: &Status) -> Refusal {
    let mut refusal = Refusal::from(status);
    refusal.violations.clear();
    refusal
}

fn refuse(path: &Path, cells: &[RefusedCell], output: &mut Output<'_>) -> Result<Exit, CliError> {
    for RefusedCell { line, field, problem } in cells {
        let mut place: Vec<_> = line.iter().map(|line| format!("line {line}")).collect();
        place.extend((!field.is_empty()).then(|| field.clone()));
        let separator = if place.is_empty() { "" } else { ": " };
        output.note(format!("{}{separator}{problem}", place.join(", ")))?;
    }
    let list = rejects::write_csv(path, cells)?;
    output.note(format!(
        "Nothing was imported: {} problem(s), listed in {}.",
        cells.len(),
        list.display()
    ))?;
    Ok(Exit::SomeRefused)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn named(field: &str) -> (Option<u64>, String) {
        let cell = cell_of_violation(Violation {
            field: field.into(),
            description: "wrong".into(),
        });
        (cell.line, cell.field)
    }

    #[test]
    fn a_violation_is_mapped_to_its_line() {
        assert_eq!(
            named("row 17.pools[0].total"),
            (Some(17), "pools[0].total".into())
        );
        assert_eq!(
            named("row 17: pools[0].total"),
            (Some(17), "pools[0].total".into())
        );
        assert_eq!(named("row 17"), (Some(17), String::new()));
        assert_eq!(named("rows"), (None, "rows".into()));
        assert_eq!(named("row one"), (None, "row one".into()));
    }

    #[tokio::test]
    async fn a_file_with_wrong_rows_is_not_sent_and_every_problem_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("direktori.csv");
        let format = include_str!("../../directory/FORMAT.md");
        let example = format
            .split("```csv\n")
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        fs::write(&file, example.replace("lansia/male:30:12", "lansia/male:30:120")).unwrap();
        // No hub is running: a file with problems must be told without one.
        let options = ClientOptions {
            hub: "http://127.0.0.1:1".into(),
            ..ClientOptions::default()
        };
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut results, &mut notes, false);
        let args = ImportFacilitiesArgs { file: file.clone() };
        let exit = facilities(&options, &args, &mut output).await.unwrap();
        assert_eq!(exit, Exit::SomeRefused);
        let notes = String::from_utf8(notes).unwrap();
        assert!(notes.contains("line 2, pools: "), "{notes}");
        let list = fs::read_to_string(folder.path().join("direktori.csv.rejects.csv")).unwrap();
        assert!(list.starts_with("line,field,problem\n2,pools,"), "{list}");
        assert!(results.is_empty());
    }

    #[test]
    fn a_file_without_the_header_is_no_directory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.csv");
        fs::write(&file, "nama;alamat\n").unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(error.exit(), Exit::Refused);
        assert!(error.to_string().contains("header"), "{error}");
        assert!(matches!(
            read(Path::new("/nonexistent")),
            Err(CliError::Unreadable { .. })
        ));
    }
}
