//! What a first look at the rows gives: how common words are, and a sample to draw chance pairs from.
//!
//! Bounded for any number of rows: from a million on, only every second row is looked at, then every fourth.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;

use crate::Identity;
use crate::terms::Terms;

/// Up to here every row is looked at.
const EVERY_ROW: u64 = 1_000_000;
/// Rows kept.
const MAX_SAMPLE: usize = 50_000;

/// What is known of the rows before they are compared with anybody.
#[derive(Default)]
pub struct Survey {
    pub(crate) terms: Terms,
    /// How many there are, about.
    pub(crate) rows: u64,
    /// Those with the smallest hashes of their position: the same whatever threads have seen which rows.
    pub(crate) sample: Vec<(u64, Identity)>,
}

impl Survey {
    /// Of how many rows like it a row at this position is looked at for; `None`: it may be passed over.
    #[must_use]
    pub fn stands_for(position: u64) -> Option<u64> {
        let each = (position / EVERY_ROW + 1).next_power_of_two();
        position.is_multiple_of(each).then_some(each)
    }

    /// Takes in a row that stands for `rows` like it.
    pub fn add(&mut self, row: Identity, position: u64, rows: u64) {
        self.terms.add(&row, rows);
        self.rows += rows;
        self.sample.push((FixedState::default().hash_one(position), row));
        if self.sample.len() > 2 * MAX_SAMPLE {
            self.thin();
        }
    }

    /// Joins what two threads have seen.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.terms.merge(&other.terms);
        self.rows += other.rows;
        self.sample.extend(other.sample);
        if self.sample.len() > 2 * MAX_SAMPLE {
            self.thin();
        }
        self
    }

    /// In the same order for the same rows.
    pub(crate) fn thin(&mut self) {
        self.sample.sort_unstable_by_key(|(hash, _)| *hash);
        self.sample.truncate(MAX_SAMPLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RawIdentity;

    #[test]
    fn a_long_file_is_looked_at_in_part_and_that_part_stands_for_all() {
        let rows = 5_000_000;
        let stand: u64 = (0..rows).filter_map(Survey::stands_for).sum();
        assert!(stand.abs_diff(rows) <= 8, "{stand}");
        assert!((0..EVERY_ROW).all(|row| Survey::stands_for(row) == Some(1)));
    }

    #[test]
    fn the_sample_is_bounded_spread_over_the_file_and_the_same_for_any_threads() {
        let rows = MAX_SAMPLE as u64 * 3;
        let survey = |positions: std::ops::Range<u64>| {
            let mut survey = Survey::default();
            for position in positions {
                let place = if position < rows / 3 { "32.73" } else { "11.01" };
                let raw = RawIdentity {
                    place,
                    ..RawIdentity::default()
                };
                survey.add(Identity::parse(&raw).unwrap(), position, 1);
            }
            survey
        };
        let mut whole = survey(0..rows);
        let mut joined = survey(rows / 2..rows).merge(survey(0..rows / 2));
        whole.thin();
        joined.thin();
        assert!(whole.sample == joined.sample);
        assert_eq!(whole.sample.len(), MAX_SAMPLE);
        let early = whole
            .sample
            .iter()
            .filter(|(_, row)| row.place == "32.73".parse().ok());
        assert!((early.count() * 3).abs_diff(MAX_SAMPLE) < MAX_SAMPLE / 50);
    }
}
