//! Region codes as the Ministry of Home Affairs (Kemendagri) writes them.
//!
//! A code says where a region is in the hierarchy, not that it exists: ask the atlas for that.

use std::fmt;
use std::str::FromStr;

/// The nation's code, where the others are digits.
const NATION: &str = "ID";

/// Digits of each part of a code: province, regency, district, village.
const PART_DIGITS: [usize; 4] = [2, 2, 2, 4];

/// Kemendagri region code with dots: `ID` (nation), `32`, `32.73`, `32.73.01`, `32.73.01.1001`.
///
/// Ordered as the texts are, with the nation first. Source: Kepmendagri 300.2.2-2430 of 2025.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RegionCode {
    // Zero means "absent": no part of a real code is zero. The field order is the sort order.
    province: u8,
    regency: u8,
    district: u8,
    village: u16,
}

/// How large a region is, from the largest to the smallest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RegionLevel {
    Nation,
    /// Provinsi.
    Province,
    /// Kabupaten or kota.
    Regency,
    /// Kecamatan, in Papua distrik.
    District,
    /// Desa or kelurahan.
    Village,
}

/// Why a text is no region code.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRegionCode {
    #[error("region code is empty")]
    Empty,
    #[error("region code has more than four parts")]
    TooManyParts,
    /// `part` counts from 1.
    #[error("part {part} of the region code must have {expected} digits")]
    PartLength { part: usize, expected: usize },
    #[error("part {part} of the region code has a character that is no digit")]
    NotDigits { part: usize },
    #[error("part {part} of the region code is zero")]
    Zero { part: usize },
}

impl RegionCode {
    /// The whole nation, `ID`.
    pub const NATION: Self = Self {
        province: 0,
        regency: 0,
        district: 0,
        village: 0,
    };

    #[must_use]
    pub const fn level(self) -> RegionLevel {
        match self {
            Self { province: 0, .. } => RegionLevel::Nation,
            Self { regency: 0, .. } => RegionLevel::Province,
            Self { district: 0, .. } => RegionLevel::Regency,
            Self { village: 0, .. } => RegionLevel::District,
            Self { .. } => RegionLevel::Village,
        }
    }

    /// The province this region is or lies in; `None` for the nation.
    #[must_use]
    pub fn province(self) -> Option<Self> {
        self.at(RegionLevel::Province)
    }

    /// The regency this region is or lies in.
    #[must_use]
    pub fn regency(self) -> Option<Self> {
        self.at(RegionLevel::Regency)
    }

    /// The district this region is or lies in.
    #[must_use]
    pub fn district(self) -> Option<Self> {
        self.at(RegionLevel::District)
    }

    /// The next larger region; `None` for the nation.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        match self.level() {
            RegionLevel::Nation => None,
            RegionLevel::Province => Some(Self::NATION),
            RegionLevel::Regency => self.province(),
            RegionLevel::District => self.regency(),
            RegionLevel::Village => self.district(),
        }
    }

    /// Whether `other` is this region or lies in it. The nation contains all.
    // Asked thousands of times in one search.
    #[inline]
    #[must_use]
    pub const fn contains(&self, other: &Self) -> bool {
        (self.province == 0 || self.province == other.province)
            && (self.regency == 0 || self.regency == other.regency)
            && (self.district == 0 || self.district == other.district)
            && (self.village == 0 || self.village == other.village)
    }

    /// Pairs of which the second is the first or lies in it, as positions in `codes`: what a list of regions says twice.
    #[must_use]
    pub fn overlaps(codes: &[Self]) -> Vec<(usize, usize)> {
        let numbered = || codes.iter().enumerate();
        numbered()
            .flat_map(|(outer, region)| {
                let inside = move |(inner, other): (usize, &Self)| {
                    let is_said_twice = region.contains(other) && (region != other || outer < inner);
                    (outer != inner && is_said_twice).then_some((outer, inner))
                };
                numbered().filter_map(inside)
            })
            .collect()
    }

    /// This code cut off at `level`; `None` if it does not reach so deep.
    fn at(self, level: RegionLevel) -> Option<Self> {
        let cut = match level {
            RegionLevel::Nation => Self::NATION,
            RegionLevel::Province => Self {
                regency: 0,
                district: 0,
                village: 0,
                ..self
            },
            RegionLevel::Regency => Self {
                district: 0,
                village: 0,
                ..self
            },
            RegionLevel::District => Self { village: 0, ..self },
            RegionLevel::Village => self,
        };
        (self.level() >= level).then_some(cut)
    }
}

impl FromStr for RegionCode {
    type Err = InvalidRegionCode;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "" => return Err(InvalidRegionCode::Empty),
            NATION => return Ok(Self::NATION),
            _ => {}
        }
        let mut values = [0_u16; PART_DIGITS.len()];
        let mut texts = text.split('.');
        for (index, value) in values.iter_mut().enumerate() {
            let Some(part) = texts.next() else { break };
            *value = parse_part(part, index)?;
        }
        if texts.next().is_some() {
            return Err(InvalidRegionCode::TooManyParts);
        }
        let [province, regency, district, village] = values;
        Ok(Self {
            province: two_digits(province),
            regency: two_digits(regency),
            district: two_digits(district),
            village,
        })
    }
}

fn parse_part(text: &str, index: usize) -> Result<u16, InvalidRegionCode> {
    let part = index + 1;
    let expected = PART_DIGITS.get(index).copied().unwrap_or_default();
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(InvalidRegionCode::NotDigits { part });
    }
    if text.len() != expected {
        return Err(InvalidRegionCode::PartLength { part, expected });
    }
    match text.parse() {
        Ok(0) | Err(_) => Err(InvalidRegionCode::Zero { part }),
        Ok(value) => Ok(value),
    }
}

fn two_digits(value: u16) -> u8 {
    u8::try_from(value).expect("two digits are at most 99")
}

impl fmt::Display for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            province,
            regency,
            district,
            village,
        } = self;
        match self.level() {
            RegionLevel::Nation => f.write_str(NATION),
            RegionLevel::Province => write!(f, "{province:02}"),
            RegionLevel::Regency => write!(f, "{province:02}.{regency:02}"),
            RegionLevel::District => write!(f, "{province:02}.{regency:02}.{district:02}"),
            RegionLevel::Village => write!(f, "{province:02}.{regency:02}.{district:02}.{village:04}"),
        }
    }
}

impl fmt::Debug for RegionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegionCode({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidRegionCode, RegionCode, RegionLevel};

    fn code(text: &str) -> RegionCode {
        text.parse().unwrap()
    }

    #[test]
    fn every_level_is_written_as_it_was_read() {
        let levels = [
            ("ID", RegionLevel::Nation),
            ("32", RegionLevel::Province),
            ("32.73", RegionLevel::Regency),
            ("32.73.01", RegionLevel::District),
            ("32.73.01.1001", RegionLevel::Village),
        ];
        for (text, level) in levels {
            assert_eq!(code(text).to_string(), text);
            assert_eq!(code(text).level(), level);
        }
    }

    #[test]
    fn malformed_codes_say_what_is_wrong() {
        let parse = |text: &str| text.parse::<RegionCode>().unwrap_err();
        assert_eq!(parse(""), InvalidRegionCode::Empty);
        assert_eq!(parse("id"), InvalidRegionCode::NotDigits { part: 1 });
        assert_eq!(
            parse("11.1"),
            InvalidRegionCode::PartLength { part: 2, expected: 2 }
        );
        assert_eq!(
            parse("11."),
            InvalidRegionCode::PartLength { part: 2, expected: 2 }
        );
        assert_eq!(
            parse("11.01.01.201"),
            InvalidRegionCode::PartLength { part: 4, expected: 4 }
        );
        assert_eq!(parse("11.+1"), InvalidRegionCode::NotDigits { part: 2 });
        assert_eq!(parse("11.00"), InvalidRegionCode::Zero { part: 2 });
        assert_eq!(parse("11.01.01.2001.1"), InvalidRegionCode::TooManyParts);
    }

    #[test]
    fn ancestors_follow_the_hierarchy() {
        let village = code("32.73.01.1001");
        assert_eq!(village.parent(), Some(code("32.73.01")));
        assert_eq!(village.district(), Some(code("32.73.01")));
        assert_eq!(village.regency(), Some(code("32.73")));
        assert_eq!(village.province(), Some(code("32")));
        assert_eq!(code("32").parent(), Some(RegionCode::NATION));
        assert_eq!(RegionCode::NATION.parent(), None);
        assert_eq!(code("32").regency(), None);
    }

    #[test]
    fn a_region_contains_itself_and_what_lies_in_it() {
        let regency = code("32.73");
        assert!(RegionCode::NATION.contains(&regency));
        assert!(regency.contains(&regency));
        assert!(regency.contains(&code("32.73.01.1001")));
        assert!(!regency.contains(&code("32.74.01")));
        assert!(!regency.contains(&code("32")));
        assert!(!regency.contains(&RegionCode::NATION));
    }

    #[test]
    fn order_is_the_order_of_the_texts_with_the_nation_first() {
        let mut codes = ["11.10", "11.01.02", "12", "ID", "11.01", "11"].map(code);
        codes.sort();
        assert_eq!(
            codes.map(|c| c.to_string()),
            ["ID", "11", "11.01", "11.01.02", "11.10", "12"]
        );
    }

    #[test]
    fn a_list_that_says_a_region_twice_is_seen_through() {
        let codes = ["32", "33.01", "32.73", "33.01", "34"].map(|code| code.parse().unwrap());
        assert_eq!(RegionCode::overlaps(&codes), [(0, 2), (1, 3)]);
    }
}
