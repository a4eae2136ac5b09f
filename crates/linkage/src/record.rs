//! One identity as a registry row or a person states it; any field may be missing.
//!
//! Owns reading the fields of a file, with every problem at once. It must never show what it holds.

use std::fmt;

use serasi_geography::{InvalidRegionCode, RegionCode};

use crate::{Birth, InvalidBirth, InvalidNik, Name, Nik};

/// Longer than any name on a KTP; what exceeds it is no name.
const MAX_NAME_CHARS: usize = 200;

/// What identifies a person, ready to be compared.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Identity {
    pub nik: Option<Nik>,
    pub name: Option<Name>,
    pub birth: Option<Birth>,
    pub sex: Option<Sex>,
    /// Domicile, at any level.
    pub place: Option<RegionCode>,
    pub mother_name: Option<Name>,
}

/// Sex as it stands in the identity document: L or P, in older files 1 or 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sex {
    Female,
    Male,
}

/// The fields as a file has them; empty means missing.
#[derive(Clone, Copy, Default)]
pub struct RawIdentity<'a> {
    pub nik: &'a str,
    pub name: &'a str,
    pub birth: &'a str,
    pub sex: &'a str,
    pub place: &'a str,
    pub mother_name: &'a str,
}

/// A field of an identity, in the order of [`Comparison`](crate::Comparison).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Nik,
    Name,
    Birth,
    Sex,
    Place,
    MotherName,
}

impl Field {
    pub const ALL: [Self; 6] = [
        Self::Nik,
        Self::Name,
        Self::Birth,
        Self::Sex,
        Self::Place,
        Self::MotherName,
    ];

    /// What files and explanations call it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Nik => "nik",
            Self::Name => "name",
            Self::Birth => "birth",
            Self::Sex => "sex",
            Self::Place => "place",
            Self::MotherName => "mother_name",
        }
    }
}

/// A field that could not be read; says nothing of its content.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field:?}: {problem}")]
pub struct FieldError {
    pub field: Field,
    pub problem: FieldProblem,
}

/// What is wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FieldProblem {
    #[error(transparent)]
    Nik(#[from] InvalidNik),
    #[error(transparent)]
    Birth(#[from] InvalidBirth),
    #[error("sex is L or P, in older files 1 or 2")]
    Sex,
    #[error(transparent)]
    Place(#[from] InvalidRegionCode),
    #[error("a name has at most {MAX_NAME_CHARS} characters")]
    NameTooLong,
    #[error("a name has letters")]
    NameWithoutLetters,
}

impl Identity {
    /// Reads all fields, or says of each what is wrong with it.
    pub fn parse(raw: &RawIdentity<'_>) -> Result<Self, Vec<FieldError>> {
        let mut errors = Vec::new();
        let identity = Self {
            nik: read(Field::Nik, raw.nik, &mut errors, |text| Ok(text.parse()?)),
            name: read(Field::Name, raw.name, &mut errors, parse_name),
            birth: read(Field::Birth, raw.birth, &mut errors, |text| Ok(text.parse()?)),
            sex: read(Field::Sex, raw.sex, &mut errors, parse_sex),
            place: read(Field::Place, raw.place, &mut errors, parse_place)
                // Everybody lives in the nation.
                .filter(|place| *place != RegionCode::NATION),
            mother_name: read(Field::MotherName, raw.mother_name, &mut errors, parse_name),
        };
        if errors.is_empty() {
            Ok(identity)
        } else {
            Err(errors)
        }
    }
}

fn read<T>(
    field: Field,
    text: &str,
    errors: &mut Vec<FieldError>,
    parse: impl FnOnce(&str) -> Result<T, FieldProblem>,
) -> Option<T> {
    let text = text.trim();
    // A dash or a dot is how a form says "nothing".
    if text.chars().all(|letter| matches!(letter, '-' | '.')) {
        return None;
    }
    parse(text)
        .map_err(|problem| errors.push(FieldError { field, problem }))
        .ok()
}

fn parse_name(text: &str) -> Result<Name, FieldProblem> {
    if text.len() > MAX_NAME_CHARS && text.chars().count() > MAX_NAME_CHARS {
        return Err(FieldProblem::NameTooLong);
    }
    Name::new(text).ok_or(FieldProblem::NameWithoutLetters)
}

/// Files that lost the dots are read, too: 3273011001.
fn parse_place(text: &str) -> Result<RegionCode, FieldProblem> {
    let is_bare = matches!(text.len(), 4 | 6 | 10) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_bare {
        return Ok(text.parse()?);
    }
    let ends = [0, 2, 4, 6, 10];
    let parts = ends.windows(2).filter_map(|part| match part {
        [start, end] => text.get(*start..*end),
        _ => None,
    });
    Ok(parts.collect::<Vec<_>>().join(".").parse()?)
}

fn parse_sex(text: &str) -> Result<Sex, FieldProblem> {
    match text {
        "P" | "p" | "2" => Ok(Sex::Female),
        "L" | "l" | "1" => Ok(Sex::Male),
        _ => Err(FieldProblem::Sex),
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RAW: RawIdentity<'_> = RawIdentity {
        nik: "3273014107900001",
        name: "Hj. Siti Contoh",
        birth: "1990-07-01",
        sex: "P",
        place: "32.73.01",
        mother_name: "Aminah",
    };

    #[test]
    fn every_field_may_be_missing() {
        let dash = RawIdentity {
            mother_name: " - ",
            ..RawIdentity::default()
        };
        assert_eq!(Identity::parse(&dash), Ok(Identity::default()));
        assert_eq!(Identity::parse(&RawIdentity::default()), Ok(Identity::default()));
    }

    #[test]
    fn every_wrong_field_is_named_and_its_content_is_not() {
        let raw = RawIdentity {
            nik: "12345678901234567",
            name: "123",
            birth: "1990-02-30",
            sex: "X",
            place: "32.7",
            mother_name: RAW.mother_name,
        };
        let errors = Identity::parse(&raw).unwrap_err();
        let fields: Vec<Field> = errors.iter().map(|error| error.field).collect();
        assert_eq!(
            fields,
            [Field::Nik, Field::Name, Field::Birth, Field::Sex, Field::Place]
        );
        let shown = format!("{errors:?} {}", errors[0]);
        for secret in ["1234", "123\"", "1990", "32.7"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }

    #[test]
    fn a_place_may_have_lost_its_dots_and_the_nation_says_nothing() {
        let place = |place: &str| {
            let raw = RawIdentity {
                place,
                ..RawIdentity::default()
            };
            Identity::parse(&raw).unwrap().place
        };
        for (bare, dotted) in [
            ("3273", "32.73"),
            ("327301", "32.73.01"),
            ("3273011001", "32.73.01.1001"),
        ] {
            assert_eq!(place(bare), place(dotted));
        }
        assert_eq!(place("ID"), None);
    }

    #[test]
    fn an_identity_is_never_shown() {
        let identity = Identity::parse(&RAW).unwrap();
        let shown = format!(
            "{identity:?} {:?} {:?} {:?}",
            identity.nik, identity.name, identity.birth
        );
        for secret in ["3273", "siti", "1990", "contoh"] {
            assert!(!shown.to_lowercase().contains(secret), "{shown}");
        }
    }
}
