//! An accepted offer: who lives or is served where.

use time::{Duration, OffsetDateTime};

use crate::capacity::PoolKey;
use crate::code::coded;
use crate::id::{CaseId, FacilityId, OfferId, PlacementId};
use crate::need::Places;
use crate::routing::ExclusionCause;

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

coded! {
    /// Why persons did not come.
    pub enum NoShowReason {
        /// Nobody knows why: somebody must look for them.
        DidNotArrive = "did_not_arrive",
        PersonRefused = "person_refused",
        /// They could not be brought.
        NoTransport = "no_transport",
        Other = "other",
    }
}

coded! {
    /// Why a reserved place is given up before anybody came.
    pub enum CancelReason {
        /// The facility cannot take them after all.
        FacilityCannot = "facility_cannot",
        PersonChangedMind = "person_changed_mind",
        SolvedOtherwise = "solved_otherwise",
        WrongFacts = "wrong_facts",
        Safety = "safety",
        Other = "other",
    }
}

coded! {
    /// Why persons who are served are to go to another facility.
    pub enum TransferReason {
        NeedsOtherService = "needs_other_service",
        NearerToFamily = "nearer_to_family",
        FacilityCannot = "facility_cannot",
        Safety = "safety",
        Other = "other",
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
    /// They never came; the places are free again.
    NoShow {
        at: OffsetDateTime,
        reason: NoShowReason,
    },
    /// Given up before anybody came; the places are free again.
    Cancelled {
        at: OffsetDateTime,
        reason: CancelReason,
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
pub enum IllegalPlacementVerb {
    #[error("a placement in state {state} cannot be {verb}")]
    State { verb: &'static str, state: &'static str },
    #[error("the facility may say so at once; anybody else after the admission deadline, {admit_before}")]
    NotYetDue { admit_before: OffsetDateTime },
}

impl PlacementState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reserved => "reserved",
            Self::Admitted { .. } => "admitted",
            Self::Discharged { .. } => "discharged",
            Self::NoShow { .. } => "no_show",
            Self::Cancelled { .. } => "cancelled",
        }
    }
}

impl NoShowReason {
    /// Whether somebody must look at the case before another facility is asked.
    #[must_use]
    pub const fn needs_the_coordinator(self) -> bool {
        match self {
            Self::DidNotArrive | Self::NoTransport | Self::Other => true,
            Self::PersonRefused => false,
        }
    }

    /// Whether the facility is not asked again for the case.
    #[must_use]
    pub const fn excludes_the_facility(self) -> bool {
        match self {
            Self::PersonRefused => true,
            Self::DidNotArrive | Self::NoTransport | Self::Other => false,
        }
    }
}

impl CancelReason {
    /// Whether somebody must look at the case before another facility is asked: help has come, or the facts are wrong.
    #[must_use]
    pub const fn needs_the_coordinator(self) -> bool {
        match self {
            Self::SolvedOtherwise | Self::WrongFacts => true,
            Self::FacilityCannot | Self::PersonChangedMind | Self::Safety | Self::Other => false,
        }
    }

    /// Why the facility is passed over from now on.
    #[must_use]
    pub const fn cause(self) -> ExclusionCause {
        match self {
            Self::Safety => ExclusionCause::Safety,
            Self::FacilityCannot
            | Self::PersonChangedMind
            | Self::SolvedOtherwise
            | Self::WrongFacts
            | Self::Other => ExclusionCause::Cancelled,
        }
    }

    /// Until when the facility is not asked for this case; `None` = for good.
    #[must_use]
    pub fn excluded_until(self, now: OffsetDateTime, parks_for: Duration) -> Option<OffsetDateTime> {
        match self {
            Self::Safety => None,
            Self::FacilityCannot
            | Self::PersonChangedMind
            | Self::SolvedOtherwise
            | Self::WrongFacts
            | Self::Other => Some(now + parks_for),
        }
    }
}

impl TransferReason {
    /// Why the facility that the persons leave is passed over.
    #[must_use]
    pub const fn cause(self) -> ExclusionCause {
        match self {
            Self::Safety => ExclusionCause::Safety,
            Self::NeedsOtherService | Self::NearerToFamily | Self::FacilityCannot | Self::Other => {
                ExclusionCause::Transfer
            }
        }
    }
}

impl Placement {
    /// RESERVED -> ADMITTED.
    pub fn admit(mut self, now: OffsetDateTime) -> Result<Self, IllegalPlacementVerb> {
        self.must_be_reserved("admitted")?;
        self.state = PlacementState::Admitted { at: now };
        Ok(self)
    }

    /// RESERVED -> NO_SHOW. The facility may say so at once, everybody else after the admission deadline.
    pub fn miss(
        mut self,
        reason: NoShowReason,
        is_said_by_facility: bool,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalPlacementVerb> {
        self.must_be_reserved("marked as no-show")?;
        if !is_said_by_facility && now < self.admit_before {
            let admit_before = self.admit_before;
            return Err(IllegalPlacementVerb::NotYetDue { admit_before });
        }
        self.state = PlacementState::NoShow { at: now, reason };
        Ok(self)
    }

    /// RESERVED -> CANCELLED.
    pub fn cancel(mut self, reason: CancelReason, now: OffsetDateTime) -> Result<Self, IllegalPlacementVerb> {
        self.must_be_reserved("cancelled")?;
        self.state = PlacementState::Cancelled { at: now, reason };
        Ok(self)
    }

    /// ADMITTED -> DISCHARGED.
    pub fn discharge(
        mut self,
        to: DischargeDestination,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalPlacementVerb> {
        let PlacementState::Admitted { at: admitted_at } = self.state else {
            return Err(self.illegal("discharged"));
        };
        let at = now;
        self.state = PlacementState::Discharged { admitted_at, at, to };
        Ok(self)
    }

    fn must_be_reserved(&self, verb: &'static str) -> Result<(), IllegalPlacementVerb> {
        if self.state == PlacementState::Reserved {
            return Ok(());
        }
        Err(self.illegal(verb))
    }

    const fn illegal(&self, verb: &'static str) -> IllegalPlacementVerb {
        IllegalPlacementVerb::State {
            verb,
            state: self.state.code(),
        }
    }
}
