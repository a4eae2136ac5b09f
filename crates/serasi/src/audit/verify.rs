//! `serasi audit verify`: reads files, asks nobody.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serasi_domain::id::Regency;
use serasi_ledger::{Check, Line, PublicKey, Report, SignedHead, TreeReport};
use serde_json::json;
use time::OffsetDateTime;

use crate::cli::AuditVerifyArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::STDIN;
use crate::table::records;

const FINDINGS: [&str; 2] = ["tree", "what is wrong"];
const TREES: [&str; 6] = [
    "tree",
    "leaves",
    "under a head",
    "proven alone",
    "too new",
    "heads (outside)",
];

/// Checks an export; exit code 1 = something does not agree.
pub(crate) fn verify(args: &AuditVerifyArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let mut keys = vec![];
    for path in &args.key {
        keys.extend(read_keys(path)?);
    }
    let mut check = Check::new(keys, args.region);
    for path in &args.heads {
        read_heads(path, args.until, &mut check)?;
    }
    read_export(&args.file, &mut check, output)?;
    let report = check.finish();
    if output.is_json() {
        tell_programs(&report, output)?;
    } else {
        tell_people(&report, output)?;
    }
    if args.heads.is_empty() {
        output.note(
            "No heads from outside the database were given (--heads): whoever holds the database and the signing key \
             could have replaced this export and its heads together.",
        )?;
    }
    Ok(if report.is_clean() {
        Exit::Done
    } else {
        Exit::SomeRefused
    })
}

fn read_keys(path: &Path) -> Result<Vec<PublicKey>, CliError> {
    let text = fs::read_to_string(path).map_err(unreadable(path))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let keys = lines.map(|line| {
        line.parse()
            .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))
    });
    keys.collect()
}

fn read_heads(path: &Path, until: Option<OffsetDateTime>, check: &mut Check) -> Result<(), CliError> {
    let file = File::open(path).map_err(unreadable(path))?;
    let mut is_empty = true;
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(unreadable(path))?;
        if line.trim().is_empty() {
            continue;
        }
        is_empty = false;
        let signed: SignedHead = serde_json::from_str(&line).map_err(|error| {
            let what = format!("{} line {}: no signed head ({error})", path.display(), number + 1);
            CliError::Usage(what)
        })?;
        if until.is_none_or(|until| signed.head.at < until) {
            check.outside_head(&signed);
        }
    }
    if is_empty {
        return Err(CliError::Usage(format!(
            "{} holds no head, so nothing outside the export could be checked: find the right file, or leave --heads out to \
             check the export against itself only",
            path.display()
        )));
    }
    Ok(())
}

fn read_export(path: &Path, check: &mut Check, output: &Output<'_>) -> Result<(), CliError> {
    let (mut lines, bytes): (Box<dyn BufRead>, _) = if path == Path::new(STDIN) {
        (Box::new(io::stdin().lock()), None)
    } else {
        let file = File::open(path).map_err(unreadable(path))?;
        let bytes = file.metadata().map_err(unreadable(path))?.len();
        (Box::new(BufReader::new(file)), Some(bytes))
    };
    let bar = progress(output, bytes);
    let mut text = vec![];
    for number in 1.. {
        text.clear();
        let read = lines.read_until(b'\n', &mut text).map_err(unreadable(path))?;
        if read == 0 {
            break;
        }
        bar.inc(read as u64);
        match serde_json::from_slice::<Line>(&text) {
            Ok(line) => check.line(line),
            Err(_) => check.unreadable_line(number),
        }
    }
    bar.finish_and_clear();
    Ok(())
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> CliError + use<> {
    let path = path.to_owned();
    move |source| CliError::Unreadable { path, source }
}

fn tell_people(report: &Report, output: &mut Output<'_>) -> Result<(), CliError> {
    if !report.trees.is_empty() {
        output.line(records(&TREES, report.trees.iter().map(tree_row)))?;
    }
    if report.is_clean() {
        output.line("Everything agrees.")?;
        return Ok(());
    }
    let rows = report
        .findings
        .iter()
        .map(|(region, finding)| vec![region_name(*region), finding.to_string()]);
    output.line(format!("\n{}", records(&FINDINGS, rows)))?;
    if report.more > 0 {
        output.line(format!("and {} more", report.more))?;
    }
    Ok(())
}

fn tell_programs(report: &Report, output: &mut Output<'_>) -> Result<(), CliError> {
    for (region, finding) in &report.findings {
        output.json_line(&json!({
            "region": region.map(|region| region.to_string()),
            "finding": finding.code(),
            "message": finding.to_string(),
        }))?;
    }
    for (region, tree) in &report.trees {
        output.json_line(&json!({
            "region": region.to_string(), "leaves": tree.leaves, "proven": tree.proven, "alone": tree.alone,
            "unsealed": tree.unsealed, "heads": tree.heads, "outside_heads": tree.outside_heads,
        }))?;
    }
    Ok(())
}

fn tree_row((region, tree): (&Regency, &TreeReport)) -> Vec<String> {
    vec![
        region.to_string(),
        tree.leaves.to_string(),
        tree.proven.to_string(),
        tree.alone.to_string(),
        tree.unsealed.to_string(),
        format!("{} ({})", tree.heads, tree.outside_heads),
    ]
}

fn region_name(region: Option<Regency>) -> String {
    region.map_or_else(|| "?".to_owned(), |region| region.to_string())
}
