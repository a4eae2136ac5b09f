//! What a first look at the rows gives: how common words are, and a sample to draw chance pairs from.
//!
//! Bounded for any number of rows: from a million on, only every second row is looked at, then every fourth.

use crate::Identity;
use crate::terms::Terms;

/// Up to here every row is looked at.
const EVERY_ROW: u64 = 1_000_000;
/// Rows kept; when there are more, every second one goes.
const MAX_SAMPLE: usize = 100_000;

/// What is known of the rows before they are compared with anybody.
#[derive(Default)]
pub struct Survey {
    pub(crate) terms: Terms,
    pub(crate) sample: Vec<Identity>,
    /// Of the rows looked at, one in so many is kept.
    sampled_each: u64,
    looked_at: u64,
}

impl Survey {
    /// Of how many rows like it a row at this position (from 0) is looked at for; `None`: it may be passed over.
    #[must_use]
    pub fn stands_for(position: u64) -> Option<u64> {
        let each = (position / EVERY_ROW + 1).next_power_of_two();
        position.is_multiple_of(each).then_some(each)
    }

    /// Takes in a row that stands for `rows` like it.
    pub fn add(&mut self, row: Identity, rows: u64) {
        self.terms.add(&row, rows);
        self.sampled_each = self.sampled_each.max(1);
        if self.looked_at.is_multiple_of(self.sampled_each) {
            self.sample.push(row);
        }
        self.looked_at += 1;
        if self.sample.len() > MAX_SAMPLE {
            let mut position = 0_u32;
            self.sample.retain(|_| {
                position += 1;
                position % 2 == 1
            });
            self.sampled_each *= 2;
        }
    }

    /// Joins what two threads have seen.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.terms.merge(&other.terms);
        self.sample.extend(other.sample);
        self.looked_at += other.looked_at;
        self
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
    fn the_sample_stays_bounded_and_spreads_over_the_file() {
        let mut survey = Survey::default();
        for row in 0..MAX_SAMPLE * 3 {
            let place = if row < MAX_SAMPLE { "32.73" } else { "11.01" };
            let raw = RawIdentity {
                place,
                ..RawIdentity::default()
            };
            survey.add(Identity::parse(&raw).unwrap(), 1);
        }
        assert!(survey.sample.len() <= MAX_SAMPLE);
        let early = survey.sample.iter().filter(|row| row.place == "32.73".parse().ok());
        assert!((early.count() * 3).abs_diff(survey.sample.len()) < 10);
    }
}
