//! Gives at least one of the needed forms (P16 Ps.10); covering them all is a preference. An empty list gives all seven.

use enumset::EnumSet;

use super::{Requirement, Sentence};
use crate::need::ServiceForm;
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "gives_forms",
    article: Article::P16Ps10,
    failing: Sentence {
        id: "tidak memberi satu pun bentuk layanan yang dibutuhkan",
        en: "gives none of the needed forms of service",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    let gives = candidate.entry.facility.profile.forms;
    let needed = request.facts.need.forms;
    if needed.is_empty() || gives.is_empty() || !needed.is_disjoint(gives) {
        Ok(())
    } else {
        Err(Permanence::Permanent)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let codes =
        |forms: EnumSet<ServiceForm>| forms.iter().map(ServiceForm::code).collect::<Vec<_>>().join("+");
    format!(
        "gives={} needed={}",
        codes(candidate.entry.facility.profile.forms),
        codes(request.facts.need.forms)
    )
}
