//! The file of links and the summary of a run.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serasi_linkage::{Class, Link, Links};
use serasi_registry_file::LINKS;
use serde::Serialize;

use crate::error::CliError;
use crate::output::Output;
use crate::rejects::create;
use crate::table::facts;

/// What came of a run; the classes add up to the persons, the rows to those read.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    pub(super) persons: u64,
    pub(super) persons_refused: u64,
    pub(super) exact: u64,
    pub(super) probable: u64,
    pub(super) ambiguous: u64,
    pub(super) none: u64,
    pub(super) rows: u64,
    pub(super) rows_refused: u64,
    pub(super) rows_compared: u64,
    /// As estimated, without the truth.
    pub(super) registered_share: f64,
    pub(super) weights_version: String,
    pub(super) seconds: f64,
    pub(super) rejects: Option<PathBuf>,
}

/// One row for each person, in the order of their file.
pub(super) fn write_links<'a>(
    path: &Path,
    refs: &[String],
    links: &Links,
    id: impl Fn(u64) -> &'a str,
) -> Result<(), CliError> {
    let unwritable = |source: io::Error| CliError::Unwritable {
        path: path.to_owned(),
        source,
    };
    let file: File = create(path)?;
    let mut writer = csv::Writer::from_writer(BufWriter::new(file));
    let written = writer.write_record(LINKS.names()).and_then(|()| {
        refs.iter().zip(&links.links).try_for_each(|(person_ref, link)| {
            let [id, weight, probability, class] = cells(link.as_ref(), &id);
            writer.write_record([person_ref.as_str(), &id, &weight, &probability, &class])
        })
    });
    written.map_err(|error| unwritable(error.into()))?;
    writer
        .into_inner()
        .map_err(|error| unwritable(error.into_error()))
        .and_then(|mut file| file.flush().map_err(unwritable))
}

fn cells<'a>(link: Option<&Link>, id: impl Fn(u64) -> &'a str) -> [String; 4] {
    let Some(link) = link else {
        return [
            String::new(),
            String::new(),
            "0".to_owned(),
            Class::None.code().to_owned(),
        ];
    };
    let id = match link.class {
        Class::None => "",
        Class::Exact | Class::Probable | Class::Ambiguous => id(link.row),
    };
    [
        id.to_owned(),
        format!("{:.4}", link.weight),
        // All digits: nearly certain links must stay in order.
        link.probability.to_string(),
        link.class.code().to_owned(),
    ]
}

impl Summary {
    pub(super) fn show(&self, out: &Path, output: &mut Output<'_>) -> Result<(), CliError> {
        if output.is_json() {
            return Ok(output.json_line(self)?);
        }
        let linked = self.exact + self.probable;
        let known = [
            (
                "persons",
                format!("{}, {} of them refused", self.persons, self.persons_refused),
            ),
            (
                "linked",
                format!("{linked}: {} exact, {} probable", self.exact, self.probable),
            ),
            ("for a human", format!("{} ambiguous", self.ambiguous)),
            ("not found", self.none.to_string()),
            (
                "rows",
                format!("{}, {} of them refused", self.rows, self.rows_refused),
            ),
            (
                "estimate",
                format!(
                    "{:.1} % of the persons are registered",
                    self.registered_share * 100.0
                ),
            ),
            ("weights", self.weights_version.clone()),
            ("took", format!("{:.1} s", self.seconds)),
            ("links", out.display().to_string()),
            (
                "refused rows",
                self.rejects
                    .as_ref()
                    .map(|path| path.display().to_string())
                    .unwrap_or_default(),
            ),
        ];
        Ok(output.line(facts(known))?)
    }
}
