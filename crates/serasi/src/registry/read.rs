//! Rows and persons from files, and the list of those that cannot be read.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use serasi_linkage::{Field, Identity, RawIdentity};
use serasi_registry_file::{Cells, Chunk, Columns, Mapping, PERSONS, RegistryFile, RowProblem, SNAPSHOT};

use crate::error::CliError;
use crate::rejects::{Refusal, RefusedRows, Table};

/// Pieces of a file that are read ahead while as many are worked on.
const CHUNKS_AT_ONCE: usize = 8;
/// What a key of a row may have at most.
const MAX_KEY_BYTES: usize = 200;

/// A row that could be read.
pub(super) struct Row<'a> {
    pub(super) line: u64,
    pub(super) key: &'a str,
    pub(super) identity: Identity,
}

/// Where the fields of an identity stand among the columns.
#[derive(Clone, Copy)]
pub(super) struct Positions {
    columns: Columns,
    nik: usize,
    name: usize,
    birth: usize,
    sex: usize,
    place: usize,
    mother_name: usize,
}

pub(super) const OF_ROW: Positions = Positions {
    columns: SNAPSHOT,
    nik: 1,
    name: 3,
    birth: 4,
    sex: 5,
    place: 6,
    mother_name: 8,
};

pub(super) const OF_PERSON: Positions = Positions {
    columns: PERSONS,
    nik: 1,
    name: 2,
    birth: 3,
    sex: 4,
    place: 5,
    mother_name: 6,
};

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

impl Positions {
    /// The row, or everything that is wrong with it.
    pub(super) fn parse(self, line: u64, cells: Result<&Cells, RowProblem>) -> Result<Row<'_>, Vec<Refusal>> {
        let refusal = |column, problem: String| Refusal {
            line,
            column,
            problem,
        };
        let cells = cells.map_err(|problem| vec![refusal("", problem.to_string())])?;
        let key = cells.get(0);
        let mut refusals = Vec::new();
        let key_column = self.column(0);
        if key.is_empty() {
            refusals.push(refusal(key_column, "it must not be empty".to_owned()));
        } else if key.len() > MAX_KEY_BYTES {
            refusals.push(refusal(
                key_column,
                format!("it is longer than {MAX_KEY_BYTES} bytes"),
            ));
        }
        let identity = Identity::parse(&RawIdentity {
            nik: cells.get(self.nik),
            name: cells.get(self.name),
            birth: cells.get(self.birth),
            sex: cells.get(self.sex),
            place: cells.get(self.place),
            mother_name: cells.get(self.mother_name),
        });
        match identity {
            Ok(identity) if refusals.is_empty() => Ok(Row { line, key, identity }),
            Ok(_) => Err(refusals),
            Err(errors) => {
                let of_fields = errors.iter().map(|error| {
                    let column = self.column(self.position(error.field));
                    refusal(column, error.problem.to_string())
                });
                refusals.extend(of_fields);
                Err(refusals)
            }
        }
    }

    const fn position(self, field: Field) -> usize {
        match field {
            Field::Nik => self.nik,
            Field::Name => self.name,
            Field::Birth => self.birth,
            Field::Sex => self.sex,
            Field::Place => self.place,
            Field::MotherName => self.mother_name,
        }
    }

    fn column(self, position: usize) -> &'static str {
        self.columns.names().get(position).copied().unwrap_or_default()
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
            let row = OF_PERSON.parse(line, cells);
            rows.push(row.map(|row| (row.line, row.key.to_owned(), row.identity)));
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
    Refusal {
        line,
        column: positions.column(0),
        problem: "an earlier row has the same".to_owned(),
    }
}
