//! A row of cells as a key and an identity, or everything that is wrong with it. The command and the hub read rows by
//! the same rules.

use serasi_linkage::{Field, Identity, Nik, RawIdentity};

use crate::cells::{Cells, RowProblem};
use crate::columns::Columns;
use crate::{PERSONS, SENT, SNAPSHOT};

/// A row that could be read.
pub struct Row<'a> {
    pub key: &'a str,
    pub identity: Identity,
}

/// What is wrong with a row; says nothing of what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellProblem {
    /// Empty: the row as a whole.
    pub column: &'static str,
    pub problem: String,
}

/// Where the fields of an identity stand among the columns.
#[derive(Clone, Copy)]
pub struct Positions {
    columns: Columns,
    key: usize,
    max_key_bytes: usize,
    nik: usize,
    name: usize,
    birth: usize,
    sex: usize,
    place: usize,
    mother_name: usize,
}

/// Of a row of a snapshot.
pub const OF_ROW: Positions = Positions {
    columns: SNAPSHOT,
    key: 0,
    max_key_bytes: 200,
    nik: 1,
    name: 3,
    birth: 4,
    sex: 5,
    place: 6,
    mother_name: 8,
};

/// Of a row of a snapshot that is to be sent to the hub, which keeps shorter keys.
pub const OF_ROW_TO_SEND: Positions = Positions {
    max_key_bytes: 64,
    ..OF_ROW
};

/// Of the same as it arrives there.
pub const OF_SENT: Positions = Positions {
    columns: SENT,
    key: 1,
    max_key_bytes: 64,
    nik: 2,
    name: 4,
    birth: 5,
    sex: 6,
    place: 7,
    mother_name: 9,
};

/// Of a row of persons to look for.
pub const OF_PERSON: Positions = Positions {
    columns: PERSONS,
    key: 0,
    max_key_bytes: 200,
    nik: 1,
    name: 2,
    birth: 3,
    sex: 4,
    place: 5,
    mother_name: 6,
};

impl Positions {
    /// The row, or everything that is wrong with it.
    pub fn parse(self, cells: Result<&Cells, RowProblem>) -> Result<Row<'_>, Vec<CellProblem>> {
        let cells = cells.map_err(|problem| {
            vec![CellProblem {
                column: "",
                problem: problem.to_string(),
            }]
        })?;
        let mut problems = Vec::new();
        let key = cells.get(self.key);
        if key.is_empty() {
            problems.push(self.of_key("it must not be empty".to_owned()));
        } else if key.len() > self.max_key_bytes {
            problems.push(self.of_key(format!("it is longer than {} bytes", self.max_key_bytes)));
        } else if key.chars().any(char::is_control) {
            problems.push(self.of_key("it must have no control characters".to_owned()));
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
            Ok(identity) if problems.is_empty() => Ok(Row { key, identity }),
            Ok(_) => Err(problems),
            Err(errors) => {
                problems.extend(errors.iter().map(|error| CellProblem {
                    column: self.column(self.position(error.field)),
                    problem: error.problem.to_string(),
                }));
                Err(problems)
            }
        }
    }

    /// The key as it is written.
    #[must_use]
    pub fn key_of(self, cells: &Cells) -> &str {
        cells.get(self.key)
    }

    /// The key and the NIK of a row that was refused for something else, as far as they can be read.
    #[must_use]
    pub fn marks(self, cells: &Cells) -> (Option<&str>, Option<Nik>) {
        let key = cells.get(self.key);
        let is_key = !key.is_empty() && key.len() <= self.max_key_bytes;
        (Some(key).filter(|_| is_key), cells.get(self.nik).parse().ok())
    }

    /// Something that is wrong with the key of a row.
    #[must_use]
    pub fn of_key(self, problem: String) -> CellProblem {
        CellProblem {
            column: self.column(self.key),
            problem,
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
