//! Rows and persons from files, and the list of those that cannot be read.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serasi_linkage::Identity;
use serasi_registry_file::{
    CellProblem, Cells, Chunk, Columns, Mapping, OF_PERSON, Positions, RegistryFile, Row, RowProblem,
    SNAPSHOT,
};

use crate::error::CliError;
use crate::rejects::{Refusal, RefusedRows, Table};

/// Pieces of a file that are read ahead while as many are worked on.
const CHUNKS_AT_ONCE: usize = 8;

/// The persons of a file.
#[derive(Default)]
pub(super) struct Persons {
    pub(super) refs: Vec<String>,
    pub(super) identities: Vec<Identity>,
    pub(super) refused: u64,
}

pub(super) fn open(path: &Path, columns: Columns, mapping: &Mapping) -> Result<RegistryFile, CliError> {
    RegistryFile::open(path, columns, mapping).map_err(|source| CliError::NotARegistryFile {
        path: path.to_owned(),
        source,
    })
}

pub(super) fn text(path: &Path) -> Result<String, CliError> {
    fs::read_to_string(path).map_err(|source| CliError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// What the columns of a snapshot are called.
pub(super) fn mapping(path: Option<&Path>) -> Result<Mapping, CliError> {
    let Some(path) = path else {
        return Ok(Mapping::default());
    };
    Mapping::from_toml(&text(path)?, SNAPSHOT)
        .map_err(|error| CliError::Usage(format!("{} is no mapping: {error}", path.display())))
}

/// Works on the pieces of a file on all cores, and hands the results out in the file's order.
pub(super) fn in_order<R: Send>(
    file: &RegistryFile,
    path: &Path,
    work: impl Fn(&Chunk<'_>) -> R + Sync,
    mut take: impl FnMut(R) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut chunks = file.chunks().map_err(|source| CliError::NotARegistryFile {
        path: PathBuf::from(path),
        source,
    })?;
    let mut next = move || -> Vec<Chunk<'_>> { chunks.by_ref().take(CHUNKS_AT_ONCE).collect() };
    let mut group = next();
    while !group.is_empty() {
        let worked = || group.par_iter().map(&work).collect::<Vec<R>>();
        let (results, ahead) = rayon::join(worked, &mut next);
        results.into_iter().try_for_each(&mut take)?;
        group = ahead;
    }
    Ok(())
}

/// The row of a file, or everything that is wrong with it.
pub(super) fn parse(
    positions: Positions,
    line: u64,
    cells: Result<&Cells, RowProblem>,
) -> Result<Row<'_>, Vec<Refusal>> {
    let refused = |problems: Vec<CellProblem>| {
        let refusals = problems.into_iter().map(|problem| refusal(line, problem));
        refusals.collect()
    };
    positions.parse(cells).map_err(refused)
}

pub(super) fn refusal(line: u64, CellProblem { column, problem }: CellProblem) -> Refusal {
    Refusal {
        line,
        column,
        problem,
    }
}

/// Reads all persons; a second row with the same key is refused.
pub(super) fn persons(
    file: &RegistryFile,
    path: &Path,
    rejects: &mut RefusedRows,
) -> Result<Persons, CliError> {
    let mut persons = Persons::default();
    let mut seen: HashSet<String> = HashSet::new();
    let work = |chunk: &Chunk<'_>| {
        let mut rows = Vec::new();
        chunk.for_each(|line, cells| {
            let row = parse(OF_PERSON, line, cells);
            rows.push(row.map(|row| (line, row.key.to_owned(), row.identity)));
        });
        rows
    };
    in_order(file, path, work, |rows| {
        for row in rows {
            match row {
                Ok((line, key, identity)) => {
                    if seen.insert(key.clone()) {
                        persons.refs.push(key);
                        persons.identities.push(identity);
                    } else {
                        persons.refused += 1;
                        rejects.add(Table::Persons, &twin(line, OF_PERSON))?;
                    }
                }
                Err(refusals) => {
                    persons.refused += 1;
                    refusals
                        .iter()
                        .try_for_each(|refusal| rejects.add(Table::Persons, refusal))?;
                }
            }
        }
        Ok(())
    })?;
    Ok(persons)
}

/// The refusal of a row whose key an earlier row has.
pub(super) fn twin(line: u64, positions: Positions) -> Refusal {
    refusal(line, positions.of_key("an earlier row has the same".to_owned()))
}
