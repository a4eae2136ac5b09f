//! Takes that target: individual, family, group, community (P16 Ps.7). An empty list takes all.

use super::{Requirement, Sentence};
use crate::need::Target;
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "takes_target",
    article: Article::P16Ps7,
    failing: Sentence {
        id: "tidak melayani sasaran ini",
        en: "does not take this kind of target",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    let targets = candidate.entry.facility.profile.targets;
    if targets.is_empty() || targets.contains(request.facts.target) {
        Ok(())
    } else {
        Err(Permanence::Permanent)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let targets: Vec<_> = candidate
        .entry
        .facility
        .profile
        .targets
        .iter()
        .map(Target::code)
        .collect();
    format!("targets={} needed={}", targets.join("+"), request.facts.target)
}
