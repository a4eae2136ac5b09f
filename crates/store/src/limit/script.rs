//! A script that writes the rows of a sample again and again, each time under other ids.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use uuid::Uuid;

use super::schema::{Column, Table};
use super::{Rows, Sample, Written};

/// What one transaction writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The rows of one case.
    One,
    /// Those of so many, each table in one statement: what no service can do better.
    Batch(u32),
}

/// Characters of an id that make way for the number of the case: twelve digits and the hyphen among them.
const NUMBERED: usize = 13;
/// So that the number always has twelve digits; of single cases and of batches another.
const FIRST: u64 = 100_000_000_000;
const FIRST_OF_BATCHES: u64 = 500_000_000_000;
/// More clients than pgbench is asked for.
const MOST_CLIENTS: u64 = 1_024;

/// Rows that one client changes in turn, and no other of so few clients: none waits for another.
const ROWS_EACH: u64 = 16;

pub(super) fn of(written_by: &Written, sample: &Sample, shape: Shape) -> String {
    let Written { tables, grown, .. } = written_by;
    let new = New {
        ids: fresh_ids(tables, grown, &sample.rows),
        at: &sample.at,
    };
    let sample = &sample.rows;
    let (first, size) = match shape {
        Shape::One => (FIRST, 1),
        Shape::Batch(size) => (FIRST_OF_BATCHES, u64::from(size)),
    };
    let step = MOST_CLIENTS * size;
    let mut script = format!(
        "\\set k :k + 1\n\\set n {first} + :k * {step} + :client_id * {size}\n\
         \\set row :client_id * {ROWS_EACH} + :k % {ROWS_EACH}\nBEGIN;\n"
    );
    // Who is referred to comes first; a row that others wait for comes last.
    let (mut left, mut written) = (Vec::new(), BTreeSet::new());
    for place in sample.keys() {
        let is_new = grown.get(*place).copied().unwrap_or_default();
        left.extend(tables.get(*place).filter(|_| is_new).map(|table| (*place, table)));
    }
    while !left.is_empty() {
        let waits = |table: &Table| {
            let refers =
                |(_, to): &(_, String)| *to != table.name && left.iter().any(|(_, other)| other.name == *to);
            table.refers.iter().any(refers)
        };
        let next = left
            .iter()
            .position(|(_, table)| !waits(table))
            .unwrap_or_default();
        let (place, table) = left.remove(next);
        written.insert(place);
        let rows = sample.get(&place).map(Vec::as_slice).unwrap_or_default();
        insert(&mut script, table, rows, (&new, shape));
    }
    for (place, rows) in sample.iter().filter(|(place, _)| !written.contains(*place)) {
        for (table, row) in tables
            .get(*place)
            .into_iter()
            .flat_map(|table| rows.iter().map(move |row| (table, row)))
        {
            let keys = written_by.keys.get(place).map(Vec::as_slice).unwrap_or_default();
            update(&mut script, table, row, (keys, &new));
        }
    }
    script.push_str("COMMIT;\n");
    script
}

/// Ids that came into being with the case: all but those of rows that were only changed or are referred to elsewhere.
fn fresh_ids(tables: &[Table], grown: &[bool], sample: &BTreeMap<usize, Rows>) -> BTreeSet<String> {
    let is_new = |name: &str| {
        let mut new = sample.keys().filter(|place| grown.get(**place) == Some(&true));
        new.any(|place| tables.get(*place).is_some_and(|table| table.name == name))
    };
    let (mut fresh, mut old) = (BTreeSet::new(), BTreeSet::new());
    for (place, rows) in sample {
        let Some(table) = tables.get(*place) else { continue };
        for row in rows {
            for (column, value) in row.iter().enumerate() {
                let Some(id) = value.as_ref().filter(|value| Uuid::try_parse(value).is_ok()) else {
                    continue;
                };
                let refers = table
                    .refers
                    .iter()
                    .filter(|(columns, _)| columns.contains(&column));
                let is_elsewhere = refers.into_iter().any(|(_, to)| !is_new(to));
                if is_elsewhere || grown.get(*place) != Some(&true) {
                    old.insert(id.clone());
                } else {
                    fresh.insert(id.clone());
                }
            }
        }
    }
    &fresh - &old
}

/// What is another in each case.
struct New<'a> {
    ids: BTreeSet<String>,
    /// The time of the sample's transaction.
    at: &'a str,
}

fn insert(script: &mut String, table: &Table, rows: &[Vec<Option<String>>], (new, shape): (&New<'_>, Shape)) {
    let number = match shape {
        Shape::One => ":n",
        Shape::Batch(_) => "(:n::bigint + i)",
    };
    let columns = || {
        table
            .columns
            .iter()
            .filter(|column| !column.is_filled_in)
            .map(|column| column.name.as_str())
    };
    let selects = rows.iter().map(|row| {
        let numbered = must_be_numbered(table, row, &new.ids);
        let cells = table.columns.iter().zip(row).enumerate();
        let cells = cells.filter(|(_, (column, _))| !column.is_filled_in);
        let cells = cells.map(|(place, (column, value))| match value {
            None => format!("NULL::{}", column.type_name),
            Some(value) if numbered.contains(&place) => with_number(value, column, number),
            Some(value) if value == new.at => "now()".to_owned(),
            Some(value) => with_fresh_ids(value, column, (&new.ids, number)),
        });
        let cells: Vec<_> = cells.collect();
        match shape {
            Shape::One => format!("({})", cells.join(", ")),
            Shape::Batch(size) => format!(
                "SELECT {} FROM generate_series(0, {}) i",
                cells.join(", "),
                size - 1
            ),
        }
    });
    let selects: Vec<_> = selects.collect();
    let rows = match shape {
        Shape::One => format!("VALUES {}", selects.join(", ")),
        Shape::Batch(_) => selects.join(" UNION ALL "),
    };
    let columns: Vec<_> = columns().collect();
    // Writing to a string cannot fail.
    let _ = writeln!(
        script,
        "INSERT INTO {} ({}) {rows};",
        table.name,
        columns.join(", ")
    );
}

/// The same values for another row each time, or every case would wait for the one before it.
fn update(
    script: &mut String,
    table: &Table,
    row: &[Option<String>],
    (keys, new): (&[Vec<Option<String>>], &New<'_>),
) {
    let set = |(place, column): (usize, &Column)| {
        let value = match row.get(place).cloned().flatten() {
            None => format!("NULL::{}", column.type_name),
            Some(value) if value == new.at => "now()".to_owned(),
            Some(value) => format!("{}::{}", literal(&value), column.type_name),
        };
        format!("{} = {value}", column.name)
    };
    let is_it = |(position, place): (usize, &usize)| {
        let column = table.columns.get(*place)?;
        let values = keys.iter().map(|key| key.get(position).cloned().flatten());
        let values: Vec<_> = values.map(|value| literal(&value.unwrap_or_default())).collect();
        Some(format!(
            "{} = (ARRAY[{}]::{}[])[1 + :row % {}]",
            column.name,
            values.join(", "),
            column.type_name,
            keys.len().max(1)
        ))
    };
    let others = table.columns.iter().enumerate();
    let set: Vec<_> = others
        .filter(|(place, _)| !table.key.contains(place))
        .map(set)
        .collect();
    let is_it: Vec<_> = table.key.iter().enumerate().filter_map(is_it).collect();
    let _ = writeln!(
        script,
        "UPDATE {} SET {} WHERE {};",
        table.name,
        set.join(", "),
        is_it.join(" AND ")
    );
}

/// Columns that would be twice in a unique index, were they the same in every case.
fn must_be_numbered(table: &Table, row: &[Option<String>], fresh: &BTreeSet<String>) -> Vec<usize> {
    let value = |place: &usize| row.get(*place).and_then(Option::as_ref);
    let is_fresh = |value: &String| fresh.iter().any(|id| value.contains(id.as_str()));
    let is_text = |place: &&usize| {
        let column = table.columns.get(**place);
        column.is_some_and(|column| ["text", "bytea"].contains(&column.type_name.as_str()))
    };
    let same = table
        .unique
        .iter()
        .filter(|index| !index.iter().filter_map(value).any(is_fresh));
    // The longest: short ones are codes, of which there are only some.
    let longest = |index: &Vec<usize>| {
        let texts = index.iter().filter(is_text);
        texts.max_by_key(|place| value(place).map(String::len)).copied()
    };
    same.filter_map(longest).collect()
}

fn with_number(value: &str, column: &Column, number: &str) -> String {
    match value.strip_prefix("\\x") {
        Some(bytes) if column.type_name == "bytea" => {
            let rest = bytes.get(NUMBERED - 1..).unwrap_or_default();
            format!("({} || {number} || {})::bytea", literal("\\x"), literal(rest))
        }
        _ => format!("({} || {number})::{}", literal(value), column.type_name),
    }
}

/// The value with every fresh id in it numbered: the last part tells the ids of one case apart.
fn with_fresh_ids(value: &str, column: &Column, (fresh, number): (&BTreeSet<String>, &str)) -> String {
    let mut parts = vec![];
    let mut rest = value;
    while let Some((at, id)) = fresh
        .iter()
        .filter_map(|id| Some((rest.find(id.as_str())?, id)))
        .min()
    {
        let (before, found) = rest.split_at(at);
        if !before.is_empty() {
            parts.push(literal(before));
        }
        parts.extend([number.to_owned(), literal(id.get(NUMBERED..).unwrap_or_default())]);
        rest = found.get(id.len()..).unwrap_or_default();
    }
    if !rest.is_empty() || parts.is_empty() {
        parts.push(literal(rest));
    }
    format!("({})::{}", parts.join(" || "), column.type_name)
}

/// A literal in which pgbench finds no variable.
fn literal(text: &str) -> String {
    let text = text
        .replace('\\', "\\\\")
        .replace('\'', "''")
        .replace(':', "\\x3a");
    format!("E'{text}'")
}
