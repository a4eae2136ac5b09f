//! What is written down of a run: refused rows, rows that are or may be somebody, and a summary that adds up.

use std::collections::VecDeque;
use std::fs::File;
use std::io::BufWriter;
use std::path::PathBuf;

use serasi_proto::v1::{ReconcileResponse, Reconciliation, ReconciliationState, RowCode, RowResult};
use serasi_registry_file::SNAPSHOT;
use serde::Serialize;

use super::duplicates::Duplicates;
use crate::cli::ReconcileArgs;
use crate::codes::label;
use crate::error::CliError;
use crate::output::Output;
use crate::rejects::{Refusal, RefusedRows, Table, create};
use crate::table::facts;

/// The lists of a run, and how far they are.
pub(super) struct Lists {
    rejects: RefusedRows,
    results: Option<(PathBuf, csv::Writer<BufWriter<File>>)>,
    /// Refused here, and the hub has not kept the row yet: it may break, and the row come again.
    waiting: VecDeque<Refusal>,
    /// What was refused up to this row is listed.
    pub(super) listed: u64,
    /// The hub has all rows up to this one.
    kept: u64,
    /// Of the run, as it was last told.
    pub(super) version: i64,
    /// The last row whose results are listed, and who was named beside it.
    told: Option<(u64, String)>,
    pub(super) is_done: bool,
    /// The hub has answered at least once.
    pub(super) has_begun: bool,
}

#[derive(Serialize)]
struct Listed<'a> {
    row: u64,
    code: String,
    person_id: &'a str,
    weight: f64,
    probability: f64,
}

/// What came of a run: rows = exact + probable + ambiguous + refused + not found.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    reconciliation_id: String,
    state: String,
    rows: u64,
    pub(super) rows_refused: u64,
    rows_exact: u64,
    rows_probable: u64,
    rows_ambiguous: u64,
    rows_not_found: u64,
    persons_decided: u64,
    persons_matched: u64,
    persons_ambiguous: u64,
    persons_not_found: u64,
    persons_left: u64,
    persons_held: u64,
    /// Nothing was concluded about who was not found.
    concludes_nothing: bool,
    weights_version: String,
    /// Only where they were looked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    duplicates: Option<Duplicates>,
    rejects: Option<PathBuf>,
}

impl Lists {
    pub(super) fn start(args: &ReconcileArgs) -> Result<Self, CliError> {
        let rejects = match &args.rejects {
            Some(path) => RefusedRows::start_at(path.clone())?,
            None => RefusedRows::start(&args.file)?,
        };
        let results = match &args.results {
            Some(path) => Some((
                path.clone(),
                csv::Writer::from_writer(BufWriter::new(create(path)?)),
            )),
            None => None,
        };
        Ok(Self {
            rejects,
            results,
            waiting: VecDeque::new(),
            listed: 0,
            kept: 0,
            version: 0,
            told: None,
            is_done: false,
            has_begun: false,
        })
    }

    /// A stream begins after this row.
    pub(super) fn begin(&mut self, kept: u64) {
        self.has_begun = true;
        self.waiting.clear();
        self.kept = kept;
    }

    /// A row that was refused without asking the hub.
    pub(super) fn refused_here(&mut self, refusal: Refusal) -> Result<(), CliError> {
        if refusal.line <= self.kept {
            return self.rejects.add(Table::Snapshot, &refusal);
        }
        self.waiting.push_back(refusal);
        Ok(())
    }

    /// Writes down what an answer says.
    pub(super) fn take(&mut self, answer: ReconcileResponse) -> Result<Reconciliation, CliError> {
        let run = answer.reconciliation.unwrap_or_default();
        self.version = self.version.max(run.version);
        self.kept = run.last_row;
        while self
            .waiting
            .front()
            .is_some_and(|refusal| refusal.line <= self.kept)
        {
            if let Some(refusal) = self.waiting.pop_front() {
                self.rejects.add(Table::Snapshot, &refusal)?;
            }
        }
        for result in &answer.results {
            self.list(result)?;
        }
        self.listed = self.listed.max(self.kept);
        // The last answer has no results.
        self.is_done = run.state() == ReconciliationState::Done && answer.results.is_empty();
        Ok(run)
    }

    fn list(&mut self, result: &RowResult) -> Result<(), CliError> {
        if result.code() == RowCode::Refused {
            let columns = SNAPSHOT.names().iter().copied();
            let refusal = Refusal {
                line: result.row,
                column: columns
                    .clone()
                    .find(|name| *name == result.column)
                    .unwrap_or_default(),
                problem: result.problem.clone(),
            };
            return self.rejects.add(Table::Snapshot, &refusal);
        }
        // A stream that broke while results came begins with the first of them again.
        let is_told = self
            .told
            .as_ref()
            .is_some_and(|(row, person)| (result.row, &result.person_id) <= (*row, person));
        let Some((path, file)) = self.results.as_mut().filter(|_| !is_told) else {
            return Ok(());
        };
        let listed = Listed {
            row: result.row,
            code: label::<RowCode>(result.code),
            person_id: &result.person_id,
            weight: result.weight,
            probability: result.probability,
        };
        self.told = Some((result.row, result.person_id.clone()));
        file.serialize(listed).map_err(|error| CliError::Unwritable {
            path: path.clone(),
            source: error.into(),
        })
    }

    /// Where refused rows are listed, if any are.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, CliError> {
        if let Some((path, mut file)) = self.results {
            file.flush()
                .map_err(|source| CliError::Unwritable { path, source })?;
        }
        self.rejects.finish()
    }
}

impl Summary {
    pub(super) fn of(run: &Reconciliation, rejects: Option<PathBuf>, duplicates: Option<Duplicates>) -> Self {
        let rows = run.rows.unwrap_or_default();
        let persons = run.persons.unwrap_or_default();
        Self {
            reconciliation_id: run.reconciliation_id.clone(),
            state: label::<ReconciliationState>(run.state),
            rows: rows.read,
            rows_refused: rows.refused,
            rows_exact: rows.exact,
            rows_probable: rows.probable,
            rows_ambiguous: rows.ambiguous,
            rows_not_found: rows.not_found,
            persons_decided: persons.decided,
            persons_matched: persons.matched,
            persons_ambiguous: persons.ambiguous,
            persons_not_found: persons.not_found,
            persons_left: persons.left,
            persons_held: persons.held,
            concludes_nothing: run.concludes_nothing,
            weights_version: run.weights_version.clone(),
            duplicates,
            rejects,
        }
    }

    pub(super) fn show(&self, output: &mut Output<'_>) -> Result<(), CliError> {
        if output.is_json() {
            return Ok(output.json_line(self)?);
        }
        let list = self.rejects.as_ref().map(|path| path.display().to_string());
        let known = [
            (
                "reconciliation",
                format!("{}, {}", self.reconciliation_id, self.state),
            ),
            (
                "rows",
                format!(
                    "{}: {} exact, {} probable, {} ambiguous, {} refused, {} not found",
                    self.rows,
                    self.rows_exact,
                    self.rows_probable,
                    self.rows_ambiguous,
                    self.rows_refused,
                    self.rows_not_found
                ),
            ),
            (
                "persons",
                format!(
                    "{} looked at; now {} matched, {} for a human, {} not found, {} have left; {} for the next run",
                    self.persons_decided,
                    self.persons_matched,
                    self.persons_ambiguous,
                    self.persons_not_found,
                    self.persons_left,
                    self.persons_held
                ),
            ),
            (
                "not found",
                if self.concludes_nothing {
                    "nothing is concluded about them: a delta, a file that broke off, or too many refused rows; put \
                     these right and run the file again"
                        .to_owned()
                } else {
                    String::new()
                },
            ),
            ("weights", self.weights_version.clone()),
            (
                "duplicates",
                self.duplicates.map_or_else(String::new, |found| {
                    format!(
                        "{} rows with the key of an earlier one, refused; {} NIK under two keys, {} twice under one",
                        found.registry_ids, found.conflicting_niks, found.repeated_niks
                    )
                }),
            ),
            ("refused rows", list.unwrap_or_default()),
        ];
        Ok(output.line(facts(known))?)
    }
}
