//! The registry axis (P16 Ps.35-36): whether a person stands in the social registry, and what is owed to somebody who is
//! served and does not. Service is never blocked by it.
//!
//! It must never see who the person is: it knows an id, a regency of domicile, and whether there is anything to look up.

use time::{Date, OffsetDateTime};

use crate::id::{CaseId, PersonId, Regency};
use crate::person::Person;
use crate::text::Text;

mod edition;
mod finding;
mod obligation;
mod reconciliation;
mod standing;
mod verb;

pub use edition::{Edition, InvalidEdition, RegistryCode};
pub use finding::{Finding, UndoReason};
pub use obligation::{Addressee, Delivery, NoDinas, Obligation, ObligationState, Owed, RefusalReason};
pub use reconciliation::{
    IllegalReconciliationVerb, PersonCounts, Progress, Reconciliation, ReconciliationVerb, RowCounts,
    SourceDigest, SourceKind,
};
pub use standing::{Match, MatchClass, Standing};
pub use verb::{IllegalRegistryVerb, Outcome, RegistryVerb};

/// The key of a row in a registry (ID DTKS and the like). It leads to the person, so it is sealed as their identity is.
pub type RegistryId = Text<64>;

/// One person on the registry axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Registration {
    pub person: PersonId,
    pub case: CaseId,
    pub version: i64,
    /// Whether a registry could be searched for them.
    pub is_identifiable: bool,
    /// Where they are at home, if anybody said.
    pub domicile: Option<Regency>,
    /// When they were first placed or helped.
    pub served_at: Option<OffsetDateTime>,
    pub standing: Standing,
}

impl Registration {
    /// A person of a new report.
    #[must_use]
    pub fn of_report(id: PersonId, case: CaseId, person: &Person) -> Self {
        Self {
            person: id,
            case,
            version: 1,
            is_identifiable: is_identifiable(person),
            domicile: person.domicile.and_then(Regency::of),
            served_at: None,
            standing: Standing::Unchecked,
        }
    }

    /// Code of the obligation's state where something is owed, else of the axis.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match self.standing.obligation() {
            Some(obligation) => obligation.state.code(),
            None => self.standing.code(),
        }
    }

    /// Verbs the state allows: the whole state machine, as two tables.
    #[must_use]
    pub fn allowed_verbs(&self) -> Vec<RegistryVerb> {
        use RegistryVerb::{
            Acknowledge, Deliberate, Doubt, FollowUp, Leave, Match, Miss, Propose, Refuse, Register, Review,
            Serve, Undo, Verify,
        };
        let on_axis: &[RegistryVerb] = match &self.standing {
            Standing::Unchecked => &[Serve, Match, Doubt],
            Standing::Matched { .. } => &[Serve, Match, Doubt, Review, Undo, Leave],
            Standing::Ambiguous { .. } => &[Serve, Match, Doubt, Review, Miss],
            Standing::NotFound { .. } | Standing::NoIdentity { .. } => &[Serve, Match, Doubt, Miss],
        };
        let of_obligation: &[RegistryVerb] = match self.standing.obligation().map(|owed| &owed.state) {
            None => &[],
            // With another day or another key: a slip that is put right.
            Some(ObligationState::Registered { .. }) => &[Register],
            Some(ObligationState::Due { .. }) => &[FollowUp, Acknowledge],
            // Stood there all the time, as often as not: nobody had looked.
            Some(ObligationState::Reported { .. }) => &[FollowUp, Propose, Register, Refuse],
            Some(ObligationState::Proposed { .. }) => &[Deliberate, Refuse],
            Some(ObligationState::Deliberated { .. }) => &[Verify, Refuse],
            Some(ObligationState::Verified { .. }) => &[Register, Refuse],
            Some(ObligationState::Refused { .. }) => &[Propose],
        };
        [on_axis, of_obligation].concat()
    }

    /// Whether `verb` is allowed now; the error names the article, the state and the verbs that are.
    pub fn must_allow(&self, verb: RegistryVerb) -> Result<(), IllegalRegistryVerb> {
        let allowed = self.allowed_verbs();
        if allowed.contains(&verb) {
            return Ok(());
        }
        Err(IllegalRegistryVerb {
            verb,
            state: self.state(),
            allowed,
            article: verb.article(),
        })
    }

    /// The person is placed or helped directly: UNCHECKED -> NOT_FOUND or NO_IDENTITY, and the report is owed. Whoever is
    /// found in that registry, in doubt with something owed, or served already stays where they are.
    #[must_use]
    pub fn serve(mut self, owed: Owed) -> Self {
        self.served_at = self.served_at.or(Some(owed.now));
        self.standing = match self.standing {
            Standing::Unchecked if self.is_identifiable => Standing::NotFound {
                looked_in: None,
                obligation: Obligation::raise(owed),
            },
            Standing::Unchecked => Standing::NoIdentity {
                obligation: Obligation::raise(owed),
            },
            // Likewise who may stand in another one.
            Standing::Ambiguous {
                edition,
                obligation: None,
            } if edition.registry() != owed.registry => Standing::NotFound {
                looked_in: None,
                obligation: Obligation::raise(owed),
            },
            Standing::Ambiguous { edition, obligation } => Standing::Ambiguous {
                edition,
                obligation: obligation.or_else(|| Some(Obligation::raise(owed))),
            },
            // They stand in another registry than the one in which they must come to stand.
            Standing::Matched { found, before: None } if found.edition.registry() != owed.registry => {
                Standing::NotFound {
                    looked_in: None,
                    obligation: Obligation::raise(owed),
                }
            }
            standing @ (Standing::Matched { .. }
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. }) => standing,
        };
        self
    }

    /// What is known of the person has changed. With something by which a registry can be searched NO_IDENTITY ->
    /// NOT_FOUND, as far as anybody knows; without it NOT_FOUND -> NO_IDENTITY.
    #[must_use]
    pub fn known_as(mut self, person: &Person) -> Self {
        self.is_identifiable = is_identifiable(person);
        self.standing = match self.standing {
            Standing::NoIdentity { obligation } if self.is_identifiable => Standing::NotFound {
                looked_in: None,
                obligation,
            },
            Standing::NotFound { obligation, .. } if !self.is_identifiable => {
                Standing::NoIdentity { obligation }
            }
            standing @ (Standing::Unchecked
            | Standing::Matched { .. }
            | Standing::Ambiguous { .. }
            | Standing::NotFound { .. }
            | Standing::NoIdentity { .. }) => standing,
        };
        self
    }

    /// Any state -> MATCHED. What was owed rests. Who is owed a place in another registry stays where they are: that they
    /// stand in this one does not meet it.
    #[must_use]
    pub fn matched(mut self, found: Match) -> Self {
        let owed = self.standing.kept_obligation();
        if owed.is_some_and(|owed| owed.registry != found.edition.registry()) {
            return self;
        }
        let before = self.standing.into_obligation();
        self.standing = Standing::Matched { found, before };
        self
    }

    /// Any state -> AMBIGUOUS; what is owed is still owed, and what rested goes on.
    pub fn doubt(mut self, edition: Edition) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Doubt)?;
        let obligation = self.standing.into_obligation();
        self.standing = Standing::Ambiguous { edition, obligation };
        Ok(self)
    }

    /// AMBIGUOUS, NOT_FOUND, NO_IDENTITY -> NOT_FOUND in `edition`, or UNCHECKED where the person is not served. What the
    /// dinas says is REGISTERED and does not stand in an edition that began after that day has left it: what is owed
    /// begins anew.
    pub fn miss(mut self, edition: Edition, owed: Owed) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Miss)?;
        let before = self.standing.into_obligation();
        self.standing = Standing::Unchecked;
        if self.served_at.is_some() {
            let obligation = match before {
                None => Obligation::raise(owed),
                Some(known) if has_left(&known, edition) => known.raise_again(owed),
                Some(known) => known,
            };
            self.standing = Standing::NotFound {
                looked_in: Some(edition),
                obligation,
            };
        }
        Ok(self)
    }

    /// MATCHED -> as before: the row was somebody else's. What was owed goes on.
    pub fn undo(mut self, owed: Owed) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Undo)?;
        let looked_in = self.standing.edition();
        let before = self.standing.into_obligation();
        self.standing = Standing::Unchecked;
        if self.served_at.is_some() {
            self.standing = Standing::NotFound {
                looked_in,
                obligation: before.unwrap_or_else(|| Obligation::raise(owed)),
            };
        }
        Ok(self)
    }

    /// MATCHED -> NOT_FOUND: a later edition no longer has the row, and the report is owed anew; UNCHECKED where the
    /// person is not served. `None` = not a later edition of that registry: nothing has changed.
    pub fn leave(mut self, edition: Edition, owed: Owed) -> Result<Option<Self>, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Leave)?;
        let is_later = self
            .standing
            .edition()
            .is_some_and(|known| edition.is_later_than(known));
        if !is_later {
            return Ok(None);
        }
        let before = self.standing.into_obligation();
        self.standing = Standing::Unchecked;
        if self.served_at.is_some() {
            self.standing = Standing::NotFound {
                looked_in: Some(edition),
                obligation: before.map_or_else(|| Obligation::raise(owed), |known| known.raise_again(owed)),
            };
        }
        Ok(Some(self))
    }

    /// DUE -> REPORTED: somebody of the addressee says that they have it, and has until `answer_before` to act.
    pub fn acknowledge(
        mut self,
        delivery: Delivery,
        answer_before: OffsetDateTime,
    ) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(RegistryVerb::Acknowledge)?;
        if let Some(obligation) = self.standing.obligation_mut() {
            obligation.state = ObligationState::Reported {
                delivery,
                answer_before: obligation.addressee.one_up().map(|_| answer_before),
            };
        }
        Ok(self)
    }

    /// DUE and REPORTED stay: nobody answered in time, and the next addressee up has until `answer_before`. `None` = there
    /// is time left, or nobody further up.
    #[must_use]
    pub fn follow_up(mut self, answer_before: OffsetDateTime, now: OffsetDateTime) -> Option<Self> {
        let obligation = self.standing.obligation_mut()?;
        if now < obligation.state.answer_before()? {
            return None;
        }
        obligation.addressee = obligation.addressee.one_up()?;
        obligation.follow_ups += 1;
        let next = obligation.addressee.one_up().map(|_| answer_before);
        obligation.state.wait_until(next);
        Some(self)
    }

    /// Nobody could act for a while, and the addressee has until `answer_before`. `None` = nobody is waited for.
    #[must_use]
    pub fn wait_anew(mut self, answer_before: OffsetDateTime) -> Option<Self> {
        let obligation = self.standing.obligation_mut()?;
        obligation.state.answer_before()?;
        obligation.state.wait_until(Some(answer_before));
        Some(self)
    }

    /// What the dinas says has become of it: REPORTED -> PROPOSED -> DELIBERATED -> VERIFIED -> REGISTERED; REFUSED from
    /// each but the last, and from there PROPOSED again; REGISTERED also from REPORTED, for who stood there already, and
    /// from REGISTERED, to put a slip right.
    pub fn outcome(mut self, outcome: Outcome, on: Date) -> Result<Self, IllegalRegistryVerb> {
        self.must_allow(outcome.verb())?;
        if let Some(obligation) = self.standing.obligation_mut()
            && let Some(delivery) = obligation.state.delivery().cloned()
        {
            obligation.state = outcome.of(delivery, on);
        }
        Ok(self)
    }
}

/// Whether there is something by which a registry can be searched.
const fn is_identifiable(person: &Person) -> bool {
    person.nik.is_some() || person.name.is_some() && person.birth.is_some()
}

/// Whether somebody of whom the dinas says REGISTERED is missing in an edition that should have them.
fn has_left(obligation: &Obligation, edition: Edition) -> bool {
    match &obligation.state {
        ObligationState::Registered { on, .. } => {
            edition.registry() == obligation.registry && edition.first_day() > *on
        }
        ObligationState::Due { .. }
        | ObligationState::Reported { .. }
        | ObligationState::Proposed { .. }
        | ObligationState::Deliberated { .. }
        | ObligationState::Verified { .. }
        | ObligationState::Refused { .. } => false,
    }
}

#[cfg(test)]
mod tests;
