//! Everything that can end a call, as one enum; `status.rs` says what the client sees.

use serasi_domain::break_glass::IllegalBreakGlass;
use std::time::Duration;

use serasi_domain::case::IllegalCaseVerb;
use serasi_domain::case::course::StageRefusal;
use serasi_domain::case::ending::EndingRefusal;
use serasi_domain::facility::IllegalFacilityVerb;
use serasi_domain::offer::IllegalOfferVerb;
use serasi_domain::placement::IllegalPlacementVerb;
use serasi_domain::policy::MissingFields;
use serasi_domain::policy::care::TooLong;
use serasi_domain::registry::{IllegalReconciliationVerb, IllegalRegistryVerb};
use serasi_domain::routing::NotRoutable;
use serasi_domain::subject::IllegalSubjectVerb;
use serasi_store::StoreError;

use crate::auth::TokenError;

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    /// Path of the field, e.g. `intake.persons[0].nik`.
    pub(crate) field: String,
    /// What is wrong and what to do; never the value.
    pub(crate) description: String,
}

/// What a client can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    AuditEntry,
    AuditHead,
    BreakGlass,
    Case,
    Decision,
    Document,
    Facility,
    Offer,
    Person,
    Placement,
    Policy,
    Reconciliation,
    Registration,
    SubjectRequest,
}

/// A rule of the domain said no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RuleBroken {
    #[error(transparent)]
    Case(#[from] IllegalCaseVerb),
    #[error(transparent)]
    Stage(#[from] StageRefusal),
    #[error(transparent)]
    Ending(#[from] EndingRefusal),
    #[error(transparent)]
    TooLong(#[from] TooLong),
    #[error("the case holds as many records as a case may; close it and report what goes on anew")]
    TooManyRecords,
    #[error("the persons are in service: say where they live from now on, FAMILY or INDEPENDENT")]
    DestinationNeeded,
    #[error(transparent)]
    Facility(#[from] IllegalFacilityVerb),
    #[error(transparent)]
    Offer(#[from] IllegalOfferVerb),
    #[error(transparent)]
    Placement(#[from] IllegalPlacementVerb),
    #[error(transparent)]
    BreakGlass(#[from] IllegalBreakGlass),
    #[error(transparent)]
    Subject(#[from] IllegalSubjectVerb),
    #[error(transparent)]
    Registry(#[from] IllegalRegistryVerb),
    #[error(transparent)]
    Reconciliation(#[from] IllegalReconciliationVerb),
    #[error(
        "reconciliation {0} of the same registry and region has not ended: go on with it, or abandon it while it is open"
    )]
    ReconciliationRuns(String),
    #[error("no candidate of the person fits; see GetRegistration")]
    NoCandidate,
    #[error("the processing of these data is suspended; lift the suspension first")]
    Frozen,
    #[error(
        "{leaving} of {matched} who stand in an earlier edition are not among the rows: if the file is whole and of this \
         region, say so with allow_leavers; else abandon the reconciliation"
    )]
    TooManyLeave { leaving: u64, matched: u64 },
    #[error(transparent)]
    NotRoutable(#[from] NotRoutable),
    #[error(transparent)]
    MissingFields(#[from] MissingFields),
    #[error("policy {0} is not known here: create it again as it was, or route with use_active_policy")]
    PolicyUnknown(String),
    #[error("the case is held already; lift that hold first")]
    HeldAlready,
    #[error(
        "what was kept of this case in words or about its persons was erased when its time was over; nothing new is kept"
    )]
    Erased,
    #[error("the person has a NIK; unbind it first, with the reason why it is wrong")]
    BoundAlready,
    #[error("the person has no NIK")]
    NotBound,
    #[error("the case is not held")]
    NotHeld,
    #[error(
        "personal data of the case were erased when their time was over: it stays linked; report the person anew"
    )]
    ErasedInPart,
    #[error("the facility still has offers, reserved places or persons of the hub; end or move them first")]
    FacilityInUse,
    #[error("the hub has a newer capacity report for this pool")]
    StaleReport,
    #[error("the stated capacity leaves no room for this case; decline with reason FULL instead")]
    NoRoomStated,
    #[error("this offer holds no places: state the capacity of the pool to accept it")]
    CapacityRequired,
    #[error("the entry is not sealed under this head yet; entries are sealed within a minute")]
    NotSealedYet,
}

/// Why the hub ends a stream that could go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamEnd {
    Stopping,
    TooSlow,
    TokenExpired,
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum HubError {
    #[error("the request has {} violations", .0.len())]
    Invalid(Vec<Violation>),
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("more calls than one caller may make; the next may come in {0:?}")]
    TooFast(Duration),
    #[error("{0}")]
    Forbidden(&'static str),
    #[error("{kind:?} not found")]
    NotFound { kind: Kind, id: String },
    #[error("{kind:?} exists with other content")]
    Exists {
        kind: Kind,
        id: String,
        /// `None` = not for this caller, nor which record it is.
        differences: Option<Vec<&'static str>>,
    },
    #[error("the request_id was used for another request")]
    RequestIdReused,
    #[error(transparent)]
    Rule(#[from] RuleBroken),
    #[error("another run of this kind is going on")]
    Busy,
    #[error("the record changed meanwhile")]
    Moved,
    /// A record that was not locked changed between look and write: the command is repeated.
    #[error("somebody was faster")]
    Raced,
    #[error("more calls are in flight than the hub can do in good time")]
    Overloaded,
    #[error("one caller has more calls in flight than it may have")]
    CallerBusy,
    #[error("too much at once: {0}")]
    TooMuch(&'static str),
    #[error("the call took too long")]
    Deadline,
    #[error("a stream ended: {why:?}")]
    StreamEnded {
        why: StreamEnd,
        /// Where to go on; empty = at the beginning.
        cursor: String,
    },
    #[error("the cursor is not known, or older than the events that are kept")]
    CursorUnknown { earliest: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Bug(&'static str),
}

impl HubError {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "call sites pass ids and literals alike"
    )]
    pub(crate) fn not_found(kind: Kind, id: impl ToString) -> Self {
        Self::NotFound {
            kind,
            id: id.to_string(),
        }
    }
}

/// A domain error is a broken rule.
macro_rules! rule_broken_from {
    ($($error:ty),+) => {
        $(impl From<$error> for HubError {
            fn from(error: $error) -> Self {
                Self::Rule(error.into())
            }
        })+
    };
}

rule_broken_from!(
    EndingRefusal,
    StageRefusal,
    TooLong,
    IllegalCaseVerb,
    IllegalFacilityVerb,
    IllegalOfferVerb,
    IllegalBreakGlass,
    IllegalPlacementVerb,
    IllegalReconciliationVerb,
    IllegalRegistryVerb,
    IllegalSubjectVerb,
    MissingFields,
    NotRoutable
);

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AuditEntry => "serasi.v1.AuditEntry",
            Self::AuditHead => "serasi.v1.AuditHead",
            Self::BreakGlass => "serasi.v1.BreakGlass",
            Self::Case => "serasi.v1.Case",
            Self::Decision => "serasi.v1.Decision",
            Self::Document => "serasi.v1.Document",
            Self::Facility => "serasi.v1.Facility",
            Self::Offer => "serasi.v1.Offer",
            Self::Person => "serasi.v1.Person",
            Self::Placement => "serasi.v1.Placement",
            Self::Policy => "serasi.v1.Policy",
            Self::Reconciliation => "serasi.v1.Reconciliation",
            Self::Registration => "serasi.v1.Registration",
            Self::SubjectRequest => "serasi.v1.SubjectRequest",
        }
    }
}
