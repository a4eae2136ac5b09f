//! Recipients and what identifies them. Everything here is personal data: `Debug` shows none of it, and only
//! sealed bytes of it leave the process.

use std::fmt;

use serasi_geography::RegionCode;
use serde::{Deserialize, Serialize};
use time::Date;

use crate::code::coded;
use crate::text::Text;

mod birth_date;
mod nik;
mod phone;

pub use birth_date::{AgeYears, BirthDate, InvalidBirthDate};
pub use nik::{InvalidNik, Nik};
pub use phone::{InvalidPhone, Phone};

coded! {
    /// Sex as it stands in the identity document.
    pub enum Sex {
        Female = "female",
        Male = "male",
    }
}

coded! {
    /// What a place must offer so that a person can live or be helped there.
    #[derive(enumset::EnumSetType)]
    #[enumset(no_super_impls, serialize_repr = "list")]
    pub enum AccessNeed {
        Wheelchair = "wheelchair",
        SignLanguage = "sign_language",
        Braille = "braille",
        FullCare = "full_care",
    }
}

coded! {
    /// What somebody is to the first person of a report about several (P16 Ps.7).
    pub enum Relation {
        Head = "head",
        Spouse = "spouse",
        Child = "child",
        Parent = "parent",
        Sibling = "sibling",
        Grandparent = "grandparent",
        Grandchild = "grandchild",
        OtherRelative = "other_relative",
        /// Of the same household or group.
        Companion = "companion",
    }
}

coded! {
    /// What shows that a NIK is somebody's.
    pub enum Evidence {
        /// It came with the report.
        Report = "report",
        Ktp = "ktp",
        Kk = "kk",
        /// The population registry answers with this person.
        Registry = "registry",
        Biometric = "biometric",
        /// The word of a relative.
        Relative = "relative",
        Other = "other",
    }
}

coded! {
    /// Why a NIK is not somebody's after all.
    pub enum UnbindReason {
        /// It is another person's.
        OtherPerson = "other_person",
        TypingError = "typing_error",
        FalsePapers = "false_papers",
        /// Who bound it takes it back.
        Withdrawn = "withdrawn",
        Other = "other",
    }
}

/// A name as it is spoken or written.
pub type PersonName = Text<200>;

/// One recipient (PPKS, P16 Ps.1 no.5). Every field may be missing: many have no papers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub nik: Option<Nik>,
    pub name: Option<PersonName>,
    pub birth: Option<BirthDate>,
    /// As the reporter guesses, where no birth date is known.
    pub estimated_age: Option<AgeYears>,
    pub sex: Option<Sex>,
    pub domicile: Option<RegionCode>,
    pub address: Option<Text<500>>,
    pub phone: Option<Phone>,
    pub mother_name: Option<PersonName>,
    pub access_needs: Vec<AccessNeed>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
}

/// One person as a decision needs to see them: nothing that identifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartyMember {
    pub sex: Option<Sex>,
    pub age: Option<AgeYears>,
    pub access_needs: Vec<AccessNeed>,
}

impl Person {
    /// Somebody of whom nothing is known.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            nik: None,
            name: None,
            birth: None,
            estimated_age: None,
            sex: None,
            domicile: None,
            address: None,
            phone: None,
            mother_name: None,
            access_needs: vec![],
            relation: None,
        }
    }

    /// What may leave the sealed record for routing; the age is counted on `day`.
    #[must_use]
    pub fn as_party_member(&self, day: Date) -> PartyMember {
        PartyMember {
            sex: self.sex,
            age: self.birth.map(|birth| birth.age_on(day)).or(self.estimated_age),
            access_needs: self.access_needs.clone(),
        }
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Person(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_never_shown() {
        let person = Person {
            nik: Some("3273014107900001".parse().unwrap()),
            name: Some(Text::new("Siti Contoh").unwrap()),
            birth: Some("1990-07-01".parse().unwrap()),
            estimated_age: None,
            sex: Some(Sex::Female),
            domicile: None,
            address: Some(Text::new("Jl. Contoh 1").unwrap()),
            phone: Some("081200000001".parse().unwrap()),
            mother_name: None,
            access_needs: vec![],
            relation: None,
        };
        let shown = format!("{person:?} {:?} {:?} {:?}", person.nik, person.name, person.phone);
        for secret in ["3273", "Siti", "1990", "Jl.", "0812"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
