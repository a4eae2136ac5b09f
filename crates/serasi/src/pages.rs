//! Lists: as many pages as it takes to fill what was asked for, then one table or JSON Lines.

use serde::Serialize;
use tonic::Status;

use crate::cli::ListLength;
use crate::error::CliError;
use crate::output::Output;
use crate::table::records;

/// Largest page a hub gives.
const MAX_PAGE: u32 = 200;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct List<T> {
    rows: Vec<T>,
    /// True = the hub has more than was asked for.
    is_cut: bool,
}

/// Asks for pages: `page` gets a page size and a token, and gives the rows and the next token.
pub(crate) async fn collect<T>(
    length: ListLength,
    mut page: impl AsyncFnMut(i32, String) -> Result<(Vec<T>, String), Status>,
) -> Result<List<T>, Status> {
    let limit = usize::try_from(length.limit).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    let mut token = String::new();
    loop {
        let missing = u32::try_from(limit.saturating_sub(rows.len())).unwrap_or(u32::MAX);
        let size = i32::try_from(missing.min(MAX_PAGE)).unwrap_or(i32::MAX);
        let (found, next) = page(size, token).await?;
        // A page may be empty and not the last; one that only repeats its token would be asked for for ever.
        let is_last = next.is_empty();
        rows.extend(found);
        if is_last || rows.len() >= limit {
            let is_cut = !is_last || rows.len() > limit;
            rows.truncate(limit);
            return Ok(List { rows, is_cut });
        }
        token = next;
    }
}

impl<T> List<T> {
    /// A list that came in one piece.
    pub(crate) const fn whole(rows: Vec<T>) -> Self {
        Self { rows, is_cut: false }
    }

    pub(crate) fn rows(&self) -> &[T] {
        &self.rows
    }

    /// A note on stderr when there is more.
    pub(crate) fn tell_if_cut(&self, output: &mut Output<'_>) -> Result<(), CliError> {
        if self.is_cut {
            output.note(format!(
                "The hub has more than these {}; see --limit.",
                self.rows.len()
            ))?;
        }
        Ok(())
    }
}

impl<T: Serialize> List<T> {
    /// One row per record; a note on stderr when there is more.
    pub(crate) fn print(
        &self,
        output: &mut Output<'_>,
        header: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> Result<(), CliError> {
        if output.is_json() {
            for record in &self.rows {
                output.json_line(record)?;
            }
        } else if self.rows.is_empty() {
            output.line("none")?;
        } else {
            output.line(records(header, self.rows.iter().map(row)))?;
        }
        self.tell_if_cut(output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hub with this many records, and the page sizes it was asked for.
    async fn collected(records: usize, limit: u32) -> (List<usize>, Vec<i32>) {
        let mut sizes = Vec::new();
        let list = collect(ListLength { limit }, async |size, token: String| {
            sizes.push(size);
            let start: usize = token.parse().unwrap_or(0);
            let end = records.min(start + usize::try_from(size).unwrap());
            let next = if end < records {
                end.to_string()
            } else {
                String::new()
            };
            Ok(((start..end).collect(), next))
        });
        let list = list.await.unwrap();
        (list, sizes)
    }

    #[tokio::test]
    async fn pages_are_asked_for_until_the_limit() {
        let (list, sizes) = collected(1_000, 450).await;
        assert_eq!(sizes, [200, 200, 50]);
        assert_eq!(list.rows, (0..450).collect::<Vec<_>>());
        assert!(list.is_cut);
    }

    #[tokio::test]
    async fn a_short_list_ends_with_its_last_page() {
        let (list, sizes) = collected(250, 1_000).await;
        assert_eq!(sizes, [200, 200]);
        assert_eq!((list.rows.len(), list.is_cut), (250, false));
        let (list, _) = collected(0, 50).await;
        assert_eq!((list.rows.len(), list.is_cut), (0, false));
    }

    #[tokio::test]
    async fn a_cut_list_says_so_and_an_empty_one_too() {
        let (mut results, mut notes) = (Vec::new(), Vec::new());
        let mut output = Output::new(&mut results, &mut notes, false);
        let row = |number: &usize| vec![number.to_string()];
        collected(3, 2)
            .await
            .0
            .print(&mut output, &["number"], row)
            .unwrap();
        collected(0, 2)
            .await
            .0
            .print(&mut output, &["number"], row)
            .unwrap();
        let (results, notes) = (
            String::from_utf8(results).unwrap(),
            String::from_utf8(notes).unwrap(),
        );
        assert!(
            results.contains("number") && results.ends_with("none\n"),
            "{results}"
        );
        assert!(notes.contains("--limit"), "{notes}");
    }
}
