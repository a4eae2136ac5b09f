//! One case in the model: what it allows, and what an operation makes of it.

use serasi_proto::v1::{
    CancelReason, CloseReason, DischargeDestination, NoShowReason, Urgency, WithdrawReason,
};

use crate::operation::CaseOperation;
use crate::seen::Id;

/// The shipped policy calls the next coordinator after so many refusals.
const REFUSALS_BEFORE_ESCALATION: i32 = 3;
/// Steps of work on the stages until only additions are left.
pub(crate) const LAST_STEP: usize = 6;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseState {
    Received,
    Triaged,
    /// In the transaction of a search that was just made: where it led, a look tells.
    Searched,
    /// WAITING or NO_CANDIDATE.
    Waiting,
    Offered,
    Placed,
    InService(Transfer),
    Aftercare,
    Closed(CloseReason),
    ResolvedDirectly,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transfer {
    None,
    Searched,
    Waiting,
    Offered,
    Accepted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// How many coordinators up: 0 = regency, 2 = nation.
    Coordinator(usize),
    Facility(usize),
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub(crate) id: Id,
    pub(crate) facility: usize,
    pub(crate) state: &'static str,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Placement {
    pub(crate) id: Id,
    pub(crate) offer: Id,
    pub(crate) facility: usize,
    pub(crate) state: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: Id,
    pub(crate) urgency: Urgency,
    pub(crate) places: i32,
    pub(crate) state: CaseState,
    pub(crate) owner: Owner,
    pub(crate) refusals: i32,
    pub(crate) escalations: i32,
    /// Not asked again for this case, not within a run anyway.
    pub(crate) passed_over: [bool; 3],
    pub(crate) offers: Vec<Offer>,
    pub(crate) placements: Vec<Placement>,
    /// Microseconds; known at the first look.
    pub(crate) reported_at: i64,
    pub(crate) knows_cluster: bool,
    /// How far the work on the stages has come.
    pub(crate) work: usize,
    /// What it was before it followed another case.
    pub(crate) before_link: Option<(CaseState, Owner)>,
    pub(crate) follows: Option<Id>,
}

impl Case {
    pub(crate) fn new(id: Id, urgency: Urgency, places: i32, state: CaseState) -> Self {
        Self {
            id,
            urgency,
            places,
            state,
            owner: Owner::Coordinator(0),
            refusals: 0,
            escalations: 0,
            passed_over: [false; 3],
            offers: vec![],
            placements: vec![],
            reported_at: 0,
            knows_cluster: state != CaseState::Received,
            work: 0,
            before_link: None,
            follows: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        !matches!(self.state, CaseState::Closed(_) | CaseState::ResolvedDirectly)
    }

    pub(crate) fn is_served(&self) -> bool {
        matches!(self.state, CaseState::InService(_))
    }

    /// In the queue for a place, or just searched for.
    pub(crate) fn seeks(&self) -> bool {
        matches!(
            self.state,
            CaseState::Searched
                | CaseState::Waiting
                | CaseState::InService(Transfer::Searched | Transfer::Waiting)
        )
    }

    pub(crate) fn waits(&self) -> bool {
        matches!(
            self.state,
            CaseState::Waiting | CaseState::InService(Transfer::Waiting)
        )
    }

    pub(super) fn is_asked(&self) -> bool {
        matches!(
            self.state,
            CaseState::Offered | CaseState::InService(Transfer::Offered)
        )
    }

    /// Whether its latest offer holds places.
    pub(crate) fn holds_places(&self) -> bool {
        self.is_asked()
            || matches!(
                self.state,
                CaseState::Placed | CaseState::InService(Transfer::Accepted)
            )
    }

    /// Where the persons are.
    pub(crate) fn admitted(&mut self) -> Option<&mut Placement> {
        self.placements
            .iter_mut()
            .find(|placement| placement.state == "admitted")
    }

    pub(super) fn in_state(&self, state: &str) -> Option<&Placement> {
        self.placements.iter().find(|placement| placement.state == state)
    }

    /// The placement that an operation is done to: the one it fits, or the latest, to be refused.
    pub(crate) fn placement_for(&self, operation: CaseOperation) -> Option<&Placement> {
        let wanted = if matches!(operation, CaseOperation::Discharge(_)) {
            "admitted"
        } else {
            "reserved"
        };
        self.in_state(wanted).or(self.placements.last())
    }

    /// Before others in the queue of those that wait.
    pub(crate) fn rank(&self) -> (u8, i64, Id) {
        let rank = match self.urgency {
            Urgency::Emergency => 0,
            Urgency::Urgent => 1,
            Urgency::Regular | Urgency::Unspecified => 2,
        };
        (rank, self.reported_at, self.id)
    }

    pub(crate) fn refuse(&mut self) {
        self.refusals += 1;
        if !self.is_served() && self.refusals % REFUSALS_BEFORE_ESCALATION == 0 {
            self.escalate();
        }
        self.search();
    }

    pub(crate) fn escalate(&mut self) {
        self.owner = match self.owner {
            Owner::Coordinator(level) => Owner::Coordinator((level + 1).min(2)),
            Owner::Facility(_) => Owner::Coordinator(0),
        };
        self.escalations += 1;
    }

    pub(crate) fn search(&mut self) {
        self.state = if self.is_served() {
            CaseState::InService(Transfer::Searched)
        } else {
            CaseState::Searched
        };
    }

    /// The latest offer came to nothing.
    pub(crate) fn end_offer(&mut self, state: &'static str) -> usize {
        let offer = self.offers.last_mut().unwrap();
        offer.state = state;
        self.passed_over[offer.facility] = true;
        offer.facility
    }

    pub(crate) fn withdraw(&mut self, reason: WithdrawReason, route_later: bool) {
        self.end_offer("withdrawn");
        let is_settled = matches!(
            reason,
            WithdrawReason::SolvedOtherwise | WithdrawReason::WrongFacts
        );
        if !route_later && !is_settled {
            self.search();
        } else if self.is_served() {
            self.stay_here();
        } else {
            self.state = CaseState::Triaged;
        }
    }

    /// The persons go nowhere after all.
    fn stay_here(&mut self) {
        let here = self.admitted().unwrap().facility;
        self.passed_over[here] = false;
        self.state = CaseState::InService(Transfer::None);
    }

    /// The reserved place is given up; `goes_on` = the next one is asked.
    fn lose_place(&mut self, state: &'static str, excludes: bool, goes_on: bool) {
        let reserved = self
            .placements
            .iter_mut()
            .find(|placement| placement.state == "reserved");
        let reserved = reserved.unwrap();
        reserved.state = state;
        self.passed_over[reserved.facility] |= excludes;
        if self.is_served() {
            self.stay_here();
            self.owner = Owner::Facility(self.admitted().unwrap().facility);
        } else {
            self.owner = Owner::Coordinator(0);
            self.state = CaseState::Triaged;
            if goes_on {
                self.search();
            }
        }
    }

    pub(crate) fn miss(&mut self, reason: NoShowReason) {
        let refused = reason == NoShowReason::PersonRefused;
        self.lose_place("no_show", refused, refused);
    }

    pub(crate) fn cancel(&mut self, reason: CancelReason) {
        let is_settled = matches!(reason, CancelReason::SolvedOtherwise | CancelReason::WrongFacts);
        self.lose_place("cancelled", true, !is_settled);
    }

    pub(crate) fn request_transfer(&mut self) {
        if self.state == CaseState::InService(Transfer::None) {
            let here = self.admitted().unwrap().facility;
            self.passed_over[here] = true;
            self.search();
        }
    }

    /// Whatever was taken elsewhere is given back.
    pub(crate) fn end_transfer(&mut self) {
        match self.state {
            CaseState::InService(Transfer::Offered) => {
                self.end_offer("withdrawn");
                self.stay_here();
            }
            CaseState::InService(Transfer::Accepted) => self.lose_place("cancelled", false, false),
            CaseState::InService(Transfer::Waiting | Transfer::Searched) => self.stay_here(),
            CaseState::InService(Transfer::None)
            | CaseState::Received
            | CaseState::Triaged
            | CaseState::Searched
            | CaseState::Waiting
            | CaseState::Offered
            | CaseState::Placed
            | CaseState::Aftercare
            | CaseState::Closed(_)
            | CaseState::ResolvedDirectly => {}
        }
    }

    /// Gives the facility that the persons have left.
    pub(crate) fn discharge(&mut self, to: DischargeDestination) -> usize {
        let is_expected = self.state == CaseState::InService(Transfer::Accepted);
        let travels = is_expected && to == DischargeDestination::OtherFacility;
        if !travels {
            self.end_transfer();
        }
        let left = self.admitted().unwrap();
        left.state = "discharged";
        let left = left.facility;
        if travels {
            self.state = CaseState::Placed;
        } else if to == DischargeDestination::Death {
            self.state = CaseState::Closed(CloseReason::Died);
        } else {
            self.state = CaseState::Aftercare;
            self.owner = Owner::Facility(left);
        }
        left
    }

    /// Gives the facility that the persons have left, if they came from one.
    pub(crate) fn admit(&mut self) -> Option<usize> {
        let left = self.admitted().map(|left| {
            left.state = "discharged";
            left.facility
        });
        let reserved = self
            .placements
            .iter_mut()
            .find(|placement| placement.state == "reserved");
        let arrived = reserved.unwrap();
        arrived.state = "admitted";
        self.owner = Owner::Facility(arrived.facility);
        self.state = CaseState::InService(Transfer::None);
        left
    }

    /// Does the next thing for the stages. Who signs or goes on has the case back.
    pub(crate) fn work_on(&mut self) {
        let is_step = matches!(self.work, 1 | 2 | 5);
        self.work = (self.work + 1).min(LAST_STEP);
        let serves = match self.state {
            CaseState::InService(
                Transfer::None | Transfer::Searched | Transfer::Waiting | Transfer::Offered,
            ) => self.in_state("admitted"),
            CaseState::Aftercare => self
                .placements
                .iter()
                .rev()
                .find(|left| left.state == "discharged"),
            CaseState::InService(Transfer::Accepted)
            | CaseState::Received
            | CaseState::Triaged
            | CaseState::Searched
            | CaseState::Waiting
            | CaseState::Offered
            | CaseState::Placed
            | CaseState::Closed(_)
            | CaseState::ResolvedDirectly => None,
        };
        if let Some(serves) = serves.filter(|_| is_step) {
            self.owner = Owner::Facility(serves.facility);
        }
    }

    pub(crate) fn accept(&mut self) {
        let offer = self.offers.last_mut().unwrap();
        offer.state = "accepted";
        self.owner = Owner::Facility(offer.facility);
        self.state = if self.is_served() {
            CaseState::InService(Transfer::Accepted)
        } else {
            CaseState::Placed
        };
    }

    pub(crate) fn reopen(&mut self) {
        self.state = if self.knows_cluster {
            CaseState::Triaged
        } else {
            CaseState::Received
        };
        self.owner = Owner::Coordinator(0);
        self.work = 0;
    }
}
