//! The model: what every operation must do, or by which reason it must be refused. Where several facilities could be
//! asked it does not say which, but that the one who is asked was allowed and had room, and that nobody was overtaken.

use std::collections::BTreeMap;

use serasi_proto::v1::{DeclineReason, Urgency, WithdrawReason};

use crate::operation::{CaseOperation, Pick};
use crate::seen::{Id, Seen, SeenPool};

/// The shipped policy calls the next coordinator after so many refusals.
const REFUSALS_BEFORE_ESCALATION: i32 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseState {
    Received,
    Triaged,
    /// In the transaction of a search that was just made: where it led, a look tells.
    Searched,
    /// WAITING or NO_CANDIDATE, since this microsecond.
    Waiting(i64),
    Offered,
    Placed,
    InService,
    Aftercare,
    ResolvedDirectly,
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
    pub(crate) state: &'static str,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) id: Id,
    urgency: Urgency,
    places: i32,
    state: CaseState,
    /// How many coordinators up: 0 = regency, 2 = nation.
    level: usize,
    refusals: i32,
    escalations: i32,
    /// Not asked again for this case, not within a run anyway.
    passed_over: [bool; 3],
    pub(crate) offers: Vec<Offer>,
    pub(crate) placement: Option<Placement>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Facility {
    pub(crate) id: Id,
    pub(crate) total: i32,
    pub(crate) occupied: i32,
    pub(crate) overflow: i32,
    pub(crate) shortfall: i32,
    pub(crate) is_active: bool,
}

/// What the hub must answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    Refused(&'static str),
    /// There is nothing it could be done to.
    Idle,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Regency, province, nation.
    pub(crate) coordinators: [String; 3],
    pub(crate) facilities: [Facility; 3],
    pub(crate) cases: Vec<Case>,
}

impl Case {
    pub(crate) fn new(id: Id, urgency: Urgency, places: i32, state: CaseState) -> Self {
        Self {
            id,
            urgency,
            places,
            state,
            level: 0,
            refusals: 0,
            escalations: 0,
            passed_over: [false; 3],
            offers: vec![],
            placement: None,
        }
    }

    /// What must come of `operation`.
    pub(crate) fn verdict(&self, operation: CaseOperation) -> Verdict {
        let allowed_if = |is_allowed, reason| {
            if is_allowed {
                Verdict::Done
            } else {
                Verdict::Refused(reason)
            }
        };
        let can_be_routed = matches!(self.state, CaseState::Triaged | CaseState::Waiting(_));
        let is_offered = self.state == CaseState::Offered;
        let placement = |state| {
            self.placement.map_or(Verdict::Idle, |placement| {
                allowed_if(placement.state == state, "PLACEMENT_STATE")
            })
        };
        match operation {
            CaseOperation::Triage => {
                allowed_if(can_be_routed || self.state == CaseState::Received, "CASE_STATE")
            }
            CaseOperation::Route | CaseOperation::ResolveDirectly => allowed_if(can_be_routed, "CASE_STATE"),
            CaseOperation::MarkSeen
            | CaseOperation::Accept
            | CaseOperation::Decline(_)
            | CaseOperation::Withdraw { .. } => {
                if self.offers.is_empty() {
                    Verdict::Idle
                } else {
                    allowed_if(is_offered, "OFFER_STATE")
                }
            }
            CaseOperation::Expire if is_offered => Verdict::Done,
            CaseOperation::Expire => Verdict::Idle,
            CaseOperation::Admit => placement("reserved"),
            CaseOperation::Discharge => placement("admitted"),
        }
    }

    /// Before others in the queue of waiting cases.
    fn rank(&self, since: i64) -> (u8, i64, Id) {
        let rank = match self.urgency {
            Urgency::Emergency => 0,
            Urgency::Urgent => 1,
            Urgency::Regular | Urgency::Unspecified => 2,
        };
        (rank, since, self.id)
    }

    fn refuse(&mut self) {
        self.refusals += 1;
        if self.refusals % REFUSALS_BEFORE_ESCALATION == 0 {
            self.level = (self.level + 1).min(2);
            self.escalations += 1;
        }
    }

    /// The latest offer came to nothing.
    fn end_offer(&mut self, state: &'static str) -> usize {
        let offer = self.offers.last_mut().unwrap();
        offer.state = state;
        self.passed_over[offer.facility] = true;
        offer.facility
    }
}

impl Model {
    /// The case that an operation is tried on: one that must allow it, if that is asked for, or one to refuse it.
    pub(crate) fn pick(&self, operation: CaseOperation, pick: Pick) -> Option<usize> {
        let among = |fits: fn(Verdict) -> bool| -> Vec<usize> {
            let verdicts = self.cases.iter().map(|case| case.verdict(operation)).enumerate();
            verdicts
                .filter(|(_, verdict)| fits(*verdict))
                .map(|(index, _)| index)
                .collect()
        };
        let mut from = among(|verdict| verdict == Verdict::Done);
        if !pick.fitting || from.is_empty() {
            from = among(|verdict| verdict != Verdict::Idle);
        }
        from.get(pick.number % from.len().max(1)).copied()
    }

    /// Does what is allowed.
    pub(crate) fn act(&mut self, index: usize, operation: CaseOperation) {
        let places = self.cases[index].places;
        let case = &mut self.cases[index];
        match operation {
            CaseOperation::Triage | CaseOperation::Route => case.state = CaseState::Searched,
            CaseOperation::ResolveDirectly => case.state = CaseState::ResolvedDirectly,
            CaseOperation::MarkSeen => case.offers.last_mut().unwrap().state = "seen",
            CaseOperation::Accept => {
                case.offers.last_mut().unwrap().state = "accepted";
                case.state = CaseState::Placed;
            }
            CaseOperation::Decline(reason) => {
                let facility = case.end_offer("declined");
                case.refuse();
                case.state = CaseState::Searched;
                let free = self.free(facility);
                if reason == DeclineReason::Full && free > 0 {
                    self.facilities[facility].occupied += free;
                }
            }
            CaseOperation::Withdraw { reason, route_later } => {
                let route_later = route_later
                    || matches!(
                        reason,
                        WithdrawReason::SolvedOtherwise | WithdrawReason::WrongFacts
                    );
                case.end_offer("withdrawn");
                case.state = if route_later {
                    CaseState::Triaged
                } else {
                    CaseState::Searched
                };
            }
            CaseOperation::Expire => {
                case.end_offer("expired");
                case.refuse();
                case.state = CaseState::Searched;
            }
            CaseOperation::Admit => {
                case.placement.as_mut().unwrap().state = "admitted";
                case.state = CaseState::InService;
                let facility = case.offers.last().unwrap().facility;
                self.facilities[facility].occupied += places;
            }
            CaseOperation::Discharge => {
                case.placement.as_mut().unwrap().state = "discharged";
                case.state = CaseState::Aftercare;
                let facility = &mut self.facilities[case.offers.last().unwrap().facility];
                facility.occupied -= places.min(facility.occupied);
            }
        }
    }

    /// Takes a facility's statement.
    pub(crate) fn report(&mut self, facility: usize, total: i32, occupied: i32, overflow: i32) {
        let held = self.held(facility);
        let facility = &mut self.facilities[facility];
        (facility.total, facility.occupied, facility.overflow) = (total, occupied, overflow);
        facility.shortfall = (occupied + held - total - overflow).max(0);
    }

    fn held(&self, facility: usize) -> i32 {
        let holds = |case: &&Case| {
            let is_there = case.offers.last().is_some_and(|offer| offer.facility == facility);
            is_there && matches!(case.state, CaseState::Offered | CaseState::Placed)
        };
        self.cases.iter().filter(holds).map(|case| case.places).sum()
    }

    fn free(&self, facility: usize) -> i32 {
        let Facility { total, occupied, .. } = self.facilities[facility];
        total - occupied - self.held(facility)
    }

    fn may_take(&self, facility: usize, case: &Case) -> bool {
        let Facility {
            overflow, is_active, ..
        } = self.facilities[facility];
        let extra = if case.urgency == Urgency::Emergency {
            overflow
        } else {
            0
        };
        is_active && !case.passed_over[facility] && self.free(facility) + extra >= case.places
    }

    /// Whether nobody waits for whom somebody could be asked.
    pub(crate) fn is_settled(&self) -> bool {
        self.cases.iter().all(|case| {
            !matches!(case.state, CaseState::Waiting(_))
                || (0..3).all(|facility| !self.may_take(facility, case))
        })
    }

    /// Takes over what searches found: those of the last operation, and those of the hub for cases that wait.
    pub(crate) fn follow(&mut self, seen: &Seen) {
        let open = |case: &&Case| matches!(case.state, CaseState::Searched | CaseState::Waiting(_));
        let mut found: Vec<_> = self
            .cases
            .iter()
            .filter(open)
            .filter_map(|case| seen.cases[&case.id].offer)
            .map(|offer| (seen.offers[&offer].offered_at, offer))
            .collect();
        found.sort_unstable();
        for (_, offer) in found {
            self.offered(offer, seen);
        }
        for case in &mut self.cases {
            let now = &seen.cases[&case.id];
            let waits = matches!(now.state.as_str(), "waiting" | "no_candidate");
            match case.state {
                CaseState::Searched | CaseState::Waiting(_) => {
                    assert!(waits, "{case:?} must wait, but {now:?}");
                    case.state = CaseState::Waiting(now.reported_at);
                }
                CaseState::Placed if case.placement.is_none() => {
                    case.placement = now.placement.map(|id| Placement {
                        id,
                        state: "reserved",
                    });
                }
                CaseState::Received
                | CaseState::Triaged
                | CaseState::Offered
                | CaseState::Placed
                | CaseState::InService
                | CaseState::Aftercare
                | CaseState::ResolvedDirectly => {}
            }
        }
    }

    fn offered(&mut self, offer: Id, seen: &Seen) {
        let made = &seen.offers[&offer];
        let of_facility = |facility: &Facility| facility.id == made.facility;
        let facility = self.facilities.iter().position(of_facility).unwrap();
        let index = self.cases.iter().position(|case| case.id == made.case).unwrap();
        let case = &self.cases[index];
        assert!(self.may_take(facility, case), "{made:?} of {case:?} in {self:#?}");
        assert_eq!(made.attempt, i32::try_from(case.offers.len()).unwrap() + 1);
        if let CaseState::Waiting(since) = case.state {
            let overtaken = self.cases.iter().find(|other| {
                let CaseState::Waiting(waits_since) = other.state else {
                    return false;
                };
                seen.cases[&other.id].offer.is_none()
                    && other.rank(waits_since) < case.rank(since)
                    && self.may_take(facility, other)
            });
            assert!(overtaken.is_none(), "{case:?} overtook {overtaken:?}");
        }
        let case = &mut self.cases[index];
        case.state = CaseState::Offered;
        case.offers.push(Offer {
            id: offer,
            facility,
            state: "offered",
        });
    }

    /// Everything that is seen is what the model says.
    pub(crate) fn must_equal(&self, seen: &Seen) {
        assert_eq!(seen.cases.len(), self.cases.len());
        for case in &self.cases {
            let now = &seen.cases[&case.id];
            let states: &[&str] = match case.state {
                CaseState::Received => &["received"],
                CaseState::Triaged => &["triaged"],
                CaseState::Searched => &[],
                CaseState::Waiting(_) => &["waiting", "no_candidate"],
                CaseState::Offered => &["offered"],
                CaseState::Placed => &["placed"],
                CaseState::InService => &["in_service"],
                CaseState::Aftercare => &["aftercare"],
                CaseState::ResolvedDirectly => &["resolved_directly"],
            };
            assert!(states.contains(&now.state.as_str()), "{case:?} is {now:?}");
            assert_eq!(
                (now.refusals, now.escalations),
                (case.refusals, case.escalations),
                "{case:?}"
            );
            let owner = case.placement.map_or_else(
                || self.coordinators[case.level].clone(),
                |placement| seen.placements[&placement.id].facility.0.to_string(),
            );
            assert!(now.owner.ends_with(&owner), "{case:?} is owned by {}", now.owner);
            let offers = seen.offers.values().filter(|offer| offer.case == case.id);
            assert_eq!(offers.count(), case.offers.len(), "{case:?}");
            for offer in &case.offers {
                assert_eq!(seen.offers[&offer.id].state, offer.state, "{offer:?}");
            }
            if let Some(placement) = case.placement {
                let now = &seen.placements[&placement.id];
                assert_eq!(now.state, placement.state);
                assert_eq!((now.case, now.offer), (case.id, case.offers.last().unwrap().id));
            }
        }
        assert_eq!(seen.pools, self.pools());
    }

    fn pools(&self) -> BTreeMap<Id, SeenPool> {
        let pool = |(index, facility): (usize, &Facility)| {
            let pool = SeenPool {
                total: facility.total,
                occupied: facility.occupied,
                held: self.held(index),
                free: self.free(index),
                overflow: facility.overflow,
                shortfall: facility.shortfall,
            };
            (facility.id, pool)
        };
        self.facilities.iter().enumerate().map(pool).collect()
    }
}
