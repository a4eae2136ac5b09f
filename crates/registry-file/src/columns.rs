//! The columns a file must have, and what they are called in it.

use std::collections::BTreeMap;

/// Columns by their name in this project, in the order in which cells are handed out.
#[derive(Clone, Copy, Debug)]
pub struct Columns(&'static [&'static str]);

/// What the columns are called in a file; an empty name: the file has no such column.
///
/// As TOML: `nik = "NO_NIK"`. Columns that are not named keep their own name.
#[derive(Clone, Debug, Default)]
pub struct Mapping(BTreeMap<String, String>);

/// Why a mapping cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidMapping {
    #[error("it is no table of texts such as nik = \"NO_NIK\": {0}")]
    Toml(#[from] toml::de::Error),
    #[error("there is no column {0}; the columns are {known}", known = .1.join(", "))]
    Unknown(String, &'static [&'static str]),
    #[error("the column {0} cannot be left out")]
    Needed(&'static str),
}

/// Why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its header is wrong{missing}{repeated}; the columns must be {expected}, or be named in a mapping file",
    missing = listed(": missing ", .missing), repeated = listed(": more than once ", .repeated),
    expected = .expected.join(","))]
pub struct WrongHeader {
    pub missing: Vec<String>,
    pub repeated: Vec<String>,
    pub expected: Vec<String>,
}

/// Where the columns stand in a file.
#[derive(Clone, Debug)]
pub(crate) struct Layout {
    /// For each column the position of its cell; `None`: the file has none.
    pub(crate) positions: Vec<Option<usize>>,
    /// Cells of a line.
    pub(crate) width: usize,
    pub(crate) delimiter: u8,
}

impl Columns {
    pub(crate) const fn new(names: &'static [&'static str]) -> Self {
        Self(names)
    }

    #[must_use]
    pub const fn names(self) -> &'static [&'static str] {
        self.0
    }

    /// Where the columns stand under this header; other columns are passed over.
    pub(crate) fn layout(self, mapping: &Mapping, header: &[&str]) -> Result<Layout, WrongHeader> {
        let expected: Vec<&str> = self.0.iter().map(|name| mapping.name_of(name)).collect();
        let found = |name: &&str| header.iter().filter(|title| title.trim() == *name).count();
        let wanted = || expected.iter().filter(|name| !name.is_empty());
        let missing: Vec<String> = wanted()
            .filter(|name| found(name) == 0)
            .map(ToString::to_string)
            .collect();
        let repeated: Vec<String> = wanted()
            .filter(|name| found(name) > 1)
            .map(ToString::to_string)
            .collect();
        if !missing.is_empty() || !repeated.is_empty() {
            return Err(WrongHeader {
                missing,
                repeated,
                expected: wanted().map(ToString::to_string).collect(),
            });
        }
        let position = |name: &&str| {
            let titles = header.iter().position(|title| title.trim() == *name);
            titles.filter(|_| !name.is_empty())
        };
        Ok(Layout {
            positions: expected.iter().map(position).collect(),
            width: header.len(),
            delimiter: b',',
        })
    }
}

impl Mapping {
    /// Reads a mapping for these columns. The first column is the key of a row and cannot be left out.
    pub fn from_toml(text: &str, columns: Columns) -> Result<Self, InvalidMapping> {
        let names: BTreeMap<String, String> = toml::from_str(text)?;
        if let Some(name) = names.keys().find(|name| !columns.0.contains(&name.as_str())) {
            return Err(InvalidMapping::Unknown(name.clone(), columns.0));
        }
        match columns.0.first() {
            Some(key) if names.get(*key).is_some_and(|name| name.trim().is_empty()) => {
                Err(InvalidMapping::Needed(key))
            }
            Some(_) | None => Ok(Self(names)),
        }
    }

    fn name_of<'a>(&'a self, column: &'a str) -> &'a str {
        self.0.get(column).map_or(column, |name| name.trim())
    }
}

fn listed(what: &str, names: &[String]) -> String {
    if names.is_empty() {
        String::new()
    } else {
        format!("{what}{}", names.join(", "))
    }
}
