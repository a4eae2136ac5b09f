//! What is owed to somebody who is served and stands in no registry: a report to the dinas that can propose them (P16
//! Ps.35(2)), and its way through deliberation and verification into the registry (P16 Ps.36).

use serasi_geography::{RegionCode, RegionLevel};
use time::{Date, OffsetDateTime};

use super::RegistryCode;
use crate::code::coded;
use crate::id::Regency;

coded! {
    /// Why the registration was refused. Every one of them can be proposed again.
    pub enum RefusalReason {
        /// The village deliberation decided against it (`ditolak_musyawarah`).
        Deliberation = "deliberation",
        /// NIK or name do not match the population registry (`tidak_padan`).
        NotMatched = "not_matched",
        /// Something must be corrected or supplied first (`perbaikan`).
        Correction = "correction",
        /// `meninggal`.
        Deceased = "deceased",
        /// Lives elsewhere now (`pindah`).
        Moved = "moved",
        /// Proposed twice (`ganda`).
        Duplicate = "duplicate",
    }
}

/// The dinas sosial of a regency or province, or for the nation the ministry (P16 Ps.35(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Addressee(RegionCode);

/// A region that has no dinas sosial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("region `{0}` has no dinas sosial: it must be a regency, a province or the nation")]
pub struct NoDinas(RegionCode);

/// That the addressee has got the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub at: OffsetDateTime,
    /// Who acknowledged it, as their token names them.
    pub by: String,
}

/// How far the registration has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ObligationState {
    /// Nobody at the dinas has the report yet; the next addressee up gets it, too, at `answer_before`. `None` = the
    /// ministry has it, and nobody is above.
    Due { answer_before: Option<OffsetDateTime> },
    /// The dinas has it, and has until `answer_before` to propose or refuse; then the next addressee up gets it, too.
    Reported {
        delivery: Delivery,
        answer_before: Option<OffsetDateTime>,
    },
    /// On the list of first proposals.
    Proposed { delivery: Delivery, on: Date },
    /// The village deliberation (musdes/muskel) has decided for it.
    Deliberated { delivery: Delivery, on: Date },
    /// Visited, verified and validated.
    Verified { delivery: Delivery, on: Date },
    /// Stands in the registry, as the dinas says; its key there is kept sealed, beside this.
    Registered { delivery: Delivery, on: Date },
    Refused {
        delivery: Delivery,
        on: Date,
        reason: RefusalReason,
    },
}

/// What is owed to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    pub state: ObligationState,
    /// Where the person must come to stand.
    pub registry: RegistryCode,
    /// Who had to be told first; does not change.
    pub first_addressee: Addressee,
    /// The highest who has been told.
    pub addressee: Addressee,
    pub raised_at: OffsetDateTime,
    /// By when the report must have been taken.
    pub due_at: OffsetDateTime,
    /// How often nobody answered in time.
    pub follow_ups: u32,
    /// 1, and one more each time the person left the registry again.
    pub round: u32,
}

/// An obligation that is to arise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owed {
    pub registry: RegistryCode,
    pub addressee: Addressee,
    pub now: OffsetDateTime,
    pub due_at: OffsetDateTime,
}

impl Addressee {
    /// Who is told first: the dinas of the regency of domicile where it is known, else of the place.
    #[must_use]
    pub fn first(domicile: Option<Regency>, place: Regency) -> Self {
        Self(domicile.unwrap_or(place).code())
    }

    #[must_use]
    pub const fn region(self) -> RegionCode {
        self.0
    }

    /// Whether `scope` is told when this one was told first and `highest` last: it lies on the way up.
    #[must_use]
    pub const fn is_told_up_to(self, highest: Self, scope: RegionCode) -> bool {
        scope.contains(&self.0) && highest.0.contains(&scope)
    }

    /// The next one up: regency, province, ministry. `None` = above the ministry is nobody.
    #[must_use]
    pub fn one_up(self) -> Option<Self> {
        self.0.parent().map(Self)
    }
}

impl TryFrom<RegionCode> for Addressee {
    type Error = NoDinas;

    fn try_from(region: RegionCode) -> Result<Self, Self::Error> {
        match region.level() {
            RegionLevel::Nation | RegionLevel::Province | RegionLevel::Regency => Ok(Self(region)),
            RegionLevel::District | RegionLevel::Village => Err(NoDinas(region)),
        }
    }
}

impl ObligationState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Due { .. } => "due",
            Self::Reported { .. } => "reported",
            Self::Proposed { .. } => "proposed",
            Self::Deliberated { .. } => "deliberated",
            Self::Verified { .. } => "verified",
            Self::Registered { .. } => "registered",
            Self::Refused { .. } => "refused",
        }
    }

    /// Who has got the report, and when.
    #[must_use]
    pub const fn delivery(&self) -> Option<&Delivery> {
        match self {
            Self::Due { .. } => None,
            Self::Reported { delivery, .. }
            | Self::Proposed { delivery, .. }
            | Self::Deliberated { delivery, .. }
            | Self::Verified { delivery, .. }
            | Self::Registered { delivery, .. }
            | Self::Refused { delivery, .. } => Some(delivery),
        }
    }

    /// The same with another time to answer; without effect where nobody is waited for.
    pub(super) const fn wait_until(&mut self, until: Option<OffsetDateTime>) {
        match self {
            Self::Due { answer_before } | Self::Reported { answer_before, .. } => *answer_before = until,
            Self::Proposed { .. }
            | Self::Deliberated { .. }
            | Self::Verified { .. }
            | Self::Registered { .. }
            | Self::Refused { .. } => {}
        }
    }

    /// Until when the addressee has time.
    #[must_use]
    pub const fn answer_before(&self) -> Option<OffsetDateTime> {
        match self {
            Self::Due { answer_before } | Self::Reported { answer_before, .. } => *answer_before,
            Self::Proposed { .. }
            | Self::Deliberated { .. }
            | Self::Verified { .. }
            | Self::Registered { .. }
            | Self::Refused { .. } => None,
        }
    }

    /// The day of the last outcome.
    #[must_use]
    pub const fn on(&self) -> Option<Date> {
        match self {
            Self::Due { .. } | Self::Reported { .. } => None,
            Self::Proposed { on, .. }
            | Self::Deliberated { on, .. }
            | Self::Verified { on, .. }
            | Self::Registered { on, .. }
            | Self::Refused { on, .. } => Some(*on),
        }
    }

    #[must_use]
    pub const fn refusal(&self) -> Option<RefusalReason> {
        match self {
            Self::Refused { reason, .. } => Some(*reason),
            Self::Due { .. }
            | Self::Reported { .. }
            | Self::Proposed { .. }
            | Self::Deliberated { .. }
            | Self::Verified { .. }
            | Self::Registered { .. } => None,
        }
    }
}

impl Obligation {
    /// The first of a person.
    pub(super) const fn raise(owed: Owed) -> Self {
        Self {
            state: ObligationState::Due {
                answer_before: Some(owed.due_at),
            },
            registry: owed.registry,
            first_addressee: owed.addressee,
            addressee: owed.addressee,
            raised_at: owed.now,
            due_at: owed.due_at,
            follow_ups: 0,
            round: 1,
        }
    }

    /// The same once more, from the beginning.
    pub(super) fn raise_again(&self, owed: Owed) -> Self {
        Self {
            round: self.round + 1,
            ..Self::raise(owed)
        }
    }

    /// Whether nobody has taken the report although it is time.
    #[must_use]
    pub fn is_overdue(&self, now: OffsetDateTime) -> bool {
        self.state.delivery().is_none() && self.due_at <= now
    }

    /// Whether the dinas of `scope` has been told: it lies on the way from the first addressee to the highest.
    #[must_use]
    pub fn is_addressed_to(&self, scope: RegionCode) -> bool {
        self.first_addressee.is_told_up_to(self.addressee, scope)
    }
}
