//! Admits every member of the party: sex, age, access needs. What is not known about a person keeps nobody out.

use super::{Requirement, Sentence};
use crate::person::{AgeYears, Sex};
use crate::regulation::Article;
use crate::routing::{Candidate, Permanence, Request};

pub(super) const RULE: Requirement = Requirement {
    name: "admits_party",
    article: Article::P16Ps8,
    failing: Sentence {
        id: "syarat penerimaan (jenis kelamin, usia, akses) tidak terpenuhi",
        en: "admission rule (sex, age, access) is not met",
    },
    check,
    saw,
};

fn check(request: &Request<'_>, candidate: &Candidate<'_>) -> Result<(), Permanence> {
    let rule = &candidate.entry.facility.profile.admission;
    if request.facts.party.iter().all(|member| rule.admits(member)) {
        Ok(())
    } else {
        Err(Permanence::Permanent)
    }
}

fn saw(request: &Request<'_>, candidate: &Candidate<'_>) -> String {
    let rule = &candidate.entry.facility.profile.admission;
    let age = |age: Option<AgeYears>| age.map(|age| age.0.to_string()).unwrap_or_default();
    let refused = request
        .facts
        .party
        .iter()
        .filter(|member| !rule.admits(member))
        .count();
    format!(
        "sex={} age={}..{} not_admitted={refused}",
        rule.sex.map_or("any", Sex::code),
        age(rule.min_age),
        age(rule.max_age)
    )
}
