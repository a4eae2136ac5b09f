//! Pieces of a file that can be handed to another thread, and the rows in them.

use crate::cells::{Cells, RowProblem, Splitter};
use crate::columns::Layout;
use crate::lines::{Block, Lines, lines_in};
use crate::table::{Rows, Table};

/// A file's rows, piece by piece.
pub struct Chunks<'a> {
    source: Source,
    layout: &'a Layout,
}

enum Source {
    Lines(Lines),
    Table(Table),
}

/// Some rows that stand together.
pub struct Chunk<'a> {
    layout: &'a Layout,
    content: Content,
}

enum Content {
    Lines { first: u64, bytes: Vec<u8> },
    Rows(Rows),
    Problem { line: u64, problem: RowProblem },
}

impl<'a> Chunks<'a> {
    pub(crate) const fn of_lines(lines: Lines, layout: &'a Layout) -> Self {
        Self {
            source: Source::Lines(lines),
            layout,
        }
    }

    pub(crate) const fn of_table(table: Table, layout: &'a Layout) -> Self {
        Self {
            source: Source::Table(table),
            layout,
        }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let content = match &mut self.source {
            Source::Lines(lines) => match lines.next_block()? {
                Block::Lines { first, bytes } => Content::Lines { first, bytes },
                Block::TooLong { line } => Content::Problem {
                    line,
                    problem: RowProblem::TooLong,
                },
                Block::Broken { line, error } => Content::Problem {
                    line,
                    problem: RowProblem::Broken(error.kind().to_string()),
                },
            },
            Source::Table(table) => match table.next_rows()? {
                Ok(rows) => Content::Rows(rows),
                Err((line, problem)) => Content::Problem { line, problem },
            },
        };
        Some(Chunk {
            layout: self.layout,
            content,
        })
    }
}

impl Chunk<'_> {
    /// Hands out each row with its line in the file (in Parquet its number), in order. Empty lines are no rows.
    pub fn for_each(&self, mut see: impl FnMut(u64, Result<&Cells, RowProblem>)) {
        match &self.content {
            Content::Lines { first, bytes } => {
                let mut splitter = Splitter::new(self.layout);
                let (mut line, mut rest) = (*first, &**bytes);
                while !rest.is_empty() {
                    let (length, row) = splitter.split(rest);
                    let (row_bytes, after) = rest.split_at(length.clamp(1, rest.len()));
                    match row {
                        Some(Ok(())) => see(line, Ok(&splitter.cells)),
                        Some(Err(problem)) => see(line, Err(problem)),
                        None => {}
                    }
                    line += lines_in(row_bytes);
                    rest = after;
                }
            }
            Content::Rows(rows) => rows.for_each(see),
            Content::Problem { line, problem } => see(*line, Err(problem.clone())),
        }
    }

    /// Bytes of text in it, to tell how far a file was read.
    #[must_use]
    pub fn bytes(&self) -> usize {
        match &self.content {
            Content::Lines { bytes, .. } => bytes.len(),
            Content::Rows(rows) => rows.bytes(),
            Content::Problem { .. } => 0,
        }
    }
}
