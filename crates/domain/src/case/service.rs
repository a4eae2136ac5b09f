//! From acceptance to the end of the service: a place is taken, given up, changed or left.

use time::OffsetDateTime;

use super::ending::CloseReason;
use super::{Case, CaseState, CaseVerb, IllegalCaseVerb, Owner, Stay, Transfer};
use crate::placement::DischargeDestination;

impl Case {
    /// OFFERED -> PLACED; the facility answers for the case from now on. IN_SERVICE with an offer to another facility:
    /// that one answers from now on, and the persons stay until they are admitted there.
    pub fn place(mut self, next: Stay, admit_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Accept)?;
        self.state = if let CaseState::InService { stay, .. } = self.state {
            CaseState::InService {
                stay,
                transfer: Some(Transfer::Accepted { next }),
            }
        } else {
            CaseState::Placed { stay: next }
        };
        self.owner = Owner::Facility(next.facility);
        self.set_step(admit_before);
        Ok(self)
    }

    /// PLACED -> IN_SERVICE; or the persons arrive at the facility they are transferred to.
    pub fn admit(mut self, review_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Admit)?;
        if let Some(stay) = self.state.expected_at() {
            self.state = CaseState::InService { stay, transfer: None };
            self.owner = Owner::Facility(stay.facility);
        }
        self.set_step(review_before);
        Ok(self)
    }

    /// A reserved place is given up (`verb` = MarkNoShow or CancelPlacement). PLACED -> TRIAGED, with the coordinator of
    /// its home; in a transfer the sender has the case back.
    pub fn lose_place(mut self, verb: CaseVerb, act_before: OffsetDateTime) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(verb)?;
        if let CaseState::InService { stay, .. } = self.state {
            self.state = CaseState::InService { stay, transfer: None };
            self.owner = Owner::Facility(stay.facility);
        } else {
            self.state = CaseState::Triaged;
            self.owner = self.coordinator();
        }
        self.set_step(act_before);
        Ok(self)
    }

    /// IN_SERVICE: another facility is looked for; the sender keeps case and place until somebody accepts. `None` = one is
    /// looked for already.
    pub fn request_transfer(mut self, now: OffsetDateTime) -> Result<Option<Self>, IllegalCaseVerb> {
        self.must_allow(CaseVerb::RequestTransfer)?;
        let CaseState::InService { stay, transfer: None } = self.state else {
            return Ok(None);
        };
        let transfer = Some(Transfer::Waiting { since: now });
        self.state = CaseState::InService { stay, transfer };
        Ok(Some(self))
    }

    /// IN_SERVICE: nobody is looked for any more. An accepted transfer ends by [`Self::lose_place`].
    #[must_use]
    pub fn end_transfer(mut self) -> Self {
        if let CaseState::InService { stay, .. } = self.state {
            self.state = CaseState::InService { stay, transfer: None };
        }
        self
    }

    /// IN_SERVICE -> AFTERCARE; -> CLOSED when the person died; -> PLACED when they are on the way to a facility that has
    /// accepted them.
    pub fn discharge(
        mut self,
        to: DischargeDestination,
        act_before: OffsetDateTime,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalCaseVerb> {
        self.must_allow(CaseVerb::Discharge)?;
        let CaseState::InService { stay, transfer } = self.state else {
            return Ok(self);
        };
        match (to, transfer) {
            (DischargeDestination::Death, _) => self.end(CaseState::Closed {
                reason: CloseReason::Died,
                at: now,
            }),
            (DischargeDestination::OtherFacility, Some(Transfer::Accepted { next })) => {
                self.state = CaseState::Placed { stay: next };
                self.set_step(act_before);
            }
            (
                DischargeDestination::Family
                | DischargeDestination::OtherFacility
                | DischargeDestination::Independent
                | DischargeDestination::Left,
                None | Some(Transfer::Waiting { .. } | Transfer::Offered { .. } | Transfer::Accepted { .. }),
            ) => {
                self.state = CaseState::Aftercare { stay };
                self.owner = Owner::Facility(stay.facility);
                self.set_step(act_before);
            }
        }
        Ok(self)
    }

    /// Something was done for the stages: who serves the persons answers again, and the next thing is due at `step`.
    #[must_use]
    pub fn worked_on(mut self, step: OffsetDateTime) -> Self {
        match self.state {
            // The clock of an admission runs on, whatever is written meanwhile.
            CaseState::Placed { .. }
            | CaseState::InService {
                transfer: Some(Transfer::Accepted { .. }),
                ..
            }
            | CaseState::Received
            | CaseState::Triaged
            | CaseState::Offered { .. }
            | CaseState::Waiting { .. }
            | CaseState::NoCandidate { .. }
            | CaseState::Closed { .. }
            | CaseState::ResolvedDirectly { .. } => {}
            CaseState::InService { stay, .. } | CaseState::Aftercare { stay } => {
                self.owner = Owner::Facility(stay.facility);
                self.set_step(step);
            }
        }
        self
    }
}
