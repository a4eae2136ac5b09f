//! Lies within the scope tier now searched: own regency, own province, working area, nation (P16 Ps.28(2)).

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
    if candidate.tier(request) <= request.within {
        Ok(())
    } else {
        Err(Permanence::Temporary)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    format!("tier={} searched={}", candidate.tier(request), request.within)
}
