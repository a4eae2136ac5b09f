//! An accepted offer: who lives or is served where.

use time::OffsetDateTime;

use crate::capacity::PoolKey;
use crate::code::coded;
use crate::id::{CaseId, FacilityId, OfferId, PlacementId};
use crate::need::Places;

coded! {
    /// Where the persons went after discharge.
    pub enum DischargeDestination {
        Family = "family",
        OtherFacility = "other_facility",
        Independent = "independent",
        Death = "death",
        Left = "left",
    }
}

/// Where a placement stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacementState {
    /// The places are held until admission.
    Reserved,
    /// The places are occupied.
    Admitted { at: OffsetDateTime },
    /// The places are free again.
    Discharged {
        admitted_at: OffsetDateTime,
        at: OffsetDateTime,
        to: DischargeDestination,
    },
}

/// An accepted offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    pub id: PlacementId,
    pub version: i64,
    pub state: PlacementState,
    pub case: CaseId,
    pub offer: OfferId,
    pub facility: FacilityId,
    pub places: Places,
    pub pool: PoolKey,
    pub reserved_at: OffsetDateTime,
    pub admit_before: OffsetDateTime,
}

/// A verb that the placement's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a placement in state {state} cannot be {verb}")]
pub struct IllegalPlacementVerb {
    pub verb: &'static str,
    pub state: &'static str,
}

impl PlacementState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Admitted { .. } => "admitted",
            Self::Discharged { .. } => "discharged",
        }
    }
}

impl Placement {
    /// RESERVED -> ADMITTED.
    pub fn admit(mut self, now: OffsetDateTime) -> Result<Self, IllegalPlacementVerb> {
        self.state = match self.state {
            PlacementState::Reserved => PlacementState::Admitted { at: now },
            PlacementState::Admitted { .. } | PlacementState::Discharged { .. } => {
                return Err(IllegalPlacementVerb {
                    verb: "admitted",
                    state: self.state.code(),
                });
            }
        };
        Ok(self)
    }

    /// ADMITTED -> DISCHARGED.
    pub fn discharge(
        mut self,
        to: DischargeDestination,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalPlacementVerb> {
        self.state = match self.state {
            PlacementState::Admitted { at } => PlacementState::Discharged {
                admitted_at: at,
                at: now,
                to,
            },
            PlacementState::Reserved | PlacementState::Discharged { .. } => {
                return Err(IllegalPlacementVerb {
                    verb: "discharged",
                    state: self.state.code(),
                });
            }
        };
        Ok(self)
    }
}
