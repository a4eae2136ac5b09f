//! What persons may ask for about their own data (UU 27/2022 Ps. 5-13), by when they have an answer, and when it must be
//! a refusal (Ps. 33). It must never hold words about a person.

use time::{Duration, OffsetDateTime};

use crate::case::CaseFacts;
use crate::cluster::Cluster;
use crate::code::coded;
use crate::id::{CaseId, PersonId, SubjectRequestId};
use crate::need_to_know::{is_in, is_of_child};
use crate::regulation::Article;

/// 3x24 hours to answer a request (Ps. 30, 32, 40, 41).
pub const ANSWER_WITHIN: Duration = Duration::hours(72);
/// 3x24 hours to tell the subjects and the agency of a breach (Ps. 46).
pub const NOTIFY_WITHIN: Duration = Duration::hours(72);

coded! {
    /// What is asked for.
    pub enum RequestKind {
        /// To see the data, with the trail of their processing.
        Access = "access",
        /// To have them completed or corrected.
        Correction = "correction",
        /// To have their processing suspended or limited.
        Restriction = "restriction",
        /// To take a consent back.
        Withdrawal = "withdrawal",
    }
}

coded! {
    /// Who asks.
    pub enum Requester {
        /// The person.
        Person = "person",
        Guardian = "guardian",
        LegalRepresentative = "legal_representative",
    }
}

coded! {
    /// Why a request is refused: the letters of Ps. 33.
    pub enum RefusalReason {
        /// Safety or health of the person or of somebody else.
        Endangers = "endangers",
        /// Data of somebody else would be told.
        DisclosesOthers = "discloses_others",
        /// National defence and security.
        NationalSecurity = "national_security",
    }
}

coded! {
    /// What is in force about a person until it is lifted.
    pub enum Mark {
        /// Processing is suspended (Ps. 11, 41).
        Frozen = "frozen",
        /// Access would endanger somebody (Ps. 33).
        AccessEndangers = "access_endangers",
    }
}

coded! {
    /// What makes data specific (Ps. 4(2)).
    pub enum SpecificClass {
        Child = "child",
        Health = "health",
    }
}

/// Where a request stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestState {
    Open,
    Fulfilled {
        at: OffsetDateTime,
        by: String,
    },
    Refused {
        at: OffsetDateTime,
        by: String,
        reason: RefusalReason,
    },
}

/// What is said to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    Fulfilled,
    Refused(RefusalReason),
}

/// A request about one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubjectRequest {
    pub id: SubjectRequestId,
    pub version: i64,
    pub person: PersonId,
    pub case: CaseId,
    pub kind: RequestKind,
    pub requester: Requester,
    pub state: RequestState,
    pub received_at: OffsetDateTime,
    pub due_at: OffsetDateTime,
    /// The principal that took it down.
    pub recorded_by: String,
}

/// What is known to make access dangerous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Danger {
    /// [`Mark::AccessEndangers`] is set.
    pub is_marked: bool,
    /// Facilities or regions are excluded so that somebody does not find the person.
    pub is_hiding: bool,
}

/// What the law does not let the hub do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalSubjectVerb {
    #[error("this request has been answered already")]
    Answered,
    #[error("the same requester has an open request of this kind about this person")]
    OpenAlready,
    #[error("access would endanger the person or somebody else: it must be refused")]
    Endangered,
    #[error("nobody has an open ACCESS request about this person; take it down first")]
    NoOpenRequest,
    #[error("who took the request down does not export; a second person does")]
    OwnRequest,
    #[error("who said that access is dangerous does not say that it no longer is; a second person does")]
    OwnDanger,
}

impl RequestKind {
    /// The article that gives the time for the answer.
    #[must_use]
    pub const fn article(self) -> Article {
        match self {
            Self::Access => Article::Uu27Ps32,
            Self::Correction => Article::Uu27Ps30,
            Self::Restriction => Article::Uu27Ps41,
            Self::Withdrawal => Article::Uu27Ps40,
        }
    }
}

impl RefusalReason {
    /// Article and letter.
    #[must_use]
    pub fn citation(self) -> String {
        let letter = match self {
            Self::Endangers => 'a',
            Self::DisclosesOthers => 'b',
            Self::NationalSecurity => 'c',
        };
        format!("{} huruf {letter}", Article::Uu27Ps33)
    }
}

impl RequestState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Fulfilled { .. } => "fulfilled",
            Self::Refused { .. } => "refused",
        }
    }

    const fn is_open(&self) -> bool {
        match self {
            Self::Open => true,
            Self::Fulfilled { .. } | Self::Refused { .. } => false,
        }
    }
}

impl Danger {
    /// Whether `requester` must not get at the data. What hides a person does not hide their own data from them.
    #[must_use]
    pub const fn is_for(self, requester: Requester) -> bool {
        match requester {
            Requester::Person => self.is_marked,
            Requester::Guardian | Requester::LegalRepresentative => self.is_marked || self.is_hiding,
        }
    }
}

impl SubjectRequest {
    /// Whether nobody has answered in time.
    #[must_use]
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        self.state.is_open() && self.due_at <= now
    }

    /// OPEN -> FULFILLED or REFUSED.
    pub fn answer(
        mut self,
        answer: Answer,
        danger: Danger,
        (by, at): (&str, OffsetDateTime),
    ) -> Result<Self, IllegalSubjectVerb> {
        if !self.state.is_open() {
            return Err(IllegalSubjectVerb::Answered);
        }
        let by = by.to_owned();
        self.state = match answer {
            Answer::Fulfilled if danger.is_for(self.requester) && !self.is_harmless() => {
                return Err(IllegalSubjectVerb::Endangered);
            }
            Answer::Fulfilled => RequestState::Fulfilled { at, by },
            Answer::Refused(reason) => RequestState::Refused { at, by, reason },
        };
        Ok(self)
    }

    /// Nobody is told anything when a person has less done with their own data.
    const fn is_harmless(&self) -> bool {
        match (self.requester, self.kind) {
            (Requester::Person, RequestKind::Restriction | RequestKind::Withdrawal) => true,
            (Requester::Person, RequestKind::Access | RequestKind::Correction)
            | (Requester::Guardian | Requester::LegalRepresentative, _) => false,
        }
    }
}

/// Whether `exporter` may export the person that `requests` are about. Danger is told before all else: there is no
/// request that would help.
pub fn may_export(
    requests: &[SubjectRequest],
    danger: Danger,
    exporter: &str,
) -> Result<(), IllegalSubjectVerb> {
    if danger.is_marked {
        return Err(IllegalSubjectVerb::Endangered);
    }
    let is_open_access =
        |request: &&SubjectRequest| request.state.is_open() && request.kind == RequestKind::Access;
    let open: Vec<_> = requests.iter().filter(is_open_access).collect();
    if open.is_empty() {
        return Err(IllegalSubjectVerb::NoOpenRequest);
    }
    let mut harmless = open.iter().filter(|request| !danger.is_for(request.requester));
    let Some(first) = harmless.next() else {
        return Err(IllegalSubjectVerb::Endangered);
    };
    let by_others = first.recorded_by != exporter || harmless.any(|other| other.recorded_by != exporter);
    by_others.then_some(()).ok_or(IllegalSubjectVerb::OwnRequest)
}

impl SpecificClass {
    /// What is specific about the data of a case, as far as it is known.
    #[must_use]
    pub fn of(facts: &CaseFacts) -> Vec<Self> {
        let has_needs = facts.party.iter().any(|member| !member.access_needs.is_empty());
        let is_health = has_needs || is_in(Cluster::Disabilitas, facts) || is_in(Cluster::Napza, facts);
        let child = is_of_child(facts).then_some(Self::Child);
        child
            .into_iter()
            .chain(is_health.then_some(Self::Health))
            .collect()
    }
}

#[cfg(test)]
mod tests;
