//! Lies within the reach of the search: the scope tier now searched - own regency, own province, working area, nation
//! (P16 Ps.28(2)) -, and where the nearest comes first, no farther away than enough others.

use super::{Requirement, Sentence};
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "within_tier",
    article: Article::P16Ps28,
    failing: Sentence {
        id: "berada di luar jangkauan pencarian saat ini",
        en: "lies beyond the reach of the search at present",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    if request.reaches(candidate) {
        Ok(())
    } else {
        Err(Permanence::Temporary)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let minutes = candidate.travel_minutes(request);
    format!(
        "tier={} searched={} minutes={minutes}",
        candidate.tier(request),
        request.within
    )
}
