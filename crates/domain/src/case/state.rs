//! Where a case stands, and what may be done to it there: the whole state machine, as one table.

use time::OffsetDateTime;

use super::ending::CloseReason;
use crate::code::coded;
use crate::id::{FacilityId, OfferId, PlacementId};
use crate::regulation::Article;

/// Where the persons are, or are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stay {
    pub placement: PlacementId,
    pub facility: FacilityId,
}

/// The search for another facility while the persons stay where they are: one chain, whose sender keeps case and place
/// until somebody accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transfer {
    /// Nobody can be asked now.
    Waiting {
        since: OffsetDateTime,
    },
    Offered {
        offer: OfferId,
    },
    /// A place is reserved there; the one here ends when it is taken.
    Accepted {
        next: Stay,
    },
}

/// Where a case stands, with what belongs to that state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CaseState {
    Received,
    Triaged,
    Offered { offer: OfferId },
    Waiting { since: OffsetDateTime },
    NoCandidate { since: OffsetDateTime },
    Placed { stay: Stay },
    InService { stay: Stay, transfer: Option<Transfer> },
    Aftercare { stay: Stay },
    Closed { reason: CloseReason, at: OffsetDateTime },
    ResolvedDirectly { at: OffsetDateTime },
}

coded! {
    /// What a client may do to a case.
    pub enum CaseVerb {
        Triage = "TriageCase",
        Route = "RouteCase",
        ResolveDirectly = "ResolveDirectly",
        Accept = "AcceptOffer",
        Decline = "DeclineOffer",
        Withdraw = "WithdrawOffer",
        Admit = "AdmitPlacement",
        MarkNoShow = "MarkNoShow",
        CancelPlacement = "CancelPlacement",
        Discharge = "DischargePlacement",
        RequestTransfer = "RequestTransfer",
        CancelTransfer = "CancelTransfer",
        RecordAssessment = "RecordAssessment",
        RecordPlan = "RecordPlan",
        RecordConference = "RecordConference",
        RecordService = "RecordService",
        RecordIndicators = "RecordIndicators",
        SignOffStage = "SignOffStage",
        AdvanceStage = "AdvanceStage",
        StartAftercare = "StartAftercare",
        Close = "CloseCase",
        Reopen = "ReopenCase",
        Link = "LinkCases",
        Unlink = "UnlinkCases",
    }
}

use CaseVerb as Verb;

const UNKNOWN: &[Verb] = &[Verb::Triage, Verb::Close, Verb::Link];
const SEEKING: &[Verb] = &[
    Verb::Triage,
    Verb::Route,
    Verb::ResolveDirectly,
    Verb::Close,
    Verb::Link,
];
const ASKED: &[Verb] = &[Verb::Accept, Verb::Decline, Verb::Withdraw];
const EXPECTED: &[Verb] = &[
    Verb::Admit,
    Verb::MarkNoShow,
    Verb::CancelPlacement,
    Verb::RecordAssessment,
    Verb::RecordPlan,
    Verb::RecordConference,
    Verb::SignOffStage,
    Verb::AdvanceStage,
];
/// What can be done to the stages while somebody is served.
macro_rules! served {
    ($($more:ident),*) => {
        &[
            $(Verb::$more,)*
            Verb::Discharge,
            Verb::RequestTransfer,
            Verb::RecordAssessment,
            Verb::RecordPlan,
            Verb::RecordConference,
            Verb::RecordService,
            Verb::RecordIndicators,
            Verb::SignOffStage,
            Verb::AdvanceStage,
            Verb::StartAftercare,
        ]
    };
}
const SERVED: &[Verb] = served!();
const SERVED_AND_SEEKING: &[Verb] = served!(CancelTransfer);
const SERVED_AND_ASKED: &[Verb] = served!(Accept, Decline, Withdraw, CancelTransfer);
const SERVED_AND_EXPECTED: &[Verb] = served!(Admit, MarkNoShow, CancelPlacement, CancelTransfer);
const AFTER: &[Verb] = &[
    Verb::RecordAssessment,
    Verb::RecordPlan,
    Verb::RecordConference,
    Verb::RecordService,
    Verb::RecordIndicators,
    Verb::SignOffStage,
    Verb::AdvanceStage,
    Verb::StartAftercare,
    Verb::Close,
];

impl CaseState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Triaged => "triaged",
            Self::Offered { .. } => "offered",
            Self::Waiting { .. } => "waiting",
            Self::NoCandidate { .. } => "no_candidate",
            Self::Placed { .. } => "placed",
            Self::InService { .. } => "in_service",
            Self::Aftercare { .. } => "aftercare",
            Self::Closed { .. } => "closed",
            Self::ResolvedDirectly { .. } => "resolved_directly",
        }
    }

    /// Verbs the state allows. A second request for a transfer changes nothing: it is shown the first.
    #[must_use]
    pub const fn allowed_verbs(&self) -> &'static [CaseVerb] {
        match self {
            Self::Received => UNKNOWN,
            Self::Triaged | Self::Waiting { .. } | Self::NoCandidate { .. } => SEEKING,
            Self::Offered { .. } => ASKED,
            Self::Placed { .. } => EXPECTED,
            Self::InService { transfer, .. } => match transfer {
                None => SERVED,
                Some(Transfer::Waiting { .. }) => SERVED_AND_SEEKING,
                Some(Transfer::Offered { .. }) => SERVED_AND_ASKED,
                Some(Transfer::Accepted { .. }) => SERVED_AND_EXPECTED,
            },
            Self::Aftercare { .. } => AFTER,
            Self::Closed { reason, .. } => match reason {
                CloseReason::Linked => &[Verb::Unlink],
                CloseReason::Completed
                | CloseReason::ReferredOut
                | CloseReason::PersonDeclined
                | CloseReason::LostContact
                | CloseReason::Died
                | CloseReason::Unfounded
                | CloseReason::Other => &[Verb::Reopen],
            },
            Self::ResolvedDirectly { .. } => &[Verb::Reopen],
        }
    }

    /// Whether somebody still has to act.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self {
            Self::Closed { .. } | Self::ResolvedDirectly { .. } => false,
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::Placed { .. }
            | Self::InService { .. }
            | Self::Aftercare { .. } => true,
        }
    }

    /// Whether somebody has been found for the persons, or they were helped directly (P16 Ps.35(2)).
    #[must_use]
    pub const fn is_served(&self) -> bool {
        match self {
            Self::Placed { .. }
            | Self::InService { .. }
            | Self::Aftercare { .. }
            | Self::ResolvedDirectly { .. } => true,
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::Closed { .. } => false,
        }
    }

    /// Where the persons are or are expected.
    #[must_use]
    pub const fn stay(&self) -> Option<Stay> {
        match self {
            Self::Placed { stay } | Self::InService { stay, .. } | Self::Aftercare { stay } => Some(*stay),
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::Closed { .. }
            | Self::ResolvedDirectly { .. } => None,
        }
    }

    #[must_use]
    pub const fn transfer(&self) -> Option<Transfer> {
        match self {
            Self::InService { transfer, .. } => *transfer,
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::Placed { .. }
            | Self::Aftercare { .. }
            | Self::Closed { .. }
            | Self::ResolvedDirectly { .. } => None,
        }
    }

    /// Since when the case seeks a facility and nobody is being asked.
    #[must_use]
    pub const fn seeks_since(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Waiting { since }
            | Self::NoCandidate { since }
            | Self::InService {
                transfer: Some(Transfer::Waiting { since }),
                ..
            } => Some(*since),
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Placed { .. }
            | Self::InService { .. }
            | Self::Aftercare { .. }
            | Self::Closed { .. }
            | Self::ResolvedDirectly { .. } => None,
        }
    }

    /// The offer that waits for an answer.
    #[must_use]
    pub const fn live_offer(&self) -> Option<OfferId> {
        match self {
            Self::Offered { offer }
            | Self::InService {
                transfer: Some(Transfer::Offered { offer }),
                ..
            } => Some(*offer),
            Self::Received
            | Self::Triaged
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::Placed { .. }
            | Self::InService { .. }
            | Self::Aftercare { .. }
            | Self::Closed { .. }
            | Self::ResolvedDirectly { .. } => None,
        }
    }

    /// Where the persons are expected: the place that is reserved for them.
    #[must_use]
    pub const fn expected_at(&self) -> Option<Stay> {
        match self {
            Self::Placed { stay } => Some(*stay),
            Self::InService {
                transfer: Some(Transfer::Accepted { next }),
                ..
            } => Some(*next),
            Self::Received
            | Self::Triaged
            | Self::Offered { .. }
            | Self::Waiting { .. }
            | Self::NoCandidate { .. }
            | Self::InService { .. }
            | Self::Aftercare { .. }
            | Self::Closed { .. }
            | Self::ResolvedDirectly { .. } => None,
        }
    }
}

impl CaseVerb {
    /// The article that orders the steps this verb belongs to.
    pub(super) const fn article(self) -> Article {
        match self {
            Self::Triage => Article::P16Ps19,
            Self::Route
            | Self::Accept
            | Self::Decline
            | Self::Withdraw
            | Self::MarkNoShow
            | Self::CancelPlacement
            | Self::RequestTransfer
            | Self::CancelTransfer
            | Self::Link
            | Self::Unlink => Article::P16Ps31,
            Self::ResolveDirectly => Article::P16Ps1No8,
            Self::Admit
            | Self::Discharge
            | Self::RecordAssessment
            | Self::RecordPlan
            | Self::RecordConference
            | Self::RecordService
            | Self::RecordIndicators
            | Self::SignOffStage
            | Self::AdvanceStage => Article::P16Ps18,
            Self::StartAftercare | Self::Close | Self::Reopen => Article::P16Ps25,
        }
    }
}
