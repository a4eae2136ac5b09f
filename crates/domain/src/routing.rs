//! Who is asked: filter -> rank, in the manner of a scheduler (reserve and offer follow in the store).
//!
//! A pure function of the case's facts, a directory snapshot, a policy and the time: the same inputs give the same
//! bytes. Requirements exclude, preferences order; each is one file in `rules/`.

use std::cell::OnceCell;

use serasi_geography::{Reach, RegionCode, atlas};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::capacity::PoolKey;
use crate::case::CaseFacts;
use crate::cluster::Cluster;
use crate::code::coded;
use crate::deadline::local_date;
use crate::directory::{Directory, Entry};
use crate::id::{FacilityId, Regency};
use crate::policy::{Policy, UrgencyPolicy};

pub mod decision;
pub mod dry_run;
mod place_fit;
mod record;
pub mod replay;
pub mod rules;
mod search;

pub use decision::Decision;
pub use place_fit::PlaceFit;
pub use rules::{PREFERENCES, REQUIREMENTS, TravelClass};

coded! {
    /// How far from home a facility lies (P16 Ps.28(2)), nearest first.
    pub enum ScopeTier {
        Regency = "regency",
        Province = "province",
        /// Working area (wilayah kerja) of the responsible balai.
        WorkingArea = "working_area",
        Nation = "nation",
    }
}

coded! {
    /// A preference, by the name policies use.
    pub enum PreferenceName {
        ScopeTier = "scope_tier",
        CoversForms = "covers_forms",
        TravelClass = "travel_class",
        Specialised = "specialised",
        Implementer = "implementer",
        Load = "load",
        AnswerRecord = "answer_record",
        TravelMinutes = "travel_minutes",
    }
}

coded! {
    /// Why a facility is passed over for one case.
    pub enum ExclusionCause {
        Declined = "declined",
        /// It let an offer run out.
        Expired = "expired",
        /// It refused nothing: the offer was taken back.
        Withdrawn = "withdrawn",
        Safety = "safety",
        /// The persons would not go there.
        NoShow = "no_show",
        /// Its reserved place was given up.
        Cancelled = "cancelled",
        /// The persons are there and are to go elsewhere.
        Transfer = "transfer",
    }
}

impl ExclusionCause {
    /// The cause behind a stored reason such as `declined:full`; safety weighs more than who said it.
    #[must_use]
    pub fn of_reason(reason: &str) -> Option<Self> {
        let (what, why) = reason.split_once(':').unwrap_or((reason, ""));
        if why == Self::Safety.code() {
            return Some(Self::Safety);
        }
        what.parse().ok()
    }
}

/// A facility that must not be asked for this case, for good or until a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    pub facility: FacilityId,
    pub cause: ExclusionCause,
    /// `None` = for good.
    #[serde(with = "time::serde::timestamp::microseconds::option")]
    pub until: Option<OffsetDateTime>,
}

/// A case that seeks a facility.
#[derive(Clone, Copy, Debug)]
pub struct Seeker<'a> {
    pub facts: &'a CaseFacts,
    /// Since when somebody waits for help: the search widens by this clock.
    pub reported_at: OffsetDateTime,
    /// Facilities that declined, or are parked, for this case.
    pub exclusions: &'a [Exclusion],
}

/// One search of one case.
#[derive(Debug)]
pub struct Request<'a> {
    pub facts: &'a CaseFacts,
    pub cluster: Cluster,
    pub home: Regency,
    pub policy: &'a Policy,
    pub reported_at: OffsetDateTime,
    pub exclusions: &'a [Exclusion],
    pub now: OffsetDateTime,
    /// The day at the place of the case.
    pub today: Date,
    /// How far is searched now.
    pub within: ScopeTier,
    /// And how far away, where the nearest comes first.
    pub within_class: TravelClass,
    reach: Reach<'static>,
    /// Regions of the working areas of the balai responsible for the place.
    responsible_area: Vec<RegionCode>,
}

/// One facility against one request.
#[derive(Debug)]
pub struct Candidate<'a> {
    pub entry: &'a Entry,
    // Most candidates fail a requirement first: what costs is computed once, when asked for.
    fit: OnceCell<PlaceFit>,
    tier: OnceCell<ScopeTier>,
    travel_minutes: OnceCell<u32>,
}

/// Why a facility may change from "no" to "yes", or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permanence {
    /// Full, stale, suspended: may change by itself.
    Temporary,
    /// The wrong kind.
    Permanent,
}

/// A facility to ask, with the places to hold; the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Choice {
    pub facility: FacilityId,
    pub pool: PoolKey,
    /// False = capacity unknown: ask without holding.
    pub holds_places: bool,
    pub tier: ScopeTier,
    pub travel_minutes: u32,
}

/// The outcome of a search: whom to try, in order, and the record of why.
#[derive(Clone, Debug)]
pub struct Routing {
    pub choices: Vec<Choice>,
    pub decision: Decision,
}

/// A case that cannot be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotRoutable {
    #[error("the cluster is not known; triage the case first")]
    ClusterUnknown,
    #[error("the place of the case is not in the reference data")]
    PlaceUnknown,
}

/// Finds who can take the case. `now` is the database's time.
///
/// Cases without a cluster, or in a place the atlas does not know, are errors; finding nobody is not.
pub fn route(
    seeker: Seeker<'_>,
    directory: &Directory,
    policy: &Policy,
    now: OffsetDateTime,
) -> Result<Routing, NotRoutable> {
    let mut request = Request::new(seeker, directory, policy, now)?;
    let found = search::search(&mut request, directory);
    Ok(record::record(&request, directory, found))
}

impl<'a> Request<'a> {
    fn new(
        seeker: Seeker<'a>,
        directory: &Directory,
        policy: &'a Policy,
        now: OffsetDateTime,
    ) -> Result<Self, NotRoutable> {
        let facts = seeker.facts;
        let cluster = facts.cluster.ok_or(NotRoutable::ClusterUnknown)?;
        let place = atlas().place(facts.place).ok_or(NotRoutable::PlaceUnknown)?;
        let home = Regency::of(facts.place).ok_or(NotRoutable::PlaceUnknown)?;
        let region = atlas().region(facts.place).ok_or(NotRoutable::PlaceUnknown)?;
        Ok(Self {
            facts,
            cluster,
            home,
            policy,
            reported_at: seeker.reported_at,
            exclusions: seeker.exclusions,
            now,
            today: local_date(now, region.time_zone),
            within: ScopeTier::Nation,
            within_class: TravelClass::FARTHEST,
            reach: atlas().reach(place),
            responsible_area: directory.responsible_area(facts.place, now),
        })
    }

    /// What the policy says for this urgency.
    #[must_use]
    pub fn urgency_policy(&self) -> &'a UrgencyPolicy {
        self.policy.of(self.facts.urgency)
    }

    /// Whether the search goes as far as `candidate`.
    fn reaches(&self, candidate: &Candidate<'_>) -> bool {
        // The widest reach costs nothing to check: it is asked of every facility of the nation.
        let is_in_tier = || self.within == ScopeTier::Nation || candidate.tier(self) <= self.within;
        let is_in_class = || {
            self.within_class == TravelClass::FARTHEST
                || TravelClass::of(candidate.travel_minutes(self)) <= self.within_class
        };
        is_in_tier() && is_in_class()
    }

    /// How far from home `entry` lies. Its own working area counts as well as the responsible balai's.
    fn tier_of(&self, entry: &Entry) -> ScopeTier {
        let at = entry.facility.profile.place;
        let home = self.home.code();
        if home.contains(&at) {
            ScopeTier::Regency
        } else if at.province() == home.province() {
            ScopeTier::Province
        } else if self.responsible_area.iter().any(|region| region.contains(&at))
            || entry
                .facility
                .profile
                .working_area
                .iter()
                .any(|region| region.contains(&self.facts.place))
        {
            ScopeTier::WorkingArea
        } else {
            ScopeTier::Nation
        }
    }
}

impl<'a> Candidate<'a> {
    const fn new(entry: &'a Entry) -> Self {
        Self {
            entry,
            fit: OnceCell::new(),
            tier: OnceCell::new(),
            travel_minutes: OnceCell::new(),
        }
    }

    /// One whose journey is known already.
    fn at(entry: &'a Entry, travel_minutes: u32) -> Self {
        Self {
            travel_minutes: OnceCell::from(travel_minutes),
            ..Self::new(entry)
        }
    }

    /// Whether it has places for the party.
    #[must_use]
    pub fn fit(&self, request: &Request<'_>) -> PlaceFit {
        *self.fit.get_or_init(|| PlaceFit::of(request, self.entry))
    }

    /// How far from home it lies.
    #[must_use]
    pub fn tier(&self, request: &Request<'_>) -> ScopeTier {
        *self.tier.get_or_init(|| request.tier_of(self.entry))
    }

    /// Door-to-door minutes from the person to the facility.
    #[must_use]
    pub fn travel_minutes(&self, request: &Request<'_>) -> u32 {
        *self
            .travel_minutes
            .get_or_init(|| request.reach.minutes(self.entry.place).get())
    }
}

#[cfg(test)]
mod tests;
