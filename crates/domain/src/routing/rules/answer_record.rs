//! A house that answers, and whose figures are true, is better: quick answers over slow ones, and a step for every "full"
//! while it showed free places. Who was never asked ranks with those who answer within two hours.

use super::Preference;
use crate::routing::{Candidate, PreferenceName, Request};

pub(super) const PREFERENCE: Preference = Preference {
    name: PreferenceName::AnswerRecord,
    cost,
};

/// Upper ends of the classes of the median answer, in minutes.
const CLASS_ENDS_MINUTES: [i32; 3] = [30, 120, 480];
/// The class of the second end: neither praised nor blamed.
const NEVER_ASKED: i64 = 1;
/// More false "full" than this make no difference: the house is last of its class anyway.
const MAX_FALSE_FULL: i64 = 5;

fn cost(_: &Request<'_>, candidate: &Candidate<'_>) -> i64 {
    let answers = candidate.entry.answers;
    let class = answers.median_answer_minutes.map_or(NEVER_ASKED, |median| {
        let class = CLASS_ENDS_MINUTES.iter().filter(|end| median > **end).count();
        i64::try_from(class).unwrap_or(i64::MAX)
    });
    class + i64::from(answers.false_full).min(MAX_FALSE_FULL)
}
