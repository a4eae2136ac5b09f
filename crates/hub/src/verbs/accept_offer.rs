//! AcceptOffer: the facility takes the case; the places stay held until admission.
//!
//! Answers that come in together are taken down together (`together`); one that cannot be, comes here alone.

use serasi_domain::capacity::{CapacityReport, CapacitySource};
use serasi_domain::case::{Case, CaseState, CaseVerb, Stay};
use serasi_domain::id::{OfferId, PlacementId, Regency};
use serasi_domain::placement::{Placement, PlacementState};
use serasi_domain::policy::Policy;
use serasi_domain::registry::Registration;
use serasi_proto::v1;
use serasi_store::capacity::{self, Hold, Purpose, Reported};
use serasi_store::events::{self, Event};
use serasi_store::offers::{self, OfferView};
use serasi_store::registrations::{self, Change};
use serasi_store::{PgConnection, cases, placements};
use serde_json::json;
use time::OffsetDateTime;

use super::open::offer_for_change;
use super::owe::{OWED, owed_for, told, with_followers};
use super::refer::ends;
use super::refuse::must_be_offered;
use crate::auth::Permit;
use crate::clock::Clock;
use crate::error::{HubError, RuleBroken};
use crate::hub::Hub;
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::placement_to_wire;

mod together;

#[derive(Debug)]
pub(crate) struct AcceptOffer {
    pub(crate) offer: OfferId,
    /// Required when the offer holds no places.
    pub(crate) capacity: Option<CapacityReport>,
}

/// An offer that is taken, and what follows from it. Nothing is written yet: versions are those of the rows.
struct Acceptance {
    view: OfferView,
    case: Case,
    /// The state that the case's row has.
    old_state: CaseState,
    placement: Placement,
    owed: Vec<Change>,
}

impl Mutation for AcceptOffer {
    const VERB: &'static str = "AcceptOffer";
    type Response = v1::AcceptOfferResponse;

    fn home(&self) -> Regency {
        self.offer.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let found = offer_for_change(unit, self.offer).await?;
        let policy = unit.policy_of(&found.0).await?;
        let mut accepted = Acceptance::of(found, &policy, (&unit.hub.clock, unit.now))?;
        if !accepted.view.offer.holds_places {
            self.hold_stated_places(unit, &accepted, &policy).await?;
        }
        let served = with_followers(unit, accepted.case.id).await?;
        let people = registrations::of_cases_for_change(&mut unit.conn, &served).await?;
        accepted.owe(people, &unit.hub.policies.active(), (unit.caller, unit.now));
        write(&mut unit.conn, &[&accepted], (&unit.hub.clock, unit.now)).await?;
        unit.audit(self.offer.home(), self.offer).await?;
        Ok(accepted.answer(unit.hub, unit.caller, unit.now))
    }
}

impl AcceptOffer {
    /// Nothing was promised that nobody had stated; now somebody states it.
    async fn hold_stated_places(
        &self,
        unit: &mut Unit<'_>,
        accepted: &Acceptance,
        policy: &Policy,
    ) -> Result<(), HubError> {
        let (case, offer) = (&accepted.case, &accepted.view.offer);
        let report = self.capacity.as_ref().filter(|report| report.key == offer.pool);
        let report = report.ok_or(RuleBroken::CapacityRequired)?;
        let validity = unit.hub.policies.active().capacity_validity();
        let reported = Reported {
            report,
            observed_at: unit.now,
            valid_until: unit.now + validity,
            source: CapacitySource::Facility,
        };
        // A report that is newer than this answer stands; the reservation decides.
        capacity::report(&mut unit.conn, offer.facility, &reported).await?;
        let hold = Hold {
            facility: offer.facility,
            pool: offer.pool,
            case: case.id,
            offer: offer.id,
            places: offer.places,
        };
        let with_overflow = policy.of(case.facts.urgency).uses_overflow;
        if !capacity::reserve(&mut unit.conn, &hold, with_overflow, Purpose::Acceptance).await? {
            return Err(RuleBroken::NoRoomStated.into());
        }
        Ok(capacity::insert_holds(&mut unit.conn, &[hold]).await?)
    }
}

impl Acceptance {
    /// Of a locked case and its offer. `policy` is the one the case follows.
    fn of(
        (case, mut view): (Case, OfferView),
        policy: &Policy,
        (clock, now): (&Clock, OffsetDateTime),
    ) -> Result<Self, HubError> {
        view.offer = view.offer.accept(now)?;
        view.answered_at = Some(now);
        let offer = &view.offer;
        must_be_offered(&case, offer, CaseVerb::Accept)?;
        let admit = policy.of(case.facts.urgency).admit;
        let placement = Placement {
            id: PlacementId::new(case.id.home(), clock.new_id()),
            version: 1,
            state: PlacementState::Reserved,
            case: case.id,
            offer: offer.id,
            facility: offer.facility,
            places: offer.places,
            pool: offer.pool,
            reserved_at: now,
            admit_before: ends(policy, admit, case.facts.place, now),
        };
        let stay = Stay {
            placement: placement.id,
            facility: offer.facility,
        };
        let old_state = case.state.clone();
        Ok(Self {
            case: case.place(stay, placement.admit_before)?,
            old_state,
            view,
            placement,
            owed: vec![],
        })
    }

    /// What is owed to these locked people of the case and of those that follow it, from now on.
    fn owe(&mut self, people: Vec<Registration>, active: &Policy, by: (&Permit, OffsetDateTime)) {
        self.owed = owed_for(&self.case, people, active, by);
    }

    /// What is told of it, in order.
    fn events(&self, clock: &Clock) -> Vec<Event> {
        let (case, offer) = (&self.case, &self.view.offer);
        let event = |subject_id, subject_version, kind, payload| Event {
            id: clock.new_id(),
            home: case.id.home(),
            subject_id,
            subject_version,
            kind,
            payload,
        };
        let payload = json!({
            "offer_id": offer.id, "facility_id": offer.facility, "placement_id": self.placement.id,
        });
        let mut events = vec![event(
            case.id.to_string(),
            case.version + 1,
            "case.placed",
            payload,
        )];
        events.extend(self.owed.iter().map(|change| told(clock, change, OWED)));
        let payload = json!({ "case_id": offer.case, "facility_id": offer.facility });
        events.push(event(
            offer.id.to_string(),
            offer.version + 1,
            "offer.accepted",
            payload,
        ));
        events
    }

    /// What the facility is told when it is written.
    fn answer(mut self, hub: &Hub, caller: &Permit, now: OffsetDateTime) -> v1::AcceptOfferResponse {
        self.case.version += 1;
        self.case.changed_at = now;
        self.view.offer.version += 1;
        v1::AcceptOfferResponse {
            offer: Some(Eyes::new(hub, caller).offer(&self.case, &self.view)),
            placement: Some(placement_to_wire(&self.placement)),
        }
    }
}

/// Writes acceptances of different offers of different cases, and tells them.
async fn write(
    conn: &mut PgConnection,
    accepted: &[&Acceptance],
    (clock, now): (&Clock, OffsetDateTime),
) -> Result<(), HubError> {
    let answered: Vec<_> = accepted.iter().map(|one| &one.view.offer).collect();
    let placed: Vec<_> = accepted.iter().map(|one| &one.placement).collect();
    let cases: Vec<_> = accepted.iter().map(|one| (&one.case, &one.old_state)).collect();
    let owed: Vec<_> = accepted.iter().flat_map(|one| &one.owed).cloned().collect();
    if !offers::update_live(conn, &answered).await? {
        return Err(HubError::Moved);
    }
    placements::insert(conn, &placed).await?;
    if !cases::update(conn, &cases, now).await? || !registrations::write(conn, &owed, None).await? {
        return Err(HubError::Moved);
    }
    let events: Vec<_> = accepted.iter().flat_map(|one| one.events(clock)).collect();
    Ok(events::append(conn, &events).await?)
}
