//! CreateFacility: adds a facility to the directory, once per source key.

use serasi_domain::facility::{Facility, FacilityProfile, FacilityState};
use serasi_domain::id::{FacilityId, Regency};
use serasi_proto::v1;
use serasi_store::source_keys::{self, Claim, Subject};
use serasi_store::{capacity, facilities};
use serde_json::json;

use crate::error::{HubError, Kind};
use crate::sight::show_facility;
use crate::unit_of_work::{Mutation, Unit};

pub(crate) struct CreateFacility {
    pub(crate) profile: FacilityProfile,
    pub(crate) home: Regency,
}

impl Mutation for CreateFacility {
    const VERB: &'static str = "CreateFacility";
    type Response = v1::CreateFacilityResponse;

    fn home(&self) -> Regency {
        self.home
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Self::Response, HubError> {
        let id = FacilityId::new(self.home, unit.new_id());
        let claim = Claim {
            key: &self.profile.source,
            home: self.home,
            id: id.uuid(),
        };
        if source_keys::claim(&mut unit.conn, Subject::Facility, &[claim])
            .await?
            .is_empty()
        {
            return self.known_already(unit).await;
        }
        let facility = Facility {
            id,
            version: 1,
            state: FacilityState::Active,
            profile: self.profile.clone(),
            created_at: unit.now,
            changed_at: unit.now,
        };
        facilities::insert(&mut unit.conn, &facility).await?;
        unit.tell(self.home, id, 1, "facility.created", json!({})).await?;
        unit.audit(self.home, id).await?;
        Ok(v1::CreateFacilityResponse {
            facility: Some(show_facility(&mut unit.conn, unit.caller, &facility, &[]).await?),
        })
    }
}

impl CreateFacility {
    async fn known_already(&self, unit: &mut Unit<'_>) -> Result<v1::CreateFacilityResponse, HubError> {
        let gone = || HubError::Bug("a claimed source key leads nowhere");
        let found = source_keys::find(&mut unit.conn, Subject::Facility, &self.profile.source).await?;
        let (home, uuid) = found.ok_or_else(gone)?;
        let id = FacilityId::new(home, uuid);
        let facility = facilities::get(&mut unit.conn, id).await?.ok_or_else(gone)?;
        let sent = self.profile.clone().keeping_location_of(&facility.profile);
        let differences = facility.profile.differences(&sent);
        if !differences.is_empty() {
            return Err(HubError::Exists {
                kind: Kind::Facility,
                id: id.to_string(),
                differences: Some(differences),
            });
        }
        let pools = capacity::of_facility(&mut unit.conn, id).await?;
        Ok(v1::CreateFacilityResponse {
            facility: Some(show_facility(&mut unit.conn, unit.caller, &facility, &pools).await?),
        })
    }
}
