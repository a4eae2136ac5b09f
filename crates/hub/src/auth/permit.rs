//! What the layer hands on: a caller who may call this method, and the row that says to which records.
//!
//! Every handler asks its permit about the record (`find`, `may`) or for the part of a list (`reach`) before it answers;
//! an answer for which nobody has asked is thrown away by the layer. A permit is made in the layer and nowhere else.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serasi_domain::break_glass::BreakGlass;
use serasi_domain::case::{Case, Owner};
use serasi_domain::id::{AuditId, CaseId, FacilityId};
use serasi_domain::offer::Offer;
use serasi_domain::placement::Placement;
use serasi_domain::registry::{Addressee, Reconciliation, Registration};
use serasi_geography::{RegionCode, RegionLevel};
use serasi_store::Context;
use time::OffsetDateTime;
use tokio::sync::OwnedSemaphorePermit;

use super::table::{self, Field, Grant, To};
use super::{Caller, Role, TokenError};
use crate::error::{HubError, Kind};

/// A caller who may call a method.
#[derive(Clone, Debug)]
pub(crate) struct Permit {
    caller: Caller,
    grants: &'static [Grant],
    is_asked: Arc<AtomicBool>,
    /// The call's places in flight, the hub's and the caller's: taken until the last copy is gone, that of the command
    /// included, which no deadline of a client ends.
    places: Vec<Place>,
}

/// A place among the calls in flight; free again when the last copy is dropped.
pub(crate) type Place = Arc<OwnedSemaphorePermit>;

/// What the table asks about a record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Belongs {
    /// Where the person is.
    pub(crate) case_place: Option<RegionCode>,
    /// The coordinator's region, while one owns the case.
    pub(crate) owner: Option<RegionCode>,
    pub(crate) facility: Option<FacilityId>,
    /// Of a case: who has the persons and who expects them, also after somebody else was called.
    pub(crate) houses: [Option<FacilityId>; 2],
    /// Where the facility is, or is to be.
    pub(crate) facility_place: Option<RegionCode>,
    pub(crate) is_own_report: bool,
    pub(crate) houses_local_case: bool,
    /// Who was told first of a report to the dinas, and who last.
    pub(crate) addressed: Option<(Addressee, Addressee)>,
}

/// A record of the table's kinds.
pub(crate) trait Object {
    fn belongs(&self) -> Belongs;
}

/// The part of all records that a list may show: those that one of these reaches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Cases of this region.
    pub(crate) cases: Option<RegionCode>,
    /// Facilities of this region.
    pub(crate) facilities: Option<RegionCode>,
    /// Whatever region the request names must lie in this one.
    pub(crate) stated: Option<RegionCode>,
    pub(crate) own_facility: Option<FacilityId>,
    /// Reports that the dinas of this region has been told of.
    pub(crate) addressed: Option<RegionCode>,
    /// Cases this principal has reported.
    pub(crate) reported_by: Option<String>,
}

impl Permit {
    /// For a caller of `method`, if one of their roles may call it at all.
    pub(super) fn new(method: &str, caller: Caller) -> Result<Self, HubError> {
        let permit = Self {
            grants: table::row(method).unwrap_or_default(),
            ..Self::of(caller)
        };
        if permit.grants_of_mine().next().is_none() {
            return Err(HubError::Forbidden("none of your roles may call this method"));
        }
        let is_for_the_nation = permit.grants_of_mine().all(|(_, to)| *to == To::Nation);
        if is_for_the_nation && permit.scope != RegionCode::NATION {
            return Err(HubError::Forbidden(
                "this method is for tokens whose scope is the nation (ID)",
            ));
        }
        Ok(permit)
    }

    /// For a job of the hub itself, which answers nobody.
    pub(crate) fn job(name: &str) -> Self {
        Self::of(Caller::job(name))
    }

    fn of(caller: Caller) -> Self {
        Self {
            caller,
            grants: &[],
            is_asked: Arc::default(),
            places: vec![],
        }
    }

    /// Keeps these places until the work for the caller has ended.
    pub(super) fn hold(&mut self, places: impl IntoIterator<Item = Place>) {
        self.places.extend(places);
    }

    /// For a stream, which lasts: it takes no place while nothing is done for it.
    pub(super) fn leave_places(&mut self) {
        self.places.clear();
    }

    /// The record, if it is there and the caller may do this to it. One that is hidden is as good as none.
    pub(crate) fn find<T: Object>(
        &self,
        kind: Kind,
        id: impl ToString,
        found: Option<T>,
    ) -> Result<T, HubError> {
        self.is_asked.store(true, Ordering::Relaxed);
        found
            .filter(|record| self.may(record))
            .ok_or_else(|| HubError::not_found(kind, id))
    }

    /// Whether the caller may do this to `record`.
    pub(crate) fn may(&self, record: &impl Object) -> bool {
        self.is_asked.store(true, Ordering::Relaxed);
        self.is_granted(self.grants, &record.belongs())
    }

    /// Whether the caller may see or change `field` of a record that they have found.
    pub(crate) fn may_use(&self, field: Field, record: &impl Object) -> bool {
        self.is_granted(table::field(field), &record.belongs())
    }

    /// What a list may show.
    pub(crate) fn reach(&self) -> Reach {
        self.is_asked.store(true, Ordering::Relaxed);
        let has = |to| self.grants_of_mine().any(|(_, granted)| *granted == to);
        let scope_if = |to| Some(self.caller.scope).filter(|_| has(to));
        Reach {
            cases: scope_if(To::CaseInScope),
            facilities: scope_if(To::FacilityInScope),
            stated: scope_if(To::StatedRegion),
            own_facility: self.caller.facility.filter(|_| has(To::OwnFacility)),
            addressed: scope_if(To::Addressee),
            reported_by: Some(self.caller.principal.clone()).filter(|_| has(To::OwnReport)),
        }
    }

    /// What the database lets a look of this caller see, the part of the table's answer that it can know; `case` = the one
    /// that is looked at. Whoever may see what they have reported sees that case wherever it is.
    pub(crate) fn context(&self, case: Option<CaseId>) -> Context {
        let has = |to| self.grants_of_mine().any(|(_, granted)| *granted == to);
        // Where a safe house is depends on who lives there.
        let mut of_places = table::field(Field::Location).iter();
        let by_residents = of_places.any(|(roles, to)| {
            *to == To::HousesLocalCase && self.caller.has_one_of(roles) && self.is_local()
        });
        let by_region =
            has(To::CaseInScope) || has(To::FacilityInScope) || has(To::StatedRegion) || by_residents;
        Context::Caller {
            scope: Some(self.caller.scope).filter(|_| by_region),
            facility: self.caller.facility.filter(|_| has(To::OwnFacility)),
            case: case.filter(|_| has(To::OwnReport)),
        }
    }

    /// The region in which whatever region the request names must lie.
    pub(crate) fn stated(&self) -> Result<RegionCode, HubError> {
        let stated = self.reach().stated;
        stated.ok_or(HubError::Bug(
            "a handler asks for a region that its row does not grant",
        ))
    }

    /// Whether it matters who reported a case: only then is it looked up.
    pub(crate) fn asks_who_reported(&self) -> bool {
        self.grants_of_mine().any(|(_, to)| *to == To::OwnReport)
    }

    /// Whether the caller is an officer of `facility`.
    pub(crate) fn is_officer_of(&self, facility: FacilityId) -> bool {
        self.caller.has(Role::FacilityOfficer) && self.caller.facility == Some(facility)
    }

    /// The same call was checked when it came first, and gets the answer of then.
    pub(crate) fn was_answered_before(&self) {
        self.is_asked.store(true, Ordering::Relaxed);
    }

    /// For streams, which live longer than a token: whether it is still good at `now`.
    pub(crate) fn still_valid(&self, now: OffsetDateTime) -> Result<(), HubError> {
        match self.caller.expires_at {
            Some(expires_at) if expires_at <= now => Err(TokenError::Invalid.into()),
            Some(_) | None => Ok(()),
        }
    }

    /// Whether the handler may commit and answer: it has asked, or there was nothing to ask.
    pub(crate) fn must_have_been_asked(&self) -> Result<(), HubError> {
        let needs_no_record = |to: &To| matches!(to, To::Anything | To::Nation);
        if self.is_asked.load(Ordering::Relaxed) || self.grants_of_mine().all(|(_, to)| needs_no_record(to)) {
            return Ok(());
        }
        Err(HubError::Bug(
            "a handler answered without asking who may see the record",
        ))
    }

    fn grants_of_mine(&self) -> impl Iterator<Item = &'static Grant> {
        let grants = self.grants.iter();
        grants.filter(|(roles, _)| self.caller.has_one_of(roles))
    }

    fn is_granted(&self, grants: &[Grant], record: &Belongs) -> bool {
        grants
            .iter()
            .any(|(roles, to)| self.caller.has_one_of(roles) && self.is_to(*to, record))
    }

    /// Whether the caller is `to` the record what the table wants.
    fn is_to(&self, to: To, record: &Belongs) -> bool {
        let scope = self.caller.scope;
        let sees = |place: Option<RegionCode>| place.is_some_and(|place| scope.contains(&place));
        match to {
            To::Anything => true,
            To::Nation => scope == RegionCode::NATION,
            // Asked field by field, through `reach`.
            To::StatedRegion => false,
            To::CaseInScope => sees(record.case_place),
            To::OwnedCase => {
                sees(record.case_place) && record.owner.is_some_and(|owner| owner.contains(&scope))
            }
            To::LocalCase => sees(record.case_place) && self.is_local(),
            To::OwnReport => record.is_own_report,
            To::FacilityInScope => sees(record.facility_place),
            To::OwnFacility => {
                let mut facilities = record.houses.into_iter().chain([record.facility]).flatten();
                facilities.any(|id| self.caller.facility == Some(id))
            }
            To::HasThem => {
                let [has_them, _] = record.houses;
                has_them.is_some() && has_them == self.caller.facility
            }
            To::Addressee => record
                .addressed
                .is_some_and(|(first, highest)| first.is_told_up_to(highest, scope)),
            To::HousesLocalCase => record.houses_local_case && self.is_local(),
        }
    }

    fn is_local(&self) -> bool {
        self.caller.scope.level() >= RegionLevel::Regency
    }
}

impl Deref for Permit {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Object for Belongs {
    fn belongs(&self) -> Belongs {
        *self
    }
}

impl Object for Case {
    fn belongs(&self) -> Belongs {
        let (owner, facility) = match self.owner {
            Owner::Coordinator(region) => (Some(region), None),
            Owner::Facility(facility) => (None, Some(facility)),
        };
        Belongs {
            case_place: Some(self.facts.place),
            owner,
            facility,
            houses: [self.state.stay(), self.state.expected_at()].map(|stay| Some(stay?.facility)),
            ..Belongs::default()
        }
    }
}

impl Object for Offer {
    fn belongs(&self) -> Belongs {
        Belongs {
            case_place: Some(self.case.home().code()),
            ..self.facility.belongs()
        }
    }
}

impl Object for Placement {
    fn belongs(&self) -> Belongs {
        Belongs {
            case_place: Some(self.case.home().code()),
            ..self.facility.belongs()
        }
    }
}

impl Object for FacilityId {
    fn belongs(&self) -> Belongs {
        Belongs {
            facility: Some(*self),
            facility_place: Some(self.home().code()),
            ..Belongs::default()
        }
    }
}

impl Object for AuditId {
    /// An entry is where its subject is.
    fn belongs(&self) -> Belongs {
        Belongs {
            case_place: Some(self.home().code()),
            ..Belongs::default()
        }
    }
}

impl Object for BreakGlass {
    fn belongs(&self) -> Belongs {
        Belongs {
            case_place: Some(self.case.home().code()),
            ..Belongs::default()
        }
    }
}

impl Object for Reconciliation {
    /// It is where the persons are at home.
    fn belongs(&self) -> Belongs {
        Belongs {
            case_place: Some(self.scope),
            ..Belongs::default()
        }
    }
}

impl Object for Registration {
    fn belongs(&self) -> Belongs {
        let owed = self.standing.obligation();
        Belongs {
            case_place: Some(self.case.home().code()),
            addressed: owed.map(|owed| (owed.first_addressee, owed.addressee)),
            ..Belongs::default()
        }
    }
}

#[cfg(test)]
mod tests;
