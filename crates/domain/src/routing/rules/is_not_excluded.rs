//! Is not excluded: for safety (near the suspected perpetrator), or because it declined this case, did not answer, or had its offer taken back (P16 Ps.12: care secures safety).

use super::{Requirement, Sentence};
use crate::regulation::Article;
use crate::routing::{Candidate, Exclusion, ExclusionCause, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: super::EXCLUSIONS,
    article: Article::P16Ps12,
    failing: Sentence {
        id: "dikecualikan untuk kasus ini (keselamatan, atau sudah menolak, tidak menjawab, atau penawarannya ditarik)",
        en: "is excluded for this case (safety, or it declined, did not answer, or its offer was taken back)",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    if is_unsafe(request, candidate) {
        return Err(Permanence::Permanent);
    }
    match exclusion(request, candidate) {
        None => Ok(()),
        Some(Exclusion { until: None, .. }) => Err(Permanence::Permanent),
        Some(Exclusion { until: Some(_), .. }) => Err(Permanence::Temporary),
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let cause = exclusion(request, candidate).map(|exclusion| exclusion.cause);
    let cause = if is_unsafe(request, candidate) {
        Some(ExclusionCause::Safety)
    } else {
        cause
    };
    format!("excluded_for={}", cause.map_or("nothing", ExclusionCause::code))
}

/// The exclusion that counts now.
fn exclusion<'r>(request: &Request<'r>, candidate: &Candidate<'_>) -> Option<&'r Exclusion> {
    let id = candidate.entry.facility.id;
    let counts = |exclusion: &&Exclusion| {
        exclusion.facility == id && exclusion.until.is_none_or(|until| until > request.now)
    };
    request.exclusions.iter().find(counts)
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
