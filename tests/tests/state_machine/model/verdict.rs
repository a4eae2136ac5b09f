//! What a case must allow, and by which reason it must refuse the rest.

use serasi_proto::v1::CloseReason;

use super::case::{Case, CaseState, Transfer};
use crate::operation::CaseOperation;

/// What the hub must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    Refused(&'static str),
    /// There is nothing it could be done to.
    Idle,
}

impl Verdict {
    pub(super) fn done_if(is_allowed: bool, reason: &'static str) -> Self {
        if is_allowed {
            Self::Done
        } else {
            Self::Refused(reason)
        }
    }
}

impl Case {
    /// What must come of `operation`, which concerns this case alone.
    pub(crate) fn verdict(&self, operation: CaseOperation) -> Verdict {
        let seeks_a_place = matches!(self.state, CaseState::Triaged | CaseState::Waiting);
        let is_new = seeks_a_place || self.state == CaseState::Received;
        let is_cared_for = self.is_served() || matches!(self.state, CaseState::Placed | CaseState::Aftercare);
        let placement = |state: &str| match self.placements.last() {
            None => Verdict::Idle,
            Some(_) => Verdict::done_if(self.in_state(state).is_some(), "PLACEMENT_STATE"),
        };
        match operation {
            CaseOperation::Triage => Verdict::done_if(is_new, "CASE_STATE"),
            CaseOperation::Route | CaseOperation::ResolveDirectly => {
                Verdict::done_if(seeks_a_place, "CASE_STATE")
            }
            CaseOperation::MarkSeen
            | CaseOperation::Accept
            | CaseOperation::Decline(_)
            | CaseOperation::Withdraw { .. } => match self.offers.last() {
                None => Verdict::Idle,
                Some(_) => Verdict::done_if(self.is_asked(), "OFFER_STATE"),
            },
            CaseOperation::Expire if self.is_asked() => Verdict::Done,
            CaseOperation::Admit | CaseOperation::NoShow(_) | CaseOperation::Cancel(_) => {
                placement("reserved")
            }
            CaseOperation::Discharge(_) => placement("admitted"),
            CaseOperation::RequestTransfer => Verdict::done_if(self.is_served(), "CASE_STATE"),
            CaseOperation::CancelTransfer => {
                let is_under_way = self.is_served() && self.state != CaseState::InService(Transfer::None);
                Verdict::done_if(is_under_way, "CASE_STATE")
            }
            CaseOperation::Work => Verdict::done_if(is_cared_for, "CASE_STATE"),
            CaseOperation::Close(reason) => self.may_close(reason, is_new),
            CaseOperation::Reopen => {
                let is_linked = self.state == CaseState::Closed(CloseReason::Linked);
                Verdict::done_if(!self.is_open() && !is_linked, "CASE_STATE")
            }
            CaseOperation::Overdue if self.is_open() && self.state != CaseState::Offered => Verdict::Done,
            CaseOperation::Expire | CaseOperation::Overdue | CaseOperation::Link | CaseOperation::Unlink => {
                Verdict::Idle
            }
        }
    }

    fn may_close(&self, reason: CloseReason, is_new: bool) -> Verdict {
        let is_after = self.state == CaseState::Aftercare;
        if !is_new && !is_after {
            return Verdict::Refused("CASE_STATE");
        }
        match reason {
            CloseReason::Completed if is_after => Verdict::Refused("NOT_TERMINATED"),
            CloseReason::Unfounded if !is_after => Verdict::Done,
            CloseReason::Completed | CloseReason::Unfounded | CloseReason::Linked => {
                Verdict::Refused("CLOSE_REASON")
            }
            CloseReason::Unspecified
            | CloseReason::ReferredOut
            | CloseReason::PersonDeclined
            | CloseReason::LostContact
            | CloseReason::Died
            | CloseReason::Other => Verdict::Done,
        }
    }
}
