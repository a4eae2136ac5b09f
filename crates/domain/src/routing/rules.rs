//! The ordered registry of rules. A new rule is one new file and its line here; the position is its priority.

use super::{Candidate, Permanence, PreferenceName, Request};
use crate::regulation::Article;

mod admits_party;
mod answer_record;
mod covers_forms;
mod gives_forms;
mod has_places;
mod implementer;
mod is_active;
mod is_not_excluded;
mod load;
mod may_implement;
mod scope_tier;
mod serves_cluster;
mod specialised;
mod takes_target;
mod travel_class;
mod travel_minutes;
mod within_tier;
mod works_on_base;

pub use travel_class::TravelClass;

/// A sentence in Indonesian and English.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sentence {
    pub id: &'static str,
    pub en: &'static str,
}

/// A hard rule: who fails it is not asked.
#[derive(Debug)]
pub struct Requirement {
    /// Stable name, in decisions and metrics.
    pub name: &'static str,
    pub article: Article,
    /// What it means to fail.
    pub failing: Sentence,
    pub check: fn(&Request<'_>, &Candidate<'_>) -> Result<(), Permanence>,
    /// The value the rule looked at, for the record.
    pub saw: fn(&Request<'_>, &Candidate<'_>) -> String,
}

/// A soft rule: lower is better.
#[derive(Debug)]
pub struct Preference {
    pub name: PreferenceName,
    pub cost: fn(&Request<'_>, &Candidate<'_>) -> i64,
}

/// Raised when a rule, their order or the form of the record changes: a decision made under other rules cannot be
/// replayed. A test holds the bytes of one decision against it.
pub const RULES_VERSION: u16 = 1;

/// The rule that tells of danger: it is not shown to everybody who may see a decision.
pub const EXCLUSIONS: &str = "is_not_excluded";

/// Hard rules, the cheapest and most telling first; `has_places` is last: who fails only that one is full or unknown.
///
/// The search takes the first three from the directory's index and counts whom they exclude without a look at each.
pub const REQUIREMENTS: &[Requirement] = &[
    serves_cluster::RULE,
    works_on_base::RULE,
    within_tier::RULE,
    is_active::RULE,
    takes_target::RULE,
    gives_forms::RULE,
    may_implement::RULE,
    admits_party::RULE,
    is_not_excluded::RULE,
    has_places::RULE,
];

/// Soft rules; the policy says which count and in what order.
pub const PREFERENCES: &[Preference] = &[
    scope_tier::PREFERENCE,
    covers_forms::PREFERENCE,
    travel_class::PREFERENCE,
    specialised::PREFERENCE,
    implementer::PREFERENCE,
    load::PREFERENCE,
    answer_record::PREFERENCE,
    travel_minutes::PREFERENCE,
];

impl PreferenceName {
    /// The rule behind the name.
    #[must_use]
    pub fn rule(self) -> &'static Preference {
        PREFERENCES
            .iter()
            .find(|rule| rule.name == self)
            .expect("every preference name has a rule; a test checks it")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preference_name_has_exactly_one_rule() {
        for name in PreferenceName::ALL {
            assert_eq!(
                PREFERENCES.iter().filter(|rule| rule.name == *name).count(),
                1,
                "{name}"
            );
        }
    }

    #[test]
    fn rules_and_their_articles() {
        let table: String = REQUIREMENTS
            .iter()
            .map(|rule| format!("{:16} {}\n", rule.name, rule.article))
            .collect();
        insta::assert_snapshot!(table, @"
        serves_cluster   P16 Ps.3
        works_on_base    P16 Ps.6
        within_tier      P16 Ps.28(2)
        is_active        P16 Ps.31
        takes_target     P16 Ps.7
        gives_forms      P16 Ps.10(1)
        may_implement    P16 Ps.5
        admits_party     P16 Ps.8
        is_not_excluded  P16 Ps.12
        has_places       P16 Ps.29c
        ");
    }
}
