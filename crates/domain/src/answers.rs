//! How a facility has answered of late: what the preference `answer_record` and the truthfulness report go by.

use serde::{Deserialize, Serialize};

/// Answers of one facility over the last [`AnswerRecord::WINDOW_DAYS`] days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerRecord {
    /// Grows with every change; 0 = never asked.
    pub version: i64,
    /// From offer to accept or decline; an offer that ran out counts as its whole time. `None` = never asked.
    pub median_answer_minutes: Option<i32>,
    /// Declines as full although the places were known to be free, and held.
    pub false_full: i32,
}

impl AnswerRecord {
    /// Older answers no longer count.
    pub const WINDOW_DAYS: i32 = 90;
}
