//! Works on the needed base: family, community, residential (P16 Ps.6).

use super::{Requirement, Sentence};
use crate::need::ServiceBase;
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "works_on_base",
    article: Article::P16Ps6,
    failing: Sentence {
        id: "tidak bekerja dengan basis layanan ini",
        en: "does not work on this base of service",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    if candidate
        .entry
        .facility
        .profile
        .bases
        .contains(request.facts.need.base)
    {
        Ok(())
    } else {
        Err(Permanence::Permanent)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let bases: Vec<_> = candidate
        .entry
        .facility
        .profile
        .bases
        .iter()
        .map(ServiceBase::code)
        .collect();
    format!("bases={} needed={}", bases.join("+"), request.facts.need.base)
}
