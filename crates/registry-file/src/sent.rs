//! Rows on their way to the hub: CSV without a header, the number of each row in front. Writing and reading stand
//! together.

use std::fmt::Write;

use crate::cells::{Cells, RowProblem, Splitter};
use crate::columns::{Layout, Mapping};
use crate::{SENT, SNAPSHOT};

/// Reads them; keeps where the columns stand.
#[derive(Debug)]
pub struct SentRows {
    layout: Layout,
}

impl Default for SentRows {
    fn default() -> Self {
        let layout = SENT.layout(&Mapping::default(), SENT.names());
        Self {
            layout: layout.expect("the columns are their own header"),
        }
    }
}

impl SentRows {
    /// Hands out each row, in order. Empty lines are no rows.
    pub fn for_each(&self, bytes: &[u8], mut see: impl FnMut(Result<&Cells, RowProblem>)) {
        let mut splitter = Splitter::new(&self.layout);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (length, row) = splitter.split(rest);
            match row {
                Some(Ok(())) => see(Ok(&splitter.cells)),
                Some(Err(problem)) => see(Err(problem)),
                None => {}
            }
            rest = rest.get(length.max(1)..).unwrap_or_default();
        }
    }
}

/// Appends a row of a snapshot under its number.
pub fn push_row(text: &mut String, number: u64, cells: &Cells) {
    // A String takes everything.
    let _ = write!(text, "{number}");
    for column in 0..SNAPSHOT.names().len() {
        text.push(',');
        let cell = cells.get(column);
        if cell
            .bytes()
            .any(|byte| matches!(byte, b',' | b'"' | b'\r' | b'\n'))
        {
            text.push('"');
            // A line end within a cell says nothing that is compared.
            for letter in cell.chars() {
                match letter {
                    '"' => text.push_str("\"\""),
                    '\r' | '\n' => text.push(' '),
                    letter => text.push(letter),
                }
            }
            text.push('"');
        } else {
            text.push_str(cell);
        }
    }
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::OF_SENT;

    fn cells(texts: &[&str]) -> Cells {
        let mut cells = Cells::default();
        for text in texts {
            cells.push(text);
        }
        cells
    }

    #[test]
    fn rows_arrive_as_they_were_sent() {
        let rows = [
            cells(&[
                "R1",
                "3273014107900001",
                "",
                "Siti, \"Contoh\"",
                "1990-07-01",
                "P",
                "32.73",
                "Jl.\nContoh",
                "A",
            ]),
            cells(&["R2", "", "", "Budi", "", "", "", "", ""]),
        ];
        let mut text = String::new();
        for (number, row) in (7..).zip(&rows) {
            push_row(&mut text, number, row);
        }
        let mut seen = Vec::new();
        SentRows::default().for_each(text.as_bytes(), |row| {
            let cells = row.unwrap();
            let read = OF_SENT.parse(Ok(cells)).map(|row| row.key.to_owned());
            seen.push((cells.get(0).to_owned(), cells.get(4).to_owned(), read.unwrap()));
        });
        let seen: Vec<_> = seen
            .iter()
            .map(|(row, name, key)| (&**row, &**name, &**key))
            .collect();
        assert_eq!(seen, [("7", "Siti, \"Contoh\"", "R1"), ("8", "Budi", "R2")]);
    }

    #[test]
    fn a_short_row_and_a_wrong_encoding_are_told() {
        let mut problems = 0;
        SentRows::default().for_each(b"1,R1,\n2,R2,,\xff,,,,,,\n", |row| {
            assert!(OF_SENT.parse(row).is_err());
            problems += 1;
        });
        assert_eq!(problems, 2);
    }
}
