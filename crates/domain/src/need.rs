//! What a case needs: base, forms, target, criteria, urgency, places (P16 Ps.6-8, Ps.10).

use enumset::EnumSet;
use serasi_geography::RegionCode;
use serde::{Deserialize, Serialize};

use crate::code::coded;
use crate::id::FacilityId;

coded! {
    /// Base of the service, P16 Ps.6.
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum ServiceBase {
        Family = "keluarga",
        Community = "komunitas",
        Residential = "residensial",
    }
}

coded! {
    /// The seven forms of ATENSI, P16 Ps.10(1) a-g.
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum ServiceForm {
        DecentLiving = "decent_living",
        SocialCare = "social_care",
        FamilySupport = "family_support",
        Therapy = "therapy",
        Vocational = "vocational",
        SocialAssistance = "social_assistance",
        Accessibility = "accessibility",
    }
}

coded! {
    /// Whom the service is for, P16 Ps.7.
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum Target {
        Individual = "individual",
        Family = "family",
        Group = "group",
        Community = "community",
    }
}

coded! {
    /// Criteria of a recipient, P16 Ps.8 a-g.
    pub enum Criterion {
        Poverty = "poverty",
        Neglect = "neglect",
        Disability = "disability",
        Remoteness = "remoteness",
        SocialDeviance = "social_deviance",
        Disaster = "disaster",
        Violence = "violence",
    }
}

impl Criterion {
    /// The criterion behind a letter of P16 Ps.8.
    #[must_use]
    pub fn from_letter(letter: &str) -> Option<Self> {
        let position = "abcdefg".find(letter).filter(|_| letter.len() == 1)?;
        Self::ALL.get(position).copied()
    }
}

coded! {
    /// How fast somebody must answer. The deadlines are policy data.
    pub enum Urgency {
        Regular = "regular",
        Urgent = "urgent",
        /// Respon kasus, P16 Ps.10(5).
        Emergency = "emergency",
    }
}

/// Persons who are placed together, 1-50.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Places(u16);

/// Not between 1 and [`Places::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be between 1 and {max}", max = Places::MAX)]
pub struct InvalidPlaces;

impl Places {
    /// Larger groups are several cases.
    pub const MAX: u16 = 50;
    pub const ONE: Self = Self(1);

    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// As the database counts places.
    #[must_use]
    pub fn as_i32(self) -> i32 {
        i32::from(self.0)
    }
}

impl TryFrom<u16> for Places {
    type Error = InvalidPlaces;

    fn try_from(places: u16) -> Result<Self, Self::Error> {
        (1..=Self::MAX)
            .contains(&places)
            .then_some(Self(places))
            .ok_or(InvalidPlaces)
    }
}

impl From<Places> for u16 {
    fn from(places: Places) -> Self {
        places.0
    }
}

/// What is needed, as far as known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub base: ServiceBase,
    /// Empty = no particular form.
    pub forms: EnumSet<ServiceForm>,
    pub places: Places,
    /// Not to be asked, for the person's safety.
    pub excluded_facilities: Vec<FacilityId>,
    /// Where the person must not be placed, for safety.
    pub excluded_regions: Vec<RegionCode>,
}

impl Need {
    /// A need that replaces this one. Who must not be asked, for the person's safety, stays excluded: leaving it out of
    /// a form must not lead a victim to the perpetrator.
    #[must_use]
    pub fn replaced_by(&self, mut next: Self) -> Self {
        next.excluded_facilities.extend(&self.excluded_facilities);
        next.excluded_facilities.sort_unstable();
        next.excluded_facilities.dedup();
        next.excluded_regions.extend(&self.excluded_regions);
        next.excluded_regions.sort_unstable();
        next.excluded_regions.dedup();
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_follow_the_letters_of_pasal_8() {
        assert_eq!(Criterion::from_letter("a"), Some(Criterion::Poverty));
        assert_eq!(Criterion::from_letter("g"), Some(Criterion::Violence));
        for letter in ["", "h", "ab"] {
            assert_eq!(Criterion::from_letter(letter), None);
        }
    }

    #[test]
    fn a_party_is_one_to_fifty_people() {
        assert!(Places::try_from(0).is_err());
        assert_eq!(Places::try_from(50).map(Places::get), Ok(50));
        assert!(Places::try_from(51).is_err());
    }
}
