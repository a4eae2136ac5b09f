//! Balai, UPTD and LKS: who carries out ATENSI (P16 Ps.5; P7 Ps.6), for whom, with what.

use enumset::EnumSet;
use serasi_geography::{Coordinates, RegionCode};
use serde::{Deserialize, Serialize};
use time::{Date, OffsetDateTime};

use crate::cluster::Cluster;
use crate::code::coded;
use crate::id::FacilityId;
use crate::intake::SourceKey;
use crate::need::{ServiceBase, ServiceForm, Target};
use crate::person::{AccessNeed, AgeYears, PartyMember, Phone, Sex};
use crate::text::Text;

coded! {
    /// Who carries out ATENSI.
    pub enum FacilityKind {
        /// Balai besar, today Sentra Terpadu.
        BalaiBesar = "balai_besar",
        /// Balai, today Sentra.
        Balai = "balai",
        /// Loka, today Sentra.
        Loka = "loka",
        UptdProvince = "uptd_province",
        UptdRegency = "uptd_regency",
        /// Lembaga Kesejahteraan Sosial.
        Lks = "lks",
    }
}

impl FacilityKind {
    /// A unit of the ministry itself.
    #[must_use]
    pub const fn is_balai(self) -> bool {
        match self {
            Self::BalaiBesar | Self::Balai | Self::Loka => true,
            Self::UptdProvince | Self::UptdRegency | Self::Lks => false,
        }
    }
}

/// Whether a facility may be asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FacilityState {
    Active,
    /// Not asked until `until`, or until it is resumed.
    Suspended {
        reason: Text<500>,
        until: Option<OffsetDateTime>,
    },
    Closed {
        reason: Text<500>,
    },
}

/// Whom a facility admits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionRule {
    /// `None` = all.
    pub sex: Option<Sex>,
    /// Inclusive.
    pub min_age: Option<AgeYears>,
    /// Inclusive.
    pub max_age: Option<AgeYears>,
    /// Access needs the place can meet.
    pub access: EnumSet<AccessNeed>,
}

/// Days on which a partnership with a balai is in force (P16 Ps.5(2)), both inclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partnership {
    pub from: Date,
    pub until: Option<Date>,
}

/// What the directory says about a facility.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FacilityProfile {
    pub source: SourceKey,
    pub kind: FacilityKind,
    pub name: Text<200>,
    /// Regency, district or village.
    pub place: RegionCode,
    pub coordinates: Option<Coordinates>,
    pub address: Option<Text<500>>,
    /// What it is licensed for.
    pub clusters: EnumSet<Cluster>,
    /// What the house is known for: a preference, never a limit.
    pub specialisations: EnumSet<Cluster>,
    pub bases: EnumSet<ServiceBase>,
    /// Empty = all seven.
    pub forms: EnumSet<ServiceForm>,
    /// Empty = all four.
    pub targets: EnumSet<Target>,
    pub admission: AdmissionRule,
    /// Regions served as a list (wilayah kerja); need not be contiguous.
    pub working_area: Vec<RegionCode>,
    pub supervised_by: Option<FacilityId>,
    pub partnership: Option<Partnership>,
    /// Works on its own under supervision of the ministry (P16 Ps.5(3)-(4), P7 Ps.6(2),(4)).
    pub ministry_supervised: bool,
    pub admission_documents: Vec<Text<200>>,
    pub phone: Option<Phone>,
    pub email: Option<Text<200>>,
    /// Whether its place is a secret; `None` = as [`FacilityProfile::hides_location`] says. Left out of the record where
    /// it is not stated, so that what earlier releases wrote stays as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location_hidden: Option<bool>,
}

/// A facility of the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Facility {
    pub id: FacilityId,
    pub version: i64,
    pub state: FacilityState,
    pub profile: FacilityProfile,
    pub created_at: OffsetDateTime,
    pub changed_at: OffsetDateTime,
}

/// What is done to a facility as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FacilityVerb {
    Update,
    Suspend,
    Resume,
    Close,
}

/// A verb that the facility's state does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a facility in state {state} cannot {verb:?}")]
pub struct IllegalFacilityVerb {
    pub verb: FacilityVerb,
    pub state: &'static str,
}

impl FacilityState {
    /// Code of the state, as the database holds it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended { .. } => "suspended",
            Self::Closed { .. } => "closed",
        }
    }

    /// Whether the facility may be asked at `now`: a suspension that has run out no longer counts.
    #[must_use]
    pub fn is_active(&self, now: OffsetDateTime) -> bool {
        match self {
            Self::Active => true,
            Self::Suspended { until, .. } => until.is_some_and(|until| until <= now),
            Self::Closed { .. } => false,
        }
    }

    /// ACTIVE -> SUSPENDED; also a suspension that has run out by `now`.
    pub fn suspend(
        self,
        reason: Text<500>,
        until: Option<OffsetDateTime>,
        now: OffsetDateTime,
    ) -> Result<Self, IllegalFacilityVerb> {
        // A suspension that has run out counts as none.
        if self.is_active(now) {
            Ok(Self::Suspended { reason, until })
        } else {
            Err(self.refuses(FacilityVerb::Suspend))
        }
    }

    /// SUSPENDED -> ACTIVE.
    pub fn resume(self) -> Result<Self, IllegalFacilityVerb> {
        match self {
            Self::Suspended { .. } => Ok(Self::Active),
            Self::Active | Self::Closed { .. } => Err(self.refuses(FacilityVerb::Resume)),
        }
    }

    /// ACTIVE or SUSPENDED -> CLOSED.
    pub fn close(self, reason: Text<500>) -> Result<Self, IllegalFacilityVerb> {
        match self {
            Self::Active | Self::Suspended { .. } => Ok(Self::Closed { reason }),
            Self::Closed { .. } => Err(self.refuses(FacilityVerb::Close)),
        }
    }

    /// Whether the description may be replaced.
    pub fn update(&self) -> Result<(), IllegalFacilityVerb> {
        match self {
            Self::Active | Self::Suspended { .. } => Ok(()),
            Self::Closed { .. } => Err(self.refuses(FacilityVerb::Update)),
        }
    }

    const fn refuses(&self, verb: FacilityVerb) -> IllegalFacilityVerb {
        IllegalFacilityVerb {
            verb,
            state: self.code(),
        }
    }
}

impl FacilityProfile {
    /// Fields that say what a facility is licensed for: only those who keep the directory change them.
    pub const LICENCE_FIELDS: [&str; 7] = [
        "kind",
        "clusters",
        "working_area",
        "supervising_facility_id",
        "partnership",
        "ministry_supervised",
        "location_hidden",
    ];

    /// Whether the place is a secret (UU 21/2007 Ps.44): where somebody said so; else where victims of trafficking may
    /// live in a house that is no public office.
    #[must_use]
    pub fn hides_location(&self) -> bool {
        let may_shelter_the_trafficked = self.kind == FacilityKind::Lks
            && self.clusters.contains(Cluster::TunaSosialKpo)
            && self.bases.contains(ServiceBase::Residential);
        self.location_hidden.unwrap_or(may_shelter_the_trafficked)
    }

    /// What strangers see of a house whose place is a secret: its regency.
    #[must_use]
    pub fn without_location(&self) -> Self {
        Self {
            place: self.place.regency().unwrap_or(self.place),
            coordinates: None,
            address: None,
            ..self.clone()
        }
    }

    /// Who describes a facility anew without a word on its location, or says what holds anyway, leaves that as it was:
    /// nobody uncovers a house by an old program or an old file.
    #[must_use]
    pub fn keeping_location_of(mut self, old: &Self) -> Self {
        let is_news = |hidden| hidden != old.hides_location();
        self.location_hidden = self
            .location_hidden
            .filter(|hidden| is_news(*hidden))
            .or(old.location_hidden);
        self
    }

    /// Names of the fields in which two descriptions differ; empty = the same.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<&'static str> {
        let checks: [(&'static str, bool); 18] = [
            ("kind", self.kind == other.kind),
            ("name", self.name == other.name),
            ("region_code", self.place == other.place),
            ("coordinates", self.coordinates == other.coordinates),
            ("address", self.address == other.address),
            ("clusters", self.clusters == other.clusters),
            ("specialisations", self.specialisations == other.specialisations),
            ("bases", self.bases == other.bases),
            ("forms", self.forms == other.forms),
            ("targets", self.targets == other.targets),
            ("admission", self.admission == other.admission),
            ("working_area", self.working_area == other.working_area),
            (
                "supervising_facility_id",
                self.supervised_by == other.supervised_by,
            ),
            ("partnership", self.partnership == other.partnership),
            (
                "ministry_supervised",
                self.ministry_supervised == other.ministry_supervised,
            ),
            (
                "admission_documents",
                self.admission_documents == other.admission_documents,
            ),
            ("contacts", self.phone == other.phone && self.email == other.email),
            ("location_hidden", self.location_hidden == other.location_hidden),
        ];
        checks
            .into_iter()
            .filter(|(_, same)| !same)
            .map(|(field, _)| field)
            .collect()
    }
}

impl AdmissionRule {
    /// Whether this member may be admitted. What is not known about a person never keeps them out.
    #[must_use]
    pub fn admits(&self, member: &PartyMember) -> bool {
        let sex_fits = match (self.sex, member.sex) {
            (Some(admitted), Some(sex)) => admitted == sex,
            (None, _) | (_, None) => true,
        };
        let age_fits = member.age.is_none_or(|age| {
            self.min_age.is_none_or(|min| age >= min) && self.max_age.is_none_or(|max| age <= max)
        });
        sex_fits && age_fits && member.access_needs.iter().all(|need| self.access.contains(*need))
    }
}

impl Partnership {
    /// Whether the partnership is in force on `day`.
    #[must_use]
    pub fn is_in_force(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason() -> Text<500> {
        Text::new("banjir").unwrap()
    }

    #[test]
    fn closed_is_for_good_and_suspension_can_end_by_itself() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let suspended = FacilityState::Active.suspend(reason(), Some(now), now).unwrap();
        assert!(suspended.clone().suspend(reason(), None, now).is_ok());
        assert!(suspended.is_active(now));
        assert!(!suspended.is_active(now - time::Duration::SECOND));
        let closed = suspended.close(reason()).unwrap();
        assert!(closed.update().is_err());
        assert!(closed.clone().resume().is_err());
        assert!(closed.close(reason()).is_err());
        assert!(FacilityState::Active.resume().is_err());
    }

    #[test]
    fn what_is_not_known_about_a_person_keeps_nobody_out() {
        let rule = AdmissionRule {
            sex: Some(Sex::Female),
            max_age: Some(AgeYears(17)),
            ..AdmissionRule::default()
        };
        let member = |sex, age: Option<u8>| PartyMember {
            sex,
            age: age.map(AgeYears),
            access_needs: vec![],
        };
        assert!(rule.admits(&member(None, None)));
        assert!(rule.admits(&member(Some(Sex::Female), Some(17))));
        assert!(!rule.admits(&member(Some(Sex::Male), Some(17))));
        assert!(!rule.admits(&member(Some(Sex::Female), Some(18))));
        let wheelchair = PartyMember {
            sex: None,
            age: None,
            access_needs: vec![AccessNeed::Wheelchair],
        };
        assert!(!rule.admits(&wheelchair));
    }
}
