//! Fellegi-Sunter weights: how often a level is met for the same person (m), for strangers (u), in one household (kin).
//!
//! They are data with a version, kept as TOML; `em` makes a new version from unlabelled files.

use serde::{Deserialize, Serialize};

use crate::{BirthLevel, Field, NameLevel, NikLevel, PlaceLevel, SexLevel};

/// What is known before the first file was seen; where estimation starts.
const STARTING: &str = include_str!("../data/weights.toml");

/// The weights of all levels of all fields, under one version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Weights {
    /// Names this set for ever; a link keeps it.
    pub version: String,
    /// Share of the persons that stand in the registry.
    pub registered_share: f64,
    /// Rows of the registry that are of a person's household, on average, the person left out.
    pub kin_each: f64,
    /// Rows of the registry, on average, of neighbours whose names are somewhat alike.
    pub near_each: f64,
    pub levels: Vec<LevelWeight>,
}

/// How often a level is met.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelWeight {
    pub field: Field,
    pub level: String,
    /// Among pairs that are the same person.
    pub m: f64,
    /// Among pairs of strangers.
    pub u: f64,
    /// Among pairs of one household.
    pub kin: f64,
    /// Among pairs of neighbours whose names are somewhat alike.
    pub near: f64,
    /// For names: how surprising the shared words are in pairs of this level that are not the same person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chance_bits: Option<f64>,
}

/// Why a text holds no weights.
#[derive(Debug, thiserror::Error)]
pub enum InvalidWeights {
    #[error("weights are no valid TOML: {0}")]
    Toml(#[from] toml::de::Error),
    #[error("weights must name every level once, in order; expected {expected} at position {position}")]
    Levels { position: usize, expected: &'static str },
    #[error(
        "m, u, kin, near and registered_share lie between 0 and 1, without the ends; kin_each and near_each are above 0"
    )]
    OutOfRange,
}

impl Weights {
    /// The weights that are shipped.
    #[must_use]
    pub fn starting() -> Self {
        Self::from_toml(STARTING).expect("a test reads the shipped weights")
    }

    pub fn from_toml(text: &str) -> Result<Self, InvalidWeights> {
        let weights: Self = toml::from_str(text)?;
        for (position, (field, level)) in all_levels().enumerate() {
            let found = weights.levels.get(position);
            if found.is_none_or(|found| found.field != field || found.level != level) {
                return Err(InvalidWeights::Levels {
                    position,
                    expected: level,
                });
            }
        }
        let position = all_levels().count();
        if weights.levels.len() > position {
            return Err(InvalidWeights::Levels {
                position,
                expected: "the end",
            });
        }
        let inside = |share: f64| share > 0.0 && share < 1.0;
        let all_inside = weights
            .levels
            .iter()
            .all(|level| [level.m, level.u, level.kin, level.near].into_iter().all(inside));
        let others_above_0 = weights.kin_each > 0.0 && weights.near_each > 0.0;
        if all_inside && inside(weights.registered_share) && others_above_0 {
            Ok(weights)
        } else {
            Err(InvalidWeights::OutOfRange)
        }
    }

    /// As a file; reading it back gives the same weights.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string(self).expect("numbers and names can always be written")
    }
}

/// All levels of all fields.
pub(crate) const LEVELS: usize = start(Field::MotherName) + NameLevel::CODES.len();

/// Where a level of a field stands among all levels.
pub(crate) const fn slot(field: Field, position: usize) -> usize {
    start(field) + position
}

const fn start(field: Field) -> usize {
    match field {
        Field::Nik => 0,
        Field::Name => start(Field::Nik) + NikLevel::CODES.len(),
        Field::Birth => start(Field::Name) + NameLevel::CODES.len(),
        Field::Sex => start(Field::Birth) + BirthLevel::CODES.len(),
        Field::Place => start(Field::Sex) + SexLevel::CODES.len(),
        Field::MotherName => start(Field::Place) + PlaceLevel::CODES.len(),
    }
}

/// Every level of every field, in the order of files.
pub(crate) fn all_levels() -> impl Iterator<Item = (Field, &'static str)> {
    Field::ALL
        .into_iter()
        .flat_map(|field| codes(field).iter().map(move |code| (field, *code)))
}

pub(crate) const fn codes(field: Field) -> &'static [&'static str] {
    match field {
        Field::Nik => NikLevel::CODES,
        Field::Name | Field::MotherName => NameLevel::CODES,
        Field::Birth => BirthLevel::CODES,
        Field::Sex => SexLevel::CODES,
        Field::Place => PlaceLevel::CODES,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_read_back_as_they_were_written() {
        let weights = Weights::starting();
        assert_eq!(Weights::from_toml(&weights.to_toml()).unwrap(), weights);
    }

    #[test]
    fn a_missing_level_and_an_impossible_share_are_refused() {
        let mut missing = Weights::starting();
        missing.levels.remove(3);
        let refused = Weights::from_toml(&missing.to_toml());
        assert!(matches!(refused, Err(InvalidWeights::Levels { position: 3, .. })));
        let mut certain = Weights::starting();
        certain.levels[0].u = 0.0;
        assert!(matches!(
            Weights::from_toml(&certain.to_toml()),
            Err(InvalidWeights::OutOfRange)
        ));
    }

    #[test]
    fn the_shares_of_a_field_are_all_of_it() {
        let weights = Weights::starting();
        for field in Field::ALL {
            let of_field = || weights.levels.iter().filter(|level| level.field == field);
            let (m, u, kin, near) = (
                of_field().map(|level| level.m).sum::<f64>(),
                of_field().map(|level| level.u).sum::<f64>(),
                of_field().map(|level| level.kin).sum::<f64>(),
                of_field().map(|level| level.near).sum::<f64>(),
            );
            assert!(
                (m - 1.0).abs() < 1e-3
                    && (u - 1.0).abs() < 2e-3
                    && (kin - 1.0).abs() < 1e-3
                    && (near - 1.0).abs() < 1e-3,
                "{field:?} {m} {u} {kin} {near}"
            );
        }
    }
}
