//! AcceptOffer: the facility takes the case; the places stay held until admission.

use serasi_domain::capacity::{CapacityReport, CapacitySource};
use serasi_domain::case::{Case, CaseVerb, Stay};
use serasi_domain::id::{OfferId, PlacementId, Regency};
use serasi_domain::offer::Offer;
use serasi_domain::placement::{Placement, PlacementState};
use serasi_proto::v1;
use serasi_store::capacity::{self, Hold, Purpose, Reported};
use serasi_store::{offers, placements};
use serde_json::json;

use super::open::offer_for_change;
use super::owe::owe_reports;
use super::refer::{deadline, write_case};
use super::refuse::must_be_offered;
use crate::error::{HubError, RuleBroken};
use crate::sight::Eyes;
use crate::unit_of_work::{Mutation, Unit};
use crate::wire::placement_to_wire;

pub(crate) struct AcceptOffer {
    pub(crate) offer: OfferId,
    /// Required when the offer holds no places.
    pub(crate) capacity: Option<CapacityReport>,
}

impl Mutation for AcceptOffer {
    const VERB: &'static str = "AcceptOffer";
    type Response = v1::AcceptOfferResponse;

    fn home(&self) -> Regency {
        self.offer.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let (case, mut view) = offer_for_change(unit, self.offer).await?;
        view.offer = view.offer.accept(unit.now)?;
        must_be_offered(&case, &view.offer, CaseVerb::Accept)?;
        if !offers::update_live(&mut unit.conn, &view.offer).await? {
            return Err(HubError::Moved);
        }
        if !view.offer.holds_places {
            self.hold_stated_places(unit, &case, &view.offer).await?;
        }
        let (case, placement) = self.place(unit, case, &view.offer).await?;
        view.offer.version += 1;
        view.answered_at = Some(unit.now);
        let payload = json!({ "case_id": view.offer.case, "facility_id": view.offer.facility });
        unit.tell(
            self.offer.home(),
            self.offer,
            view.offer.version,
            "offer.accepted",
            payload,
        )
        .await?;
        unit.audit(self.offer.home(), self.offer).await?;
        Ok(v1::AcceptOfferResponse {
            offer: Some(Eyes::new(unit.hub, unit.caller).offer(&case, &view)),
            placement: Some(placement_to_wire(&placement)),
        })
    }
}

impl AcceptOffer {
    /// Nothing was promised that nobody had stated; now somebody states it.
    async fn hold_stated_places(
        &self,
        unit: &mut Unit<'_>,
        case: &Case,
        offer: &Offer,
    ) -> Result<(), HubError> {
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
        let policy = unit.policy_of(case).await?;
        let with_overflow = policy.of(case.facts.urgency).uses_overflow;
        if !capacity::reserve(&mut unit.conn, &hold, with_overflow, Purpose::Acceptance).await? {
            return Err(RuleBroken::NoRoomStated.into());
        }
        Ok(capacity::insert_holds(&mut unit.conn, &[hold]).await?)
    }

    async fn place(
        &self,
        unit: &mut Unit<'_>,
        case: Case,
        offer: &Offer,
    ) -> Result<(Case, Placement), HubError> {
        let policy = unit.policy_of(&case).await?;
        let admit = policy.of(case.facts.urgency).admit;
        let placement = Placement {
            id: PlacementId::new(case.id.home(), unit.new_id()),
            version: 1,
            state: PlacementState::Reserved,
            case: case.id,
            offer: offer.id,
            facility: offer.facility,
            places: offer.places,
            pool: offer.pool,
            reserved_at: unit.now,
            admit_before: deadline(unit, &policy, admit, case.facts.place),
        };
        placements::insert(&mut unit.conn, &placement).await?;
        let old_state = case.state.clone();
        let stay = Stay {
            placement: placement.id,
            facility: offer.facility,
        };
        let case = case.place(stay, placement.admit_before)?;
        let case = write_case(unit, case, &old_state).await?;
        let payload = json!({
            "offer_id": offer.id, "facility_id": offer.facility, "placement_id": placement.id,
        });
        unit.tell(case.id.home(), case.id, case.version, "case.placed", payload)
            .await?;
        owe_reports(unit, &case).await?;
        Ok((case, placement))
    }
}
