//! Two identities side by side, field by field.
//!
//! One comparator a file; each turns two values into one of a few levels. What is missing on either side says
//! nothing. Levels carry no personal data: they may be stored and shown.

mod birth;
mod name;
mod nik;
mod place;
mod sex;

use serasi_geography::RegionCode;

use crate::name::Words;
use crate::terms::Terms;
use crate::weights::codes;
use crate::{Birth, Field, Identity, Name, Nik, Sex};

pub use birth::BirthLevel;
pub use name::NameLevel;
pub(crate) use name::{NameAgreement, TokenShare};
pub use nik::NikLevel;
pub use place::PlaceLevel;
pub(crate) use place::compare as common_place;
pub use sex::SexLevel;

/// How far two identities agree; `None` where a side says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    pub nik: Option<NikLevel>,
    pub name: Option<NameLevel>,
    pub birth: Option<BirthLevel>,
    pub sex: Option<SexLevel>,
    pub place: Option<PlaceLevel>,
    pub mother_name: Option<NameLevel>,
}

/// A comparison with how surprising it is that the names share what they share, in bits.
#[derive(Clone, Copy)]
pub(crate) struct Compared {
    pub(crate) levels: Comparison,
    pub(crate) name_bits: f32,
    pub(crate) mother_name_bits: f32,
}

impl Comparison {
    /// The position of a field's level among the levels of its kind.
    pub(crate) fn position(self, field: Field) -> Option<usize> {
        match field {
            Field::Nik => self.nik.map(NikLevel::position),
            Field::Name => self.name.map(NameLevel::position),
            Field::Birth => self.birth.map(BirthLevel::position),
            Field::Sex => self.sex.map(SexLevel::position),
            Field::Place => self.place.map(PlaceLevel::position),
            Field::MotherName => self.mother_name.map(NameLevel::position),
        }
    }

    /// As a store keeps it: the position of each field's level, in the order of [`Field::ALL`].
    #[must_use]
    pub fn to_bytes(self) -> [u8; Field::ALL.len()] {
        Field::ALL.map(|field| {
            let position = self.position(field).and_then(|at| u8::try_from(at).ok());
            position.unwrap_or(SAYS_NOTHING)
        })
    }

    /// Reads what [`Self::to_bytes`] wrote; `None`: nobody wrote that.
    #[must_use]
    pub fn from_bytes(bytes: [u8; Field::ALL.len()]) -> Option<Self> {
        let [nik, name, birth, sex, place, mother_name] = bytes;
        Some(Self {
            nik: level(NikLevel::ALL, nik).ok()?,
            name: level(NameLevel::ALL, name).ok()?,
            birth: level(BirthLevel::ALL, birth).ok()?,
            sex: level(SexLevel::ALL, sex).ok()?,
            place: level(PlaceLevel::ALL, place).ok()?,
            mother_name: level(NameLevel::ALL, mother_name).ok()?,
        })
    }

    /// What weights and explanations call a field's level.
    pub(crate) fn code(self, field: Field) -> Option<&'static str> {
        codes(field).get(self.position(field)?).copied()
    }
}

/// Stands for a field of which a side says nothing.
const SAYS_NOTHING: u8 = u8::MAX;

/// A position that no level has.
struct NoLevel;

fn level<L: Copy>(all: &[L], byte: u8) -> Result<Option<L>, NoLevel> {
    if byte == SAYS_NOTHING {
        return Ok(None);
    }
    all.get(usize::from(byte))
        .map(|level| Some(*level))
        .ok_or(NoLevel)
}

impl Compared {
    pub(crate) fn of(left: &Identity, right: &Identity, terms: &Terms) -> Self {
        Self::of_sides(&Side::of(left), &Side::of(right), terms)
    }

    pub(crate) fn of_sides<L: Words, R: Words>(left: &Side<L>, right: &Side<R>, terms: &Terms) -> Self {
        let mut compared = Self::but_names(left, right);
        compared.names(left, right, terms);
        compared.mother_names(left, right, terms);
        compared
    }

    /// What is quickly compared. Names are still to come.
    pub(crate) fn but_names<L: Words, R: Words>(left: &Side<L>, right: &Side<R>) -> Self {
        let birth = birth_level((left.nik, left.birth), (right.nik, right.birth));
        let levels = Comparison {
            nik: both(left.nik, right.nik, |left, right| {
                nik::compare(left, right, birth)
            }),
            birth,
            sex: both(left.sex, right.sex, sex::compare),
            place: both(left.place, right.place, place::compare),
            ..Comparison::default()
        };
        Self {
            levels,
            name_bits: 0.0,
            mother_name_bits: 0.0,
        }
    }

    pub(crate) fn names<L: Words, R: Words>(&mut self, left: &Side<L>, right: &Side<R>, terms: &Terms) {
        let agreement = both(left.name, right.name, name::compare);
        (self.levels.name, self.name_bits) = level_and_bits(agreement, (left, right), terms);
    }

    pub(crate) fn mother_names<L: Words, R: Words>(
        &mut self,
        left: &Side<L>,
        right: &Side<R>,
        terms: &Terms,
    ) {
        let agreement = both(left.mother_name, right.mother_name, name::compare);
        (self.levels.mother_name, self.mother_name_bits) = level_and_bits(agreement, (left, right), terms);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "millions of pairs are kept; bits need no more digits"
)]
fn level_and_bits<L, R>(
    agreement: Option<NameAgreement>,
    (left, right): (&Side<L>, &Side<R>),
    terms: &Terms,
) -> (Option<NameLevel>, f32) {
    agreement.map_or((None, 0.0), |agreement| {
        let regency = common_regency(left.place, right.place);
        (Some(agreement.level), terms.bits(&agreement, regency) as f32)
    })
}

/// One of two that are compared, wherever the words of their names are kept.
pub(crate) struct Side<N> {
    pub(crate) nik: Option<Nik>,
    pub(crate) birth: Option<Birth>,
    pub(crate) sex: Option<Sex>,
    pub(crate) place: Option<RegionCode>,
    pub(crate) name: Option<N>,
    pub(crate) mother_name: Option<N>,
}

impl<'a> Side<&'a Name> {
    pub(crate) const fn of(identity: &'a Identity) -> Self {
        Self {
            nik: identity.nik,
            birth: identity.birth,
            sex: identity.sex,
            place: identity.place,
            name: identity.name.as_ref(),
            mother_name: identity.mother_name.as_ref(),
        }
    }
}

/// The dates in NIK speak, too: where one side has no NIK they outlive a birth date that was put as 1 January, and where
/// a side states no birth date they stand for it.
fn birth_level(
    (left_nik, left): (Option<Nik>, Option<Birth>),
    (right_nik, right): (Option<Nik>, Option<Birth>),
) -> Option<BirthLevel> {
    let stated = both(left, right, birth::compare);
    let other = match (left_nik, right_nik) {
        (None, Some(nik)) => by_nik(nik, left),
        (Some(nik), None) => by_nik(nik, right),
        (Some(left_nik), Some(right_nik)) if stated.is_none() && !nik::are_near(left_nik, right_nik) => {
            by_nik(left_nik, right).or_else(|| by_nik(right_nik, left))
        }
        (None, None) | (Some(_), Some(_)) => None,
    };
    match (stated, other) {
        (Some(stated), Some(other)) => Some(stated.min(other)),
        (stated, other) => stated.or(other),
    }
}

fn by_nik(nik: Nik, birth: Option<Birth>) -> Option<BirthLevel> {
    let birth = birth?;
    Some(birth::compare(nik.birth_near(birth.year)?, birth))
}

/// The regency in which both are known to live.
fn common_regency(left: Option<RegionCode>, right: Option<RegionCode>) -> Option<RegionCode> {
    let regency = left?.regency();
    regency.filter(|_| regency == right.and_then(RegionCode::regency))
}

fn both<L, R, T>(left: Option<L>, right: Option<R>, compare: impl FnOnce(L, R) -> T) -> Option<T> {
    Some(compare(left?, right?))
}

#[cfg(test)]
mod tests;
