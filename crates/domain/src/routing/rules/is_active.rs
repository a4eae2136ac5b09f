//! Takes referrals now: neither suspended nor closed.

use super::{Requirement, Sentence};
use crate::facility::FacilityState;
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "is_active",
    article: Article::P16Ps31,
    failing: Sentence {
        id: "sedang tidak menerima rujukan",
        en: "takes no referrals at present",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    let state = &candidate.entry.facility.state;
    if state.is_active(request.now) {
        return Ok(());
    }
    Err(match state {
        FacilityState::Active | FacilityState::Suspended { .. } => Permanence::Temporary,
        FacilityState::Closed { .. } => Permanence::Permanent,
    })
}

fn saw(_: &Request<'_>, candidate: &Candidate<'_>) -> String {
    format!("state={}", candidate.entry.facility.state.code())
}
