//! `serasi registry match`: the snapshot streams past the persons twice, once to learn how common names are and once
//! to compare. Memory grows with the persons, and by a few bytes for each row's key, so that a key that comes twice is seen.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher;
use std::path::Path;
use std::time::Instant;

use foldhash::quality::FixedState;
use indicatif::ProgressBar;
use serasi_linkage::{Class, Comparer, Links, Pairs, Survey, Weights, link};
use serasi_registry_file::{Chunk, Mapping, OF_ROW, PERSONS, RegistryFile, SNAPSHOT};

use super::explain::{check, explain};
use super::read::{in_order, mapping, open, parse, persons, text, twin};
use super::write::{Summary, write_links};
use crate::cli::MatchArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::progress::progress;
use crate::rejects::{Refusal, RefusedRows, Table};

/// Bits of a key's hash: with 10^8 rows two different keys share one about once in 3,700 files.
type KeyHash = u64;

pub(crate) fn matching(args: &MatchArgs, output: &mut Output<'_>) -> Result<Exit, CliError> {
    let started = Instant::now();
    let starting = starting(args)?;
    // Both headers are looked at before the first write.
    let snapshot = open(&args.snapshot, SNAPSHOT, &mapping(args.mapping.as_deref())?)?;
    let persons_file = open(&args.persons, PERSONS, &Mapping::default())?;
    let mut rejects = RefusedRows::start(&args.out)?;
    let persons = persons(&persons_file, &args.persons, &mut rejects)?;
    check(&args.explain, &persons)?;
    let (survey, rows) = survey(&snapshot, &args.snapshot, output)?;
    let comparer = Comparer::new(&persons.identities, survey, &starting, args.seed);
    let bar = progress(output, Some(rows));
    let found = compare(&snapshot, args, &comparer, &mut rejects, &bar)?;
    bar.finish_and_clear();
    let rows = found.read;
    let version = format!(
        "{}+em-{}x{rows}-seed-{}",
        starting.version,
        persons.refs.len(),
        args.seed
    );
    let links = link(&comparer, found.pairs, &version);
    let ids = |row: u64| found.ids.get(&row).map_or("", |id| id);
    write_links(&args.out, &persons.refs, &links, ids)?;
    save_weights(args, &links)?;
    let summary = Summary {
        persons: persons.refs.len() as u64 + persons.refused,
        persons_refused: persons.refused,
        exact: count(&links, Class::Exact),
        probable: count(&links, Class::Probable),
        ambiguous: count(&links, Class::Ambiguous),
        none: count(&links, Class::None),
        rows,
        rows_refused: found.refused,
        rows_compared: rows - found.refused,
        registered_share: links.weights.registered_share,
        weights_version: version,
        seconds: started.elapsed().as_secs_f64(),
        rejects: rejects.finish()?,
    };
    summary.show(&args.out, output)?;
    for person_ref in &args.explain {
        explain(person_ref, &persons, &links, ids, output)?;
    }
    let all_read = summary.persons_refused == 0 && summary.rows_refused == 0;
    Ok(if all_read { Exit::Done } else { Exit::SomeRefused })
}

fn starting(args: &MatchArgs) -> Result<Weights, CliError> {
    let Some(path) = &args.weights else {
        return Ok(Weights::starting());
    };
    Weights::from_toml(&text(path)?)
        .map_err(|error| CliError::Usage(format!("{} holds no weights: {error}", path.display())))
}

fn save_weights(args: &MatchArgs, links: &Links) -> Result<(), CliError> {
    let Some(path) = &args.save_weights else {
        return Ok(());
    };
    std::fs::write(path, links.weights.to_toml()).map_err(|source| CliError::Unwritable {
        path: path.clone(),
        source,
    })
}

fn count(links: &Links, class: Class) -> u64 {
    let classes = links
        .links
        .iter()
        .map(|link| link.as_ref().map_or(Class::None, |link| link.class));
    classes.filter(|found| *found == class).map(|_| 1).sum()
}

/// The first look: how common words are, and how many rows there are.
fn survey(file: &RegistryFile, path: &Path, output: &Output<'_>) -> Result<(Survey, u64), CliError> {
    let bar = progress(output, None);
    bar.set_message("rows looked at");
    let (mut all, mut rows) = (Survey::default(), 0);
    let work = |chunk: &Chunk<'_>| {
        let (mut survey, mut rows) = (Survey::default(), 0);
        chunk.for_each(|line, cells| {
            rows += 1;
            if let (Some(stands_for), Ok(_)) = (Survey::stands_for(line), &cells)
                && let Ok(row) = parse(OF_ROW, line, cells)
            {
                survey.add(row.identity, line, stands_for);
            }
        });
        (survey, rows)
    };
    in_order(file, path, work, |(survey, seen)| {
        all = std::mem::take(&mut all).merge(survey);
        rows += seen;
        bar.inc(seen);
        Ok(())
    })?;
    bar.finish_and_clear();
    Ok((all, rows))
}

/// What the second look gives.
#[derive(Default)]
struct Found {
    pairs: Pairs,
    /// Ids of the rows that are remembered for somebody, by line.
    ids: HashMap<u64, Box<str>>,
    read: u64,
    refused: u64,
}

/// The same of one piece of the file.
#[derive(Default)]
struct Piece {
    pairs: Pairs,
    ids: Vec<(u64, Box<str>)>,
    keys: Vec<(u64, KeyHash)>,
    refusals: Vec<Refusal>,
    read: u64,
    refused: u64,
}

fn compare(
    file: &RegistryFile,
    args: &MatchArgs,
    comparer: &Comparer<'_>,
    rejects: &mut RefusedRows,
    bar: &ProgressBar,
) -> Result<Found, CliError> {
    let mut all = Found::default();
    let mut keys: HashSet<KeyHash, FixedState> = HashSet::default();
    let work = |chunk: &Chunk<'_>| {
        let mut piece = Piece::default();
        chunk.for_each(|line, cells| {
            piece.read += 1;
            match parse(OF_ROW, line, cells) {
                Ok(row) => {
                    piece.keys.push((line, FixedState::default().hash_one(row.key)));
                    if comparer.compare(&row.identity, line, &mut piece.pairs) {
                        piece.ids.push((line, row.key.into()));
                    }
                }
                Err(refusals) => {
                    piece.refused += 1;
                    piece.refusals.extend(refusals);
                }
            }
        });
        piece
    };
    in_order(file, &args.snapshot, work, |mut piece| {
        let is_twin = |(line, key): &(u64, KeyHash)| (!keys.insert(*key)).then_some(*line);
        let twins: HashSet<u64> = piece.keys.iter().filter_map(is_twin).collect();
        if !twins.is_empty() {
            piece.pairs.forget_rows(&twins);
            piece
                .refusals
                .extend(twins.iter().map(|line| twin(*line, OF_ROW)));
            piece.refusals.sort_by_key(|refusal| refusal.line);
        }
        piece
            .refusals
            .iter()
            .try_for_each(|refusal| rejects.add(Table::Snapshot, refusal))?;
        all.read += piece.read;
        all.refused += piece.refused + twins.len() as u64;
        all.ids.extend(piece.ids);
        if all.pairs.merge(piece.pairs, comparer.persons()) {
            let kept: HashSet<u64> = all.pairs.rows().collect();
            all.ids.retain(|row, _| kept.contains(row));
        }
        bar.inc(piece.read);
        Ok(())
    })?;
    Ok(all)
}
