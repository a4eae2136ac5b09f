//! What this caller sees of a record they have found: the table says what they are to it, the domain what that shows.

use std::sync::Arc;

use serasi_domain::capacity::Pool;
use serasi_domain::case::{Case, Owner};
use serasi_domain::directory::Directory;
use serasi_domain::facility::Facility;
use serasi_domain::id::{DecisionId, FacilityId};
use serasi_domain::need_to_know::{Sight, Standing, travel_to_hidden};
use serasi_domain::offer::OfferState;
use serasi_domain::routing::Decision;
use serasi_geography::{RegionCode, RegionLevel};
use serasi_proto::v1;
use serasi_store::offers::OfferView;
use serasi_store::{PgConnection, StoreError, placements};

use crate::auth::{Belongs, Field, Object, Permit};
use crate::hub::Hub;
use crate::wire::{case_to_wire, decision_to_wire, facility_to_wire, glimpse_to_wire, offer_to_wire};

/// One caller's eyes, with the directory of this moment.
pub(crate) struct Eyes<'p> {
    permit: &'p Permit,
    directory: Arc<Directory>,
    /// Has just told where the case is: that cannot be hidden from them.
    knows_place: bool,
}

impl<'p> Eyes<'p> {
    pub(crate) fn new(hub: &Hub, permit: &'p Permit) -> Self {
        Self {
            permit,
            directory: hub.board.snapshot().directory,
            knows_place: false,
        }
    }

    /// Of whoever sends the report that is being answered.
    pub(crate) fn of_reporter(hub: &Hub, permit: &'p Permit) -> Self {
        Self {
            knows_place: true,
            ..Self::new(hub, permit)
        }
    }

    /// How much of a case, as long as no glass is broken.
    pub(crate) fn of_case(&self, case: &Case) -> Sight {
        let standing = if self.permit.may_use(Field::Identity, case) {
            Standing::Assigned
        } else {
            Standing::Onlooker
        };
        Sight::of(standing, &case.facts)
    }

    pub(crate) fn case(&self, case: &Case) -> v1::Case {
        self.case_as(self.of_case(case), case)
    }

    /// A case, with as much of it as `sight` shows.
    pub(crate) fn case_as(&self, sight: Sight, case: &Case) -> v1::Case {
        let mut shown = case_to_wire(case, sight);
        // The key of its own record is what a system knows the case by.
        if self.permit.system.as_deref() == Some(case.source.system_name()) {
            case.source.system_name().clone_into(&mut shown.source_system);
            case.source.reference().clone_into(&mut shown.source_ref);
        }
        shown
    }

    /// That a case is there. Which house took a person who must not be known is not told.
    pub(crate) fn glimpse(&self, case: &Case) -> v1::CaseGlimpse {
        let owner = if self.of_case(case).is_whole() {
            case.owner
        } else {
            Owner::Coordinator(case.id.home().code())
        };
        glimpse_to_wire(case, owner)
    }

    pub(crate) fn offer(&self, case: &Case, view: &OfferView) -> v1::Offer {
        self.offer_as(self.of_offer(case, view), case, view)
    }

    /// An offer for `case`, with as much of the people as `sight` shows.
    pub(crate) fn offer_as(&self, sight: Sight, case: &Case, view: &OfferView) -> v1::Offer {
        let mut offer = offer_to_wire(view, &case.facts, sight);
        if self.permit.is_officer_of(view.offer.facility) {
            // That somebody would be in danger there is not for those to know who may be the danger; a reason that is
            // missing only then would tell it.
            offer.withdraw_reason = 0;
        } else if self.hides_way(sight, view.offer.facility) {
            let minutes = travel_to_hidden(view.offer.travel_minutes);
            offer.travel_minutes = i32::try_from(minutes).unwrap_or(i32::MAX);
        }
        offer
    }

    /// A decision on `case`; without `id` a preview.
    pub(crate) fn decision(&self, id: Option<DecisionId>, case: &Case, decision: Decision) -> v1::Decision {
        decision_to_wire(id, case.id, &self.seen(case, decision))
    }

    /// A decision as it is shown.
    pub(crate) fn seen(&self, case: &Case, decision: Decision) -> Decision {
        let sight = self.of_case(case);
        let decision = decision.without_travel_to(|facility| self.hides_way(sight, facility));
        if sight.is_whole() {
            decision
        } else {
            decision.without_exclusions()
        }
    }

    fn of_offer(&self, case: &Case, view: &OfferView) -> Sight {
        let of_case = self.of_case(case);
        if self.permit.may_use(Field::Identity, case) || !self.permit.is_officer_of(view.offer.facility) {
            return of_case;
        }
        let standing = match view.offer.state {
            OfferState::Offered | OfferState::Seen { .. } => Standing::Asked,
            OfferState::Accepted { .. }
            | OfferState::Declined { .. }
            | OfferState::Expired { .. }
            | OfferState::Withdrawn { .. } => Standing::AskedBefore,
        };
        Sight::of(standing, &case.facts)
    }

    /// Whether the way from a case to a facility is told in hours only: its minutes, to many houses or from many
    /// villages, would find the end of it that is a secret.
    fn hides_way(&self, sight: Sight, facility: FacilityId) -> bool {
        !sight.is_whole() && !self.knows_place || self.hides_location(facility)
    }

    /// Whether the place of a facility is a secret for this caller. Who works on a case there asks for the facility.
    pub(crate) fn hides_location(&self, id: FacilityId) -> bool {
        let entry = self.directory.entry(id);
        entry.is_some_and(|entry| hides_location(self.permit, &entry.facility))
    }
}

/// Whether the place of `facility` is a secret for this caller, whoever may live there.
pub(crate) fn hides_location(permit: &Permit, facility: &Facility) -> bool {
    facility.profile.hides_location() && !permit.may_use(Field::Location, &facility.id)
}

/// A facility as this caller sees it, with `pools` where they were read.
pub(crate) async fn show_facility(
    conn: &mut PgConnection,
    permit: &Permit,
    facility: &Facility,
    pools: &[Pool],
) -> Result<v1::Facility, StoreError> {
    let with_people = Belongs {
        houses_local_case: true,
        ..facility.id.belongs()
    };
    let shows_location = !hides_location(permit, facility)
        || permit.may_use(Field::Location, &with_people)
            && placements::houses_people_from(conn, facility.id, permit.scope).await?;
    Ok(facility_to_wire(facility, pools, shows_location))
}

/// A list of which some rows may be hidden because the region asked for is so small that their being there would tell
/// where they are. A short page must not tell it either: more rows are looked at than are shown.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VeiledList {
    page_size: i64,
    is_precise: bool,
}

impl VeiledList {
    /// Rows looked at for one page.
    const LOOKED_AT: i64 = 1_000;

    /// A list of what lies `within`.
    pub(crate) fn new(within: Option<RegionCode>, page_size: i64) -> Self {
        let is_precise = within.is_some_and(|within| within.level() > RegionLevel::Regency);
        Self {
            page_size,
            is_precise,
        }
    }

    /// Rows to read.
    pub(crate) const fn limit(self) -> i64 {
        if self.is_precise {
            Self::LOOKED_AT
        } else {
            self.page_size
        }
    }

    /// The page, and the row after which the next one begins.
    pub(crate) fn page<T: Clone>(
        self,
        mut found: Vec<T>,
        is_hidden: impl Fn(&T) -> bool,
    ) -> (Vec<T>, Option<T>) {
        let has_length = |rows: &[T], length: i64| i64::try_from(rows.len()).is_ok_and(|rows| rows >= length);
        let last_read = found.last().filter(|_| has_length(&found, self.limit())).cloned();
        if !self.is_precise {
            return (found, last_read);
        }
        found.retain(|row| !is_hidden(row));
        if !has_length(&found, self.page_size + 1) {
            return (found, last_read);
        }
        found.truncate(usize::try_from(self.page_size).unwrap_or(0));
        let last_shown = found.last().cloned();
        (found, last_shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_a_small_region_does_not_tell_that_something_was_left_out() {
        let village = Some("32.73.01.1001".parse().unwrap());
        let odd = |row: &i32| row % 2 == 1;
        assert_eq!(VeiledList::new(village, 1).page(vec![1], odd), (vec![], None));
        assert_eq!(
            VeiledList::new(village, 2).page(vec![1, 2, 3, 4, 6], odd),
            (vec![2, 4], Some(4))
        );
        let many: Vec<i32> = (0..1_000).map(|row| 2 * row + 1).collect();
        assert_eq!(
            VeiledList::new(village, 2).page(many, odd),
            (vec![], Some(1_999)),
            "bounded: the next page goes on"
        );
    }

    #[test]
    fn a_page_of_a_regency_shows_all_it_has_read() {
        let regency = Some("32.73".parse().unwrap());
        let list = VeiledList::new(regency, 2);
        assert_eq!(list.limit(), 2);
        assert_eq!(list.page(vec![1, 3], |_| true), (vec![1, 3], Some(3)));
        assert_eq!(list.page(vec![1], |_| true), (vec![1], None));
    }
}
