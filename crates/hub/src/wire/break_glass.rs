//! Openings of masked cases.

use serasi_domain::break_glass::{BreakGlass, Review};
use serasi_proto::v1;
use serasi_store::break_glass::Words;
use time::OffsetDateTime;

use super::codes::{FromWire, optional};
use super::time::to_timestamp;

/// As the contract has it at `now`; with the words only where they were read.
pub(crate) fn break_glass_to_wire(
    glass: &BreakGlass,
    now: OffsetDateTime,
    words: Option<Words>,
) -> v1::BreakGlass {
    let (before, review) = match &glass.review {
        Review::Due { before } => (Some(*before), None),
        Review::Done { at, by, verdict } => (None, Some((*at, by.clone(), *verdict))),
    };
    let (text, review_text) = words.map_or_else(Default::default, |words| {
        (words.opener, words.reviewer.unwrap_or_default())
    });
    v1::BreakGlass {
        break_glass_id: glass.id.to_string(),
        version: glass.version,
        case_id: glass.case.to_string(),
        principal: glass.principal.clone(),
        reason: glass.reason.to_wire(),
        text,
        open_time: Some(to_timestamp(glass.opened_at)),
        expire_time: Some(to_timestamp(glass.expires_at)),
        review_deadline_time: before.map(to_timestamp),
        review_overdue: glass.is_overdue(now),
        verdict: optional(review.as_ref().map(|(_, _, verdict)| *verdict)),
        review_time: review.as_ref().map(|(at, _, _)| to_timestamp(*at)),
        reviewer: review.map(|(_, by, _)| by).unwrap_or_default(),
        review_text,
    }
}
