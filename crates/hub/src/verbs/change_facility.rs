//! UpdateFacility, SuspendFacility, ResumeFacility, CloseFacility: one record, one next version.

use serasi_domain::facility::{Facility, FacilityProfile};
use serasi_domain::id::{FacilityId, Regency};
use serasi_domain::text::Text;
use serasi_proto::v1;
use serasi_store::{capacity, facilities};
use serde_json::json;
use time::OffsetDateTime;

use super::open::facility_for_change;
use crate::auth::Field;
use crate::error::{HubError, RuleBroken};
use crate::sight::show_facility;
use crate::unit_of_work::{Mutation, Unit};

/// Replaces the description.
pub(crate) struct UpdateFacility {
    pub(crate) facility: FacilityId,
    pub(crate) version: i64,
    pub(crate) profile: FacilityProfile,
}

/// ACTIVE -> SUSPENDED.
pub(crate) struct SuspendFacility {
    pub(crate) facility: FacilityId,
    pub(crate) version: i64,
    pub(crate) reason: Text<500>,
    pub(crate) until: Option<OffsetDateTime>,
}

/// SUSPENDED -> ACTIVE.
pub(crate) struct ResumeFacility {
    pub(crate) facility: FacilityId,
    pub(crate) version: i64,
}

/// ACTIVE or SUSPENDED -> CLOSED.
pub(crate) struct CloseFacility {
    pub(crate) facility: FacilityId,
    pub(crate) version: i64,
    pub(crate) reason: Text<500>,
}

impl Mutation for UpdateFacility {
    const VERB: &'static str = "UpdateFacility";
    type Response = v1::UpdateFacilityResponse;

    fn home(&self) -> Regency {
        self.facility.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut facility = facility_for_change(unit, self.facility, self.version).await?;
        facility.state.update()?;
        let profile = self.profile.clone().keeping_location_of(&facility.profile);
        let licence = facility.profile.differences(&profile);
        let touches_licence = licence
            .iter()
            .any(|field| FacilityProfile::LICENCE_FIELDS.contains(field));
        if touches_licence && !unit.caller.may_use(Field::Licence, &self.facility) {
            return Err(HubError::Forbidden(
                "what a facility is licensed for (kind, clusters, working area, supervision, partnership) and whether its \
                 place is a secret are changed by the coordinator or administrator",
            ));
        }
        // The key in the list it comes from is how it was found; it stays.
        let source = facility.profile.source;
        facility.profile = FacilityProfile { source, ..profile };
        let facility = write(unit, facility, "facility.updated").await?;
        Ok(v1::UpdateFacilityResponse {
            facility: Some(facility),
        })
    }
}

impl Mutation for SuspendFacility {
    const VERB: &'static str = "SuspendFacility";
    type Response = v1::SuspendFacilityResponse;

    fn home(&self) -> Regency {
        self.facility.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut facility = facility_for_change(unit, self.facility, self.version).await?;
        facility.state = facility
            .state
            .suspend(self.reason.clone(), self.until, unit.now)?;
        let facility = write(unit, facility, "facility.suspended").await?;
        Ok(v1::SuspendFacilityResponse {
            facility: Some(facility),
        })
    }
}

impl Mutation for ResumeFacility {
    const VERB: &'static str = "ResumeFacility";
    type Response = v1::ResumeFacilityResponse;

    fn home(&self) -> Regency {
        self.facility.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut facility = facility_for_change(unit, self.facility, self.version).await?;
        facility.state = facility.state.resume()?;
        let facility = write(unit, facility, "facility.resumed").await?;
        Ok(v1::ResumeFacilityResponse {
            facility: Some(facility),
        })
    }
}

impl Mutation for CloseFacility {
    const VERB: &'static str = "CloseFacility";
    type Response = v1::CloseFacilityResponse;

    fn home(&self) -> Regency {
        self.facility.home()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let mut facility = facility_for_change(unit, self.facility, self.version).await?;
        facility.state = facility.state.close(self.reason.clone())?;
        if capacity::is_in_use(&mut unit.conn, self.facility).await? {
            return Err(RuleBroken::FacilityInUse.into());
        }
        let facility = write(unit, facility, "facility.closed").await?;
        Ok(v1::CloseFacilityResponse {
            facility: Some(facility),
        })
    }
}

async fn write(
    unit: &mut Unit<'_>,
    mut facility: Facility,
    event: &'static str,
) -> Result<v1::Facility, HubError> {
    if !facilities::update(&mut unit.conn, &facility, unit.now).await? {
        return Err(HubError::Moved);
    }
    facility.version += 1;
    facility.changed_at = unit.now;
    let home = facility.id.home();
    unit.tell(home, facility.id, facility.version, event, json!({}))
        .await?;
    unit.audit(home, facility.id).await?;
    let pools = capacity::of_facility(&mut unit.conn, facility.id).await?;
    Ok(show_facility(&mut unit.conn, unit.caller, &facility, &pools).await?)
}
