//! The model: what every operation must do, or by which reason it must be refused. Where several facilities could be
//! asked it does not say which, but that the one who is asked was allowed and had room, and that nobody was overtaken.

use std::collections::BTreeMap;

use serasi_proto::v1::{CloseReason, DeclineReason, Urgency};

use crate::operation::{CaseOperation, Pick};
use crate::seen::{Id, Seen, SeenPool};

#[path = "model/case.rs"]
mod case;
#[path = "model/verdict.rs"]
mod verdict;

pub(crate) use case::{Case, CaseState, LAST_STEP, Owner};
use case::{Offer, Placement, Transfer};
pub(crate) use verdict::Verdict;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Facility {
    pub(crate) id: Id,
    pub(crate) total: i32,
    pub(crate) occupied: i32,
    pub(crate) overflow: i32,
    pub(crate) shortfall: i32,
    pub(crate) is_active: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Model {
    /// Regency, province, nation.
    pub(crate) coordinators: [String; 3],
    pub(crate) facilities: [Facility; 3],
    pub(crate) cases: Vec<Case>,
}

impl Model {
    /// What must come of `operation`.
    pub(crate) fn verdict(&self, index: usize, operation: CaseOperation) -> Verdict {
        let case = &self.cases[index];
        match operation {
            CaseOperation::Link => self.may_link(index),
            CaseOperation::Unlink => match case.before_link {
                Some(_) => Verdict::Done,
                None => Verdict::Refused("CASE_STATE"),
            },
            CaseOperation::Triage
            | CaseOperation::Route
            | CaseOperation::ResolveDirectly
            | CaseOperation::MarkSeen
            | CaseOperation::Accept
            | CaseOperation::Decline(_)
            | CaseOperation::Withdraw { .. }
            | CaseOperation::Expire
            | CaseOperation::Admit
            | CaseOperation::NoShow(_)
            | CaseOperation::Cancel(_)
            | CaseOperation::Discharge(_)
            | CaseOperation::RequestTransfer
            | CaseOperation::CancelTransfer
            | CaseOperation::Work
            | CaseOperation::Close(_)
            | CaseOperation::Reopen
            | CaseOperation::Overdue => case.verdict(operation),
        }
    }

    /// The case that `index` would follow: the first other one.
    pub(crate) fn main_for(&self, index: usize) -> Option<&Case> {
        self.cases
            .iter()
            .enumerate()
            .find(|(other, _)| *other != index)
            .map(|(_, case)| case)
    }

    fn may_link(&self, index: usize) -> Verdict {
        let case = &self.cases[index];
        let Some(main) = self.main_for(index) else {
            return Verdict::Idle;
        };
        match case.state {
            CaseState::Received | CaseState::Triaged => {
                let is_followed = self.cases.iter().any(|other| other.follows == Some(case.id));
                Verdict::done_if(main.is_open() && !is_followed, "LINK_REFUSED")
            }
            // Back in the queue it would be served at some later time, which a run does not wait for.
            CaseState::Waiting => Verdict::Idle,
            CaseState::Searched
            | CaseState::Offered
            | CaseState::Placed
            | CaseState::InService(_)
            | CaseState::Aftercare
            | CaseState::Closed(_)
            | CaseState::ResolvedDirectly => Verdict::Refused("CASE_STATE"),
        }
    }

    /// The case that an operation is tried on: one that must allow it, if that is asked for, or one to refuse it.
    pub(crate) fn pick(&self, operation: CaseOperation, pick: Pick) -> Option<usize> {
        let among = |fits: fn(Verdict) -> bool| -> Vec<usize> {
            (0..self.cases.len())
                .filter(|index| fits(self.verdict(*index, operation)))
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
        let main = self.main_for(index).map(|main| main.id);
        let places = self.cases[index].places;
        let case = &mut self.cases[index];
        match operation {
            CaseOperation::Triage => {
                case.knows_cluster = true;
                case.search();
            }
            CaseOperation::Route => case.search(),
            CaseOperation::ResolveDirectly => case.state = CaseState::ResolvedDirectly,
            CaseOperation::MarkSeen => case.offers.last_mut().unwrap().state = "seen",
            CaseOperation::Accept => case.accept(),
            CaseOperation::Decline(reason) => {
                let facility = case.end_offer("declined");
                case.refuse();
                let free = self.free(facility);
                if reason == DeclineReason::Full && free > 0 {
                    self.facilities[facility].occupied += free;
                }
            }
            CaseOperation::Withdraw { reason, route_later } => case.withdraw(reason, route_later),
            CaseOperation::Expire => {
                case.end_offer("expired");
                case.refuse();
            }
            CaseOperation::Admit => {
                let left = case.admit();
                let arrived = case.admitted().unwrap().facility;
                self.facilities[arrived].occupied += places;
                if let Some(left) = left {
                    self.vacate(left, places);
                }
            }
            CaseOperation::NoShow(reason) => case.miss(reason),
            CaseOperation::Cancel(reason) => case.cancel(reason),
            CaseOperation::Discharge(to) => {
                let left = case.discharge(to);
                self.vacate(left, places);
            }
            CaseOperation::RequestTransfer => case.request_transfer(),
            CaseOperation::CancelTransfer => case.end_transfer(),
            CaseOperation::Work => case.work_on(),
            CaseOperation::Close(reason) => case.state = CaseState::Closed(reason),
            CaseOperation::Reopen => case.reopen(),
            CaseOperation::Overdue => case.escalate(),
            CaseOperation::Link => {
                case.before_link = Some((case.state, case.owner));
                case.follows = main;
                case.state = CaseState::Closed(CloseReason::Linked);
            }
            CaseOperation::Unlink => {
                (case.state, case.owner) = case.before_link.take().unwrap();
                case.follows = None;
            }
        }
    }

    fn vacate(&mut self, facility: usize, places: i32) {
        let facility = &mut self.facilities[facility];
        facility.occupied -= places.min(facility.occupied);
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
            is_there && case.holds_places()
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
        self.cases
            .iter()
            .all(|case| !case.waits() || (0..3).all(|facility| !self.may_take(facility, case)))
    }

    /// Takes over what searches found: those of the last operation, and those of the hub for cases that wait.
    pub(crate) fn follow(&mut self, seen: &Seen) {
        let mut found: Vec<_> = self
            .cases
            .iter()
            .filter(|case| case.seeks())
            .filter_map(|case| seen.cases[&case.id].live_offer())
            .map(|offer| (seen.offers[&offer].offered_at, offer))
            .collect();
        found.sort_unstable();
        for (_, offer) in found {
            self.offered(offer, seen);
        }
        for case in &mut self.cases {
            let now = &seen.cases[&case.id];
            case.reported_at = now.reported_at;
            if case.seeks() {
                let waits = matches!(now.state.as_str(), "waiting" | "no_candidate") || now.transfer_waits;
                assert!(waits, "{case:?} must wait, but {now:?}");
                case.state = if case.is_served() {
                    CaseState::InService(Transfer::Waiting)
                } else {
                    CaseState::Waiting
                };
            }
            let reserved = if case.is_served() {
                now.transfer_placement
            } else {
                now.placement
            };
            let is_new = |id: &Id| case.placements.iter().all(|known| known.id != *id);
            if let Some(id) = reserved.filter(is_new) {
                let offer = case.offers.last().unwrap();
                case.placements.push(Placement {
                    id,
                    offer: offer.id,
                    facility: offer.facility,
                    state: "reserved",
                });
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
        if case.waits() {
            let overtaken = self.cases.iter().find(|other| {
                other.waits()
                    && seen.cases[&other.id].live_offer().is_none()
                    && other.rank() < case.rank()
                    && self.may_take(facility, other)
            });
            assert!(overtaken.is_none(), "{case:?} overtook {overtaken:?}");
        }
        let case = &mut self.cases[index];
        case.state = if case.is_served() {
            CaseState::InService(Transfer::Offered)
        } else {
            CaseState::Offered
        };
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
                CaseState::Waiting => &["waiting", "no_candidate"],
                CaseState::Offered => &["offered"],
                CaseState::Placed => &["placed"],
                CaseState::InService(_) => &["in_service"],
                CaseState::Aftercare => &["aftercare"],
                CaseState::Closed(_) => &["closed"],
                CaseState::ResolvedDirectly => &["resolved_directly"],
            };
            assert!(states.contains(&now.state.as_str()), "{case:?} is {now:?}");
            assert_eq!(
                (now.refusals, now.escalations),
                (case.refusals, case.escalations),
                "{case:?}"
            );
            let (kind, owner) = match case.owner {
                Owner::Coordinator(level) => ("coordinator", self.coordinators[level].clone()),
                Owner::Facility(facility) => ("facility", self.facilities[facility].id.0.to_string()),
            };
            assert_eq!(now.owner_kind, kind, "{case:?}");
            assert!(now.owner.ends_with(&owner), "{case:?} is owned by {}", now.owner);
            let offers = seen.offers.values().filter(|offer| offer.case == case.id);
            assert_eq!(offers.count(), case.offers.len(), "{case:?}");
            for offer in &case.offers {
                assert_eq!(seen.offers[&offer.id].state, offer.state, "{offer:?}");
            }
            let placements = seen
                .placements
                .values()
                .filter(|placement| placement.case == case.id);
            assert_eq!(placements.count(), case.placements.len(), "{case:?}");
            for placement in &case.placements {
                let now = &seen.placements[&placement.id];
                assert_eq!(now.state, placement.state, "{case:?}");
                let facility = self.facilities[placement.facility].id;
                assert_eq!((now.offer, now.facility), (placement.offer, facility));
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
