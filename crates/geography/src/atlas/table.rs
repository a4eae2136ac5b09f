//! One level of regions in memory: rows sorted by code, and one text that holds all names.

use std::ops::Range;

use super::search::SearchKey;
use crate::{Coordinates, RegionCode, TimeZone, great_circle_km};

/// Regions of one level, by code.
pub(super) struct Table {
    rows: Vec<Row>,
    /// Per row its name and after it its search key: two allocations for 84,000 villages.
    texts: String,
}

pub(crate) struct Row {
    pub(crate) code: RegionCode,
    pub(crate) coordinates: Coordinates,
    pub(crate) island_index: Option<u16>,
    pub(super) time_zone: TimeZone,
    pub(super) population_persons: Option<u32>,
    text: TextSpan,
}

/// Where a row's name and search key lie in the table's text, in bytes.
struct TextSpan {
    start: u32,
    name_len: u8,
    key_len: u8,
    /// Start of the key's short form within the key.
    short_offset: u8,
}

/// A row that is about to be added.
pub(super) struct NewRow<'a> {
    pub(super) code: RegionCode,
    pub(super) name: &'a str,
    pub(super) coordinates: Coordinates,
    pub(super) island_index: Option<u16>,
    pub(super) time_zone: TimeZone,
    pub(super) population_persons: Option<u32>,
}

impl Table {
    pub(super) fn with_capacity(rows: usize) -> Self {
        Self {
            rows: Vec::with_capacity(rows),
            texts: String::new(),
        }
    }

    /// Adds the row with the next higher code.
    pub(super) fn push(&mut self, row: &NewRow<'_>) {
        assert!(
            self.rows.last().is_none_or(|last| last.code < row.code),
            "{} is out of order: lookup needs files sorted by code",
            row.code
        );
        let key = SearchKey::new(row.name);
        let text = TextSpan {
            start: u32::try_from(self.texts.len()).expect("all names together are a few MB"),
            name_len: short_len(row.name.len()),
            key_len: short_len(key.full().len()),
            short_offset: short_len(key.short_offset()),
        };
        self.texts.push_str(row.name);
        self.texts.push_str(key.full());
        self.rows.push(Row {
            code: row.code,
            coordinates: row.coordinates,
            island_index: row.island_index,
            time_zone: row.time_zone,
            population_persons: row.population_persons,
            text,
        });
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn position(&self, code: RegionCode) -> Option<usize> {
        self.rows.binary_search_by_key(&code, |row| row.code).ok()
    }

    pub(super) fn find(&self, code: RegionCode) -> Option<&Row> {
        self.rows.get(self.position(code)?)
    }

    /// The rows inside `region`; they are neighbours because codes are ordered by prefix.
    pub(super) fn range_within(&self, region: RegionCode) -> Range<usize> {
        let start = self.rows.partition_point(|row| row.code < region);
        let end = self
            .rows
            .partition_point(|row| row.code < region || region.contains(&row.code));
        start..end
    }

    /// The row whose point is nearest, the lower code at the same distance.
    pub(super) fn nearest(&self, point: Coordinates) -> &Row {
        let distance_km = |row: &Row| great_circle_km(row.coordinates, point);
        let nearest = self
            .rows
            .iter()
            .min_by(|a, b| distance_km(a).total_cmp(&distance_km(b)));
        nearest.expect("no embedded region file is empty")
    }

    pub(super) fn name(&self, row: &Row) -> &str {
        let start = row.text.start as usize;
        self.text(start..start + usize::from(row.text.name_len))
    }

    /// The row's search key: its full form and, as a part of it, its short form.
    pub(super) fn key(&self, row: &Row) -> (&str, &str) {
        let start = row.text.start as usize + usize::from(row.text.name_len);
        let end = start + usize::from(row.text.key_len);
        (
            self.text(start..end),
            self.text(start + usize::from(row.text.short_offset)..end),
        )
    }

    fn text(&self, span: Range<usize>) -> &str {
        self.texts
            .get(span)
            .expect("spans were taken when the text was written")
    }
}

fn short_len(bytes: usize) -> u8 {
    u8::try_from(bytes).expect("the longest region name has fewer than 100 bytes")
}
