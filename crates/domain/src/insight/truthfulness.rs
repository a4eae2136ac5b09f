//! Whether what a facility says can be relied on: how it answered, how it reported, and who is worst.

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use super::Durations;
use super::reporting::Reporting;
use crate::id::FacilityId;

/// What became of the offers made to a facility in a period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Answers {
    /// Also those withdrawn or still waiting.
    pub asked: i32,
    pub accepted: i32,
    pub declined: i32,
    pub expired: i32,
    /// Declined as full although it had stated free places, and the hub held them.
    pub false_full: i32,
    /// From offer to answer; an offer that ran out counts as its whole time.
    pub minutes: Durations,
}

/// Where a facility stands in the report: the worst is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Rank {
    expired_per_million: Reverse<i64>,
    false_full: Reverse<i32>,
    silent_days: Reverse<i32>,
    facility: FacilityId,
}

const MILLION: i64 = 1_000_000;

impl Answers {
    /// Expired among those answered or run out, 0-1; `None` where there are none.
    #[must_use]
    pub fn expired_share(&self) -> Option<f64> {
        let ended = self.ended();
        (ended > 0).then(|| f64::from(self.expired) / f64::from(ended))
    }

    const fn ended(&self) -> i32 {
        self.accepted + self.declined + self.expired
    }
}

impl Rank {
    /// The larger share left to expire first, then more false "full", then more silent days, then the id.
    #[must_use]
    pub fn new(answers: &Answers, reporting: &Reporting, facility: FacilityId) -> Self {
        // Whole numbers: a page token must bring back exactly the rank it was made of.
        let share = (i64::from(answers.expired) * MILLION).checked_div(i64::from(answers.ended()));
        Self {
            expired_per_million: Reverse(share.unwrap_or(0)),
            false_full: Reverse(answers.false_full),
            silent_days: Reverse(reporting.silent_days),
            facility,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rank(answers: Answers, silent_days: i32, number: u128) -> Rank {
        let reporting = Reporting {
            silent_days,
            ..Reporting::default()
        };
        let home = "32.73".parse::<serasi_geography::RegionCode>().unwrap();
        let home = home.try_into().unwrap();
        Rank::new(
            &answers,
            &reporting,
            FacilityId::new(home, uuid::Uuid::from_u128(number)),
        )
    }

    fn answers(accepted: i32, expired: i32, false_full: i32) -> Answers {
        Answers {
            accepted,
            declined: false_full,
            expired,
            false_full,
            ..Answers::default()
        }
    }

    #[test]
    fn the_worst_comes_first_by_share_then_false_full_then_silence_then_id() {
        let sorted = [
            rank(answers(0, 1, 0), 0, 9),
            rank(answers(1, 2, 0), 0, 8),
            rank(answers(1, 2, 1), 9, 7),
            rank(answers(2, 0, 2), 0, 6),
            rank(answers(2, 0, 0), 3, 1),
            rank(answers(0, 0, 0), 3, 2),
            rank(answers(9, 0, 0), 2, 3),
        ];
        let mut shuffled = sorted;
        shuffled.reverse();
        shuffled.sort();
        assert_eq!(shuffled, sorted);
    }

    #[test]
    fn a_facility_nobody_asked_has_no_share_and_equal_shares_are_equal() {
        assert_eq!(answers(0, 0, 0).expired_share(), None);
        assert_eq!(answers(3, 1, 0).expired_share(), Some(0.25));
        assert_eq!(rank(answers(1, 2, 0), 0, 1), rank(answers(2, 4, 0), 0, 1));
    }

    #[test]
    fn a_rank_comes_back_from_a_page_token_as_it_was() {
        let rank = rank(answers(2, 1, 1), 4, 5);
        let token = serde_json::to_vec(&rank).unwrap();
        assert_eq!(serde_json::from_slice::<Rank>(&token).unwrap(), rank);
    }
}
