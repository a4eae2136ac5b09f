//! One facility asked to take one case. At most one offer of a case is live.

use time::{Duration, OffsetDateTime};

use crate::capacity::PoolKey;
use crate::code::coded;
use crate::id::{CaseId, DecisionId, FacilityId, OfferId};
use crate::need::Places;
use crate::person::PartyMember;
use crate::routing::ScopeTier;
use crate::text::Text;

coded! {
    /// Why a facility declines (start from the reject reasons of the NHS Directory of Services, for this domain).
    pub enum DeclineReason {
        Full = "full",
        WrongKind = "wrong_kind",
        NotNow = "not_now",
        NotEligible = "not_eligible",
        Safety = "safety",
        PersonRefused = "person_refused",
        Other = "other",
    }
}

/// A decline with what its reason needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decline {
    pub reason: DeclineReason,
    pub note: Option<Text<500>>,
    /// For `NotNow`: when the facility may be asked again.
    pub retry_at: Option<OffsetDateTime>,
}

/// What a decline does to the directory and to this case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclineEffect {
    /// The pool is corrected to no free place.
    pub corrects_capacity: bool,
    /// Somebody must look at the facility's directory entry.
    pub raises_correction: bool,
    /// Until when this facility is not asked for this case; `None` = for good.
    pub excluded_until: Option<OffsetDateTime>,
}

coded! {
    /// Why an offer is taken back by those who decide where a case goes.
    pub enum WithdrawReason {
        PersonChangedMind = "person_changed_mind",
        SolvedOtherwise = "solved_otherwise",
        WrongFacts = "wrong_facts",
        Safety = "safety",
        Other = "other",
    }
}

/// A withdrawal with what its reason needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    pub reason: WithdrawReason,
    pub note: Option<Text<500>>,
}

/// Where an offer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferState {
    Offered,
    Seen {
        at: OffsetDateTime,
    },
    Accepted {
        at: OffsetDateTime,
    },
    Declined {
        at: OffsetDateTime,
        reason: DeclineReason,
    },
    Expired {
        at: OffsetDateTime,
    },
    Withdrawn {
        at: OffsetDateTime,
        reason: WithdrawReason,
    },
}

/// One facility asked to take one case.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    pub id: OfferId,
    pub version: i64,
    pub state: OfferState,
    pub case: CaseId,
    pub facility: FacilityId,
    pub places: Places,
    pub pool: PoolKey,
    /// False = capacity unknown: asked, nothing held.
    pub holds_places: bool,
    pub tier: ScopeTier,
    pub travel_minutes: u32,
    pub decision: DecisionId,
    /// 1 for the first facility asked for the case.
    pub attempt: i32,
    pub party: Vec<PartyMember>,
    pub offered_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
    pub seen_at: Option<OffsetDateTime>,
}

/// A verb that the offer's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IllegalOfferVerb {
    #[error("the offer is {state} and no longer waits for an answer")]
    NotLive { state: &'static str },
    #[error("the offer expired; the next candidate is being asked")]
    Expired,
}

impl Decline {
    /// The effect of the reason, from `now` on (mission: "each reason has an effect"). A suspected false "full" keeps
    /// the facility from being asked again for `full_parks_for`.
    #[must_use]
    pub fn effect(&self, now: OffsetDateTime, full_parks_for: Duration) -> DeclineEffect {
        let lasting = DeclineEffect {
            corrects_capacity: false,
            raises_correction: false,
            excluded_until: None,
        };
        match self.reason {
            DeclineReason::Full => DeclineEffect {
                corrects_capacity: true,
                excluded_until: Some(now + full_parks_for),
                ..lasting
            },
            DeclineReason::WrongKind => DeclineEffect {
                raises_correction: true,
                ..lasting
            },
            DeclineReason::NotNow => DeclineEffect {
                excluded_until: Some(self.retry_at.unwrap_or(now + full_parks_for)),
                ..lasting
            },
            DeclineReason::NotEligible
            | DeclineReason::Safety
            | DeclineReason::PersonRefused
            | DeclineReason::Other => lasting,
        }
    }
}

impl Withdrawal {
    /// Whether somebody must look at the case before another facility is asked: help has come, or the facts are wrong.
    #[must_use]
    pub const fn needs_the_coordinator(&self) -> bool {
        match self.reason {
            WithdrawReason::SolvedOtherwise | WithdrawReason::WrongFacts => true,
            WithdrawReason::PersonChangedMind | WithdrawReason::Safety | WithdrawReason::Other => false,
        }
    }

    /// Until when the facility, which has refused nothing, is not asked for this case; `None` = for good.
    #[must_use]
    pub fn excluded_until(&self, now: OffsetDateTime, parks_for: Duration) -> Option<OffsetDateTime> {
        match self.reason {
            WithdrawReason::Safety => None,
            WithdrawReason::PersonChangedMind
            | WithdrawReason::SolvedOtherwise
            | WithdrawReason::WrongFacts
            | WithdrawReason::Other => Some(now + parks_for),
        }
    }
}

impl OfferState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Seen { .. } => "seen",
            Self::Accepted { .. } => "accepted",
            Self::Declined { .. } => "declined",
            Self::Expired { .. } => "expired",
            Self::Withdrawn { .. } => "withdrawn",
        }
    }
}

impl Offer {
    /// OFFERED -> SEEN; a second look changes nothing.
    pub fn mark_seen(mut self, now: OffsetDateTime) -> Result<Self, IllegalOfferVerb> {
        self.must_wait_for_an_answer(now)?;
        if self.state == OfferState::Offered {
            self.state = OfferState::Seen { at: now };
            self.seen_at = Some(now);
        }
        Ok(self)
    }

    /// OFFERED or SEEN -> ACCEPTED.
    pub fn accept(mut self, now: OffsetDateTime) -> Result<Self, IllegalOfferVerb> {
        self.must_wait_for_an_answer(now)?;
        self.state = OfferState::Accepted { at: now };
        Ok(self)
    }

    /// OFFERED or SEEN -> DECLINED.
    pub fn decline(mut self, reason: DeclineReason, now: OffsetDateTime) -> Result<Self, IllegalOfferVerb> {
        self.must_wait_for_an_answer(now)?;
        self.state = OfferState::Declined { at: now, reason };
        Ok(self)
    }

    /// OFFERED or SEEN -> WITHDRAWN. The answer's deadline is the facility's: taking back is never too late.
    pub fn withdraw(mut self, reason: WithdrawReason, now: OffsetDateTime) -> Result<Self, IllegalOfferVerb> {
        self.must_be_live()?;
        self.state = OfferState::Withdrawn { at: now, reason };
        Ok(self)
    }

    /// OFFERED or SEEN -> EXPIRED, once the deadline has passed.
    pub fn expire(mut self, now: OffsetDateTime) -> Result<Self, IllegalOfferVerb> {
        self.must_be_live()?;
        if now < self.expires_at {
            return Err(IllegalOfferVerb::NotLive { state: "not yet due" });
        }
        self.state = OfferState::Expired { at: now };
        Ok(self)
    }

    fn must_wait_for_an_answer(&self, now: OffsetDateTime) -> Result<(), IllegalOfferVerb> {
        self.must_be_live()?;
        if now >= self.expires_at {
            Err(IllegalOfferVerb::Expired)
        } else {
            Ok(())
        }
    }

    fn must_be_live(&self) -> Result<(), IllegalOfferVerb> {
        match self.state {
            OfferState::Offered | OfferState::Seen { .. } => Ok(()),
            OfferState::Expired { .. } => Err(IllegalOfferVerb::Expired),
            OfferState::Accepted { .. } | OfferState::Declined { .. } | OfferState::Withdrawn { .. } => {
                Err(IllegalOfferVerb::NotLive {
                    state: self.state.code(),
                })
            }
        }
    }
}
