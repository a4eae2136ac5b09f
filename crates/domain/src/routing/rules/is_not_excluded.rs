//! Is not excluded: for safety (near the suspected perpetrator), or because it declined this case (P16 Ps.12: care secures safety).

use super::{Requirement, Sentence};
use crate::regulation::Article;
use crate::routing::{Candidate, Exclusion, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "is_not_excluded",
    article: Article::P16Ps12,
    failing: Sentence {
        id: "dikecualikan untuk kasus ini (keselamatan atau sudah menolak)",
        en: "is excluded for this case (safety, or it declined)",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    if is_unsafe(request, candidate) {
        return Err(Permanence::Permanent);
    }
    let id = candidate.entry.facility.id;
    let counts = |exclusion: &&Exclusion| {
        exclusion.facility == id && exclusion.until.is_none_or(|until| until > request.now)
    };
    match request.exclusions.iter().find(counts) {
        None => Ok(()),
        Some(Exclusion { until: None, .. }) => Err(Permanence::Permanent),
        Some(Exclusion { until: Some(_), .. }) => Err(Permanence::Temporary),
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    if is_unsafe(request, candidate) {
        "excluded_for=safety"
    } else {
        "excluded_for=earlier_decline"
    }
    .to_owned()
}

fn is_unsafe(request: &Request<'_>, candidate: &Candidate<'_>) -> bool {
    let facility = &candidate.entry.facility;
    let need = &request.facts.need;
    need.excluded_facilities.contains(&facility.id)
        || need
            .excluded_regions
            .iter()
            .any(|region| region.contains(&facility.profile.place))
}
