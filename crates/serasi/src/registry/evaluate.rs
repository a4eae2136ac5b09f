//! `serasi registry evaluate`: links beside the truth. Links are those of class exact and probable.

use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

use serasi_linkage::{Class, Judged, Point, Quality};
use serasi_registry_file::{Cells, Columns, LINKS, Mapping, TRUTH};
use serde::Serialize;

use super::read::{in_order, open};
use crate::cli::EvaluateArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::rejects::create;
use crate::table::{facts, records};

/// Points of the curve that are shown, and told with `--json`.
const SHOWN_POINTS: usize = 12;
const TOLD_POINTS: usize = 200;

#[derive(Serialize)]
struct Evaluation<'a> {
    persons: usize,
    #[serde(flatten)]
    quality: &'a Quality,
    curve: Vec<Point>,
}

/// A line of the links.
struct Found {
    person_ref: String,
    registry_id: String,
    weight: f64,
    probability: f64,
    class: Class,
}

pub(crate) fn evaluate(args: &EvaluateArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let truth: HashMap<String, String> = read(&args.truth, TRUTH, |cells| {
        Ok((cells.get(0).to_owned(), cells.get(1).to_owned()))
    })?
    .into_iter()
    .collect();
    let links = read(&args.links, LINKS, found)?;
    let registered = truth.values().filter(|row| !row.is_empty()).count();
    let mut judged = Vec::with_capacity(links.len());
    for link in links {
        let Some(row) = truth.get(&link.person_ref) else {
            return Err(CliError::Usage(format!(
                "{} names a person_ref that {} does not: {}",
                args.links.display(),
                args.truth.display(),
                link.person_ref
            )));
        };
        if !link.registry_id.is_empty() {
            judged.push(Judged {
                probability: link.probability,
                weight: link.weight,
                is_right: link.registry_id == *row,
                is_link: link.class.is_link(),
            });
        }
    }
    let quality = Quality::of(judged, registered);
    if let Some(path) = &args.curve {
        write_curve(path, &quality.curve)?;
    }
    if output.is_json() {
        output.json_line(&Evaluation {
            persons: truth.len(),
            quality: &quality,
            curve: thinned(&quality.curve, TOLD_POINTS),
        })?;
    } else {
        show(&quality, truth.len(), output)?;
    }
    Ok(Exit::Done)
}

fn show(quality: &Quality, persons: usize, output: &mut Output<'_>) -> io::Result<()> {
    let of_point = |point: &Point| {
        format!(
            "precision {:.4}  recall {:.4}  F1 {:.4}",
            point.precision, point.recall, point.f1
        )
    };
    output.line(facts([
        (
            "persons",
            format!("{persons}, of whom {} are registered", quality.registered),
        ),
        (
            "links made",
            format!("{}: {}", quality.made.links, of_point(&quality.made)),
        ),
        (
            "best threshold",
            format!("{:.4}: {}", quality.best.probability, of_point(&quality.best)),
        ),
        (
            "recall at 99 % precision",
            format!("{:.4}", quality.recall_at_99_percent_precision),
        ),
    ]))?;
    let rows = thinned(&quality.curve, SHOWN_POINTS).into_iter().map(|point| {
        [
            format!("{:.6}", point.probability),
            point.links.to_string(),
            format!("{:.4}", point.precision),
            format!("{:.4}", point.recall),
            format!("{:.4}", point.f1),
        ]
    });
    output.line("")?;
    output.line(records(
        &["probability", "links", "precision", "recall", "F1"],
        rows,
    ))
}

/// Points spread evenly, the last among them.
fn thinned(curve: &[Point], points: usize) -> Vec<Point> {
    let step = curve.len().div_ceil(points).max(1);
    let mut thinned: Vec<Point> = curve.iter().rev().step_by(step).copied().collect();
    thinned.reverse();
    thinned
}

fn write_curve(path: &Path, curve: &[Point]) -> Result<(), CliError> {
    let mut writer = csv::Writer::from_writer(create(path)?);
    let written = curve.iter().try_for_each(|point| writer.serialize(point));
    written
        .map_err(io::Error::from)
        .and_then(|()| writer.flush())
        .map_err(|source| CliError::Unwritable {
            path: path.to_owned(),
            source,
        })
}

fn found(cells: &Cells) -> Result<Found, &'static str> {
    let number = |column: usize| -> Result<f64, &'static str> {
        let text = cells.get(column);
        let number: f64 = if text.is_empty() { Ok(0.0) } else { text.parse() }
            .map_err(|_| "weight and probability are numbers")?;
        if number.is_nan() {
            Err("weight and probability are numbers")
        } else {
            Ok(number)
        }
    };
    let class = Class::ALL.into_iter().find(|class| class.code() == cells.get(4));
    Ok(Found {
        person_ref: cells.get(0).to_owned(),
        registry_id: cells.get(1).to_owned(),
        weight: number(2)?,
        probability: number(3)?,
        class: class.ok_or("class is exact, probable, ambiguous or none")?,
    })
}

/// All rows of a file in which nothing may be wrong: a figure over a part of it would mislead.
fn read<T: Send>(
    path: &Path,
    columns: Columns,
    parse: impl Fn(&Cells) -> Result<T, &'static str> + Sync,
) -> Result<Vec<T>, CliError> {
    let file = open(path, columns, &Mapping::default())?;
    let wrong =
        |line: u64, problem: &str| CliError::Usage(format!("{}, line {line}: {problem}", path.display()));
    let mut rows = Vec::new();
    let mut keys = HashSet::new();
    let work = |chunk: &serasi_registry_file::Chunk<'_>| {
        let mut rows = Vec::new();
        chunk.for_each(|line, cells| {
            let row = match cells {
                Ok(cells) => parse(cells)
                    .map(|row| (cells.get(0).to_owned(), row))
                    .map_err(ToOwned::to_owned),
                Err(problem) => Err(problem.to_string()),
            };
            rows.push((line, row));
        });
        rows
    };
    in_order(&file, path, work, |piece| {
        for (line, row) in piece {
            let (key, row) = row.map_err(|problem| wrong(line, &problem))?;
            if key.is_empty() {
                return Err(wrong(line, "person_ref must not be empty"));
            }
            if !keys.insert(key) {
                return Err(wrong(line, "an earlier row has the same person_ref"));
            }
            rows.push(row);
        }
        Ok(())
    })?;
    Ok(rows)
}
