//! Two identities side by side, field by field.
//!
//! One comparator a file; each turns two values into one of a few levels. What is missing on either side says
//! nothing. Levels carry no personal data: they may be stored and shown.

mod birth;
mod name;
mod nik;
mod place;
mod sex;

use crate::terms::Terms;
use crate::{Field, Identity};

pub use birth::BirthLevel;
pub use name::NameLevel;
pub(crate) use name::{NameAgreement, TokenShare};
pub use nik::NikLevel;
pub use place::PlaceLevel;
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
pub(crate) struct Compared {
    pub(crate) levels: Comparison,
    pub(crate) name_bits: f64,
    pub(crate) mother_name_bits: f64,
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
}

impl Compared {
    pub(crate) fn of(left: &Identity, right: &Identity, terms: &Terms) -> Self {
        let name = both(left.name.as_ref(), right.name.as_ref(), name::compare);
        let mother_name = both(
            left.mother_name.as_ref(),
            right.mother_name.as_ref(),
            name::compare,
        );
        let birth = both(left.birth, right.birth, birth::compare);
        let bits = |agreement: &NameAgreement| terms.bits(agreement);
        Self {
            levels: Comparison {
                nik: both(left.nik, right.nik, nik::compare).map(|nik| beside_birth(nik, birth)),
                name: name.as_ref().map(|name| name.level),
                birth,
                sex: both(left.sex, right.sex, sex::compare),
                place: both(left.place, right.place, place::compare),
                mother_name: mother_name.as_ref().map(|name| name.level),
            },
            name_bits: name.as_ref().map_or(0.0, bits),
            mother_name_bits: mother_name.as_ref().map_or(0.0, bits),
        }
    }
}

/// Where both state a birth date that is compared by itself: the NIK must not say it a second time.
fn beside_birth(nik: NikLevel, birth: Option<BirthLevel>) -> NikLevel {
    match (nik, birth) {
        (NikLevel::BirthPartAgrees, Some(_)) => NikLevel::Different,
        (nik, _) => nik,
    }
}

fn both<T, L>(left: Option<T>, right: Option<T>, compare: impl FnOnce(T, T) -> L) -> Option<L> {
    Some(compare(left?, right?))
}
