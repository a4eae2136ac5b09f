//! What a reconciliation, or a human who looked at its candidates, says about one person, and what follows from it.

use super::{
    Edition, IllegalRegistryVerb, Match, MatchClass, Owed, Registration, RegistryVerb, SourceKind, Standing,
};
use crate::code::coded;

coded! {
    /// Why a link was undone.
    pub enum UndoReason {
        /// The row is somebody else's.
        OtherPerson = "other_person",
        /// The person was identified wrongly, and the row is that of who they were taken for.
        WrongIdentity = "wrong_identity",
        /// The row itself is wrong, or stands there twice.
        WrongRow = "wrong_row",
        /// A human looked at a link that was made by weights, and it is not the person.
        Rejected = "rejected",
    }
}

/// What the rows of an edition say about one person.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// One of them is the person.
    Row(Match),
    /// Some may be: for a human.
    Doubt,
    /// None is.
    Nothing,
}

impl Registration {
    /// What follows from a reconciliation with `edition`. `None` = nothing changes: a delta says nothing of who is not in
    /// it, a match stands while a row may still be the person, and an edition never outdoes a later one. Doubts about the
    /// rows of one registry are not ended by another.
    pub fn reconciled(
        self,
        finding: Finding,
        (edition, kind): (Edition, SourceKind),
        owed: Owed,
    ) -> Result<Option<Self>, IllegalRegistryVerb> {
        let known = self.standing.edition();
        if known.is_some_and(|known| known.is_later_than(edition)) {
            return Ok(None);
        }
        let is_of_other = known.is_some_and(|known| known.registry() != edition.registry());
        let next = match (finding, &self.standing) {
            (Finding::Row(found), Standing::Matched { found: known, .. })
                if known.edition == found.edition =>
            {
                None
            }
            // What a human has said only a human takes back, unless the row that they said is gone.
            (Finding::Row(found), Standing::Matched { found: known, .. })
                if known.class == MatchClass::Reviewed
                    && found.class != MatchClass::Reviewed
                    && !is_of_other =>
            {
                match kind {
                    SourceKind::Snapshot => Some(self.clone().doubt(edition)?),
                    SourceKind::Delta => None,
                }
            }
            // The other rows of a doubt may not be in what has changed.
            (Finding::Row(found), Standing::Ambiguous { .. })
                if found.class == MatchClass::Probable && kind == SourceKind::Delta && !is_of_other =>
            {
                None
            }
            (Finding::Row(found), _) => Some(self.clone().matched(found)),
            (Finding::Doubt, Standing::Matched { .. }) => None,
            // What is owed is a place in another registry: a doubt about this one neither meets nor holds it up.
            (Finding::Doubt, _) if self.is_owed_another(edition) => None,
            (Finding::Doubt, _) => Some(self.clone().doubt(edition)?),
            (Finding::Nothing, _) if kind == SourceKind::Delta => None,
            (Finding::Nothing, Standing::Ambiguous { .. }) if is_of_other && !self.is_owed(edition) => None,
            // Nothing is known by which they could have been found.
            (Finding::Nothing, Standing::Unchecked | Standing::NoIdentity { .. }) => None,
            (Finding::Nothing, Standing::Matched { .. }) => self.clone().leave(edition, owed)?,
            (Finding::Nothing, Standing::Ambiguous { .. } | Standing::NotFound { .. }) => {
                Some(self.clone().miss(edition, owed)?)
            }
        };
        Ok(next.filter(|next| *next != self))
    }

    /// AMBIGUOUS, MATCHED -> MATCHED: a human has looked, and the row is the person.
    pub fn confirmed(self, found: Match) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Review)?;
        let (state, mut allowed) = (self.state(), self.allowed_verbs());
        let next = self.matched(found);
        if let Standing::Matched { .. } = next.standing {
            return Ok(next);
        }
        // A place in another registry is owed, and this row does not meet it.
        allowed.retain(|verb| *verb != RegistryVerb::Review);
        Err(IllegalRegistryVerb {
            verb: RegistryVerb::Review,
            state,
            allowed,
            article: RegistryVerb::Review.article(),
        })
    }

    /// Whether what is owed is a place in the registry of `edition`.
    fn is_owed(&self, edition: Edition) -> bool {
        let owed = self.standing.kept_obligation();
        owed.is_some_and(|owed| owed.registry == edition.registry())
    }

    /// Whether what is owed is a place in another registry than that of `edition`.
    fn is_owed_another(&self, edition: Edition) -> bool {
        self.standing.kept_obligation().is_some() && !self.is_owed(edition)
    }

    /// AMBIGUOUS -> NOT_FOUND, or UNCHECKED where the person is not served: a human has looked, and none of the rows is the
    /// person. MATCHED -> as before, as if it were undone.
    pub fn rejected(self, owed: Owed) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Review)?;
        match self.standing {
            Standing::Ambiguous { edition, .. } => self.miss(edition, owed),
            Standing::Matched { .. }
            | Standing::Unchecked
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. } => self.undo(owed),
        }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::person::Person;
    use crate::registry::{Addressee, RegistryCode};
    use crate::text::Text;

    const SNAPSHOT: SourceKind = SourceKind::Snapshot;

    fn edition(text: &str) -> Edition {
        text.parse().unwrap()
    }

    fn owed() -> Owed {
        let now = datetime!(2026-11-22 10:00 UTC);
        Owed {
            registry: RegistryCode::Dtsen,
            addressee: Addressee::try_from("32.73".parse::<serasi_geography::RegionCode>().unwrap()).unwrap(),
            now,
            due_at: now,
        }
    }

    fn served() -> Registration {
        let person: crate::id::PersonId = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap();
        let case: crate::id::CaseId = "3273-01933b5c-7a3e-7c3a-9d55-0242ac120003".parse().unwrap();
        let named = Person {
            nik: "3273014107900001".parse().ok(),
            ..Person::unknown()
        };
        Registration::of_report(person, case, &named).serve(owed())
    }

    fn row(period: &str) -> Finding {
        Finding::Row(Match {
            edition: edition(period),
            class: MatchClass::Probable,
            weight: 20.0,
            weights_version: Text::new("test").unwrap(),
        })
    }

    fn after(person: Registration, finding: Finding, period: &str, kind: SourceKind) -> Option<Registration> {
        person
            .reconciled(finding, (edition(period), kind), owed())
            .unwrap()
    }

    #[test]
    fn a_row_ends_what_is_owed_and_leaving_a_later_snapshot_begins_it_anew() {
        let found = after(served(), row("DTSEN 2026-Q3"), "DTSEN 2026-Q3", SNAPSHOT).unwrap();
        assert_eq!(found.state(), "matched");
        assert_eq!(
            after(found.clone(), row("DTSEN 2026-Q3"), "DTSEN 2026-Q3", SNAPSHOT),
            None
        );
        assert_eq!(
            after(
                found.clone(),
                Finding::Nothing,
                "DTSEN 2026-Q4",
                SourceKind::Delta
            ),
            None
        );
        assert_eq!(
            after(found.clone(), Finding::Nothing, "DTKS 2026-11", SNAPSHOT),
            None
        );
        assert_eq!(
            after(found.clone(), Finding::Doubt, "DTSEN 2026-Q4", SNAPSHOT),
            None
        );
        let left = after(found, Finding::Nothing, "DTSEN 2026-Q4", SNAPSHOT).unwrap();
        assert_eq!(left.state(), "due");
        assert_eq!(left.standing.obligation().map(|owed| owed.round), Some(2));
    }

    #[test]
    fn an_earlier_edition_changes_nothing() {
        let found = after(served(), row("DTSEN 2026-Q4"), "DTSEN 2026-Q4", SNAPSHOT).unwrap();
        for finding in [row("DTSEN 2026-Q3"), Finding::Nothing, Finding::Doubt] {
            assert_eq!(after(found.clone(), finding, "DTSEN 2026-Q3", SNAPSHOT), None);
        }
    }

    #[test]
    fn a_doubt_is_for_a_human_who_confirms_or_rejects_it() {
        let doubtful = after(served(), Finding::Doubt, "DTSEN 2026-Q3", SNAPSHOT).unwrap();
        assert_eq!(
            after(doubtful.clone(), Finding::Nothing, "DTKS 2026-11", SNAPSHOT),
            None
        );
        let Finding::Row(reviewed) = row("DTSEN 2026-Q3") else {
            unreachable!("it is a row")
        };
        assert_eq!(
            doubtful.clone().confirmed(reviewed.clone()).unwrap().state(),
            "matched"
        );
        let rejected = doubtful.rejected(owed()).unwrap();
        assert_eq!(rejected.standing.code(), "not_found");
        let refused = rejected.confirmed(reviewed).unwrap_err();
        assert_eq!(refused.verb, RegistryVerb::Review);
        assert!(!refused.allowed.contains(&RegistryVerb::Review));
    }

    #[test]
    fn a_doubt_in_another_registry_leaves_what_is_owed_as_it_is_and_cannot_be_confirmed() {
        assert_eq!(after(served(), Finding::Doubt, "DTKS 2026-11", SNAPSHOT), None);
        // As an earlier release left them.
        let mut spoilt = served();
        let obligation = spoilt.standing.obligation().cloned();
        spoilt.standing = Standing::Ambiguous {
            edition: edition("DTKS 2026-11"),
            obligation,
        };
        let Finding::Row(of_other) = row("DTKS 2026-11") else {
            unreachable!("it is a row")
        };
        let refused = spoilt.clone().confirmed(of_other).unwrap_err();
        assert!(!refused.allowed.contains(&RegistryVerb::Review));
        let missed = after(spoilt, Finding::Nothing, "DTSEN 2026-Q4", SNAPSHOT).unwrap();
        assert_eq!((missed.standing.code(), missed.state()), ("not_found", "due"));
    }

    #[test]
    fn who_is_in_doubt_in_another_registry_when_they_are_served_is_owed_a_place_in_this_one() {
        let mut person = served();
        person.standing = Standing::Ambiguous {
            edition: edition("DTKS 2026-11"),
            obligation: None,
        };
        assert_eq!(person.serve(owed()).standing.code(), "not_found");
    }

    #[test]
    fn what_a_human_has_said_only_their_own_row_replaces() {
        let Finding::Row(mut said) = row("DTSEN 2026-Q3") else {
            unreachable!("it is a row")
        };
        said.class = MatchClass::Reviewed;
        let reviewed = served().matched(said.clone());
        let delta = SourceKind::Delta;
        let next = "DTSEN 2026-Q4";
        assert_eq!(after(reviewed.clone(), row(next), next, delta), None);
        let doubted = after(reviewed.clone(), row(next), next, SNAPSHOT).unwrap();
        assert_eq!(doubted.standing.code(), "ambiguous");
        said.edition = edition(next);
        let kept = after(reviewed, Finding::Row(said), next, SNAPSHOT).unwrap();
        assert_eq!(kept.standing.code(), "matched");
    }

    #[test]
    fn a_delta_does_not_end_a_doubt_without_the_same_nik() {
        let next = "DTSEN 2026-Q4";
        let doubtful = after(served(), Finding::Doubt, next, SNAPSHOT).unwrap();
        assert_eq!(after(doubtful.clone(), row(next), next, SourceKind::Delta), None);
        let Finding::Row(mut exact) = row(next) else {
            unreachable!("it is a row")
        };
        exact.class = MatchClass::Exact;
        let found = after(doubtful, Finding::Row(exact), next, SourceKind::Delta).unwrap();
        assert_eq!(found.standing.code(), "matched");
    }

    #[test]
    fn a_match_that_is_rejected_is_owed_again() {
        let found = after(served(), row("DTSEN 2026-Q3"), "DTSEN 2026-Q3", SNAPSHOT).unwrap();
        let rejected = found.rejected(owed()).unwrap();
        assert_eq!((rejected.standing.code(), rejected.state()), ("not_found", "due"));
    }
}
