//! The look of tables: no lines but one under the header, so that cells can be copied and searched.

use comfy_table::presets::NOTHING;
use comfy_table::{ContentArrangement, LineStyle, Row, Table, TableStyle};

const UNDER_HEADER: TableStyle = NOTHING.header_separator(LineStyle::none().fill('─').junction('─'));

/// Long texts of a record wrap here.
const FACTS_WIDTH: u16 = 110;

/// A table with one row per record.
pub(crate) fn records(header: &[&str], rows: impl IntoIterator<Item = impl Into<Row>>) -> String {
    let mut table = Table::new();
    table
        .load_style(UNDER_HEADER)
        .set_header(header.iter().copied())
        .add_rows(rows);
    table.trim_fmt()
}

/// One record: a line per fact; facts that are not known are left out.
pub(crate) fn facts(facts: impl IntoIterator<Item = (&'static str, String)>) -> String {
    let known = facts.into_iter().filter(|(_, value)| !value.is_empty());
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(FACTS_WIDTH)
        .add_rows(known.map(|(name, value)| [name.to_owned(), value]));
    table.trim_fmt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_facts_are_left_out_and_long_ones_wrap() {
        let shown = facts([
            ("state", "waiting".to_owned()),
            ("nik", String::new()),
            ("story", "kata ".repeat(40)),
        ]);
        assert!(!shown.contains("nik"), "{shown}");
        assert!(
            shown
                .lines()
                .all(|line| line.chars().count() <= usize::from(FACTS_WIDTH))
        );
        assert!(shown.lines().count() > 2, "{shown}");
    }
}
