//! The keys that an identity is found by.

use std::hash::BuildHasher;

use foldhash::quality::FixedState;
use serasi_geography::RegionCode;

use crate::Birth;
use crate::compare::Side;
use crate::name::{Token, Words};

/// A key of one pass.
#[derive(Clone, Copy)]
pub(crate) struct Key {
    pub(super) hash: u64,
    pub(super) says: Says,
}

/// How much it says that two share a key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Says {
    /// Many strangers do.
    Little,
    Something,
    /// A part of a NIK: always enough.
    Much,
}

/// The passes. The number keeps keys of different passes apart.
#[derive(Clone, Copy)]
enum Pass {
    NikHead,
    NikTail,
    NikBirthAndToken,
    TokenAndBirthYear,
    BirthDateAndRegency,
    MotherTokenAndBirthDate,
    TwoTokensAndRegency,
    TokenAndDistrict,
    TokenAndDayAndRegency,
    NameAndMother,
    MotherAndBirthYear,
    /// The first letters outlive most slips.
    StartAndBirthDate,
    /// A rare name is found wherever its bearer lives; a common one shares its key with too many.
    WholeName,
}

impl Pass {
    const fn says(self) -> Says {
        match self {
            Self::NikHead | Self::NikTail => Says::Much,
            Self::NikBirthAndToken
            | Self::BirthDateAndRegency
            | Self::MotherTokenAndBirthDate
            | Self::TwoTokensAndRegency
            | Self::TokenAndDayAndRegency
            | Self::NameAndMother
            | Self::MotherAndBirthYear
            | Self::StartAndBirthDate => Says::Something,
            Self::TokenAndBirthYear | Self::TokenAndDistrict | Self::WholeName => Says::Little,
        }
    }
}

/// Adds the keys of an identity.
pub(crate) fn keys_of<N: Words>(identity: &Side<N>, keys: &mut Vec<Key>) {
    let mut add = |pass: Pass, [first, second, third]: [u64; 3]| {
        keys.push(Key {
            // Numbers one by one: an array is hashed as bytes of any length, which takes longer.
            hash: FixedState::default().hash_one((pass as u64, first, second, third)),
            says: pass.says(),
        });
    };
    let regency = identity.place.and_then(RegionCode::regency).map(place_key);
    let birth_date = identity.birth.and_then(Birth::full);

    if let Some(nik) = identity.nik {
        add(Pass::NikHead, [nik.head(), 0, 0]);
        add(Pass::NikTail, [nik.tail(), 0, 0]);
    }
    if let (Some(date), Some(regency)) = (birth_date, regency) {
        add(Pass::BirthDateAndRegency, [date, regency, 0]);
    }
    for token in tokens(identity.mother_name.as_ref()) {
        if let Some(date) = birth_date {
            add(Pass::MotherTokenAndBirthDate, [token.key, date, 0]);
        }
    }
    if let (Some(mother), Some(birth)) = (&identity.mother_name, identity.birth) {
        add(
            Pass::MotherAndBirthYear,
            [mother.joined_key(), u64::from(birth.year), 0],
        );
    }
    if let Some(name) = &identity.name {
        add(Pass::WholeName, [name.joined_key(), 0, 0]);
    }
    if let (Some(name), Some(mother)) = (&identity.name, &identity.mother_name) {
        add(Pass::NameAndMother, [name.joined_key(), mother.joined_key(), 0]);
    }
    for (position, token) in tokens(identity.name.as_ref()).enumerate() {
        // Nur Noor is one word twice, and no two things in common.
        if tokens(identity.name.as_ref())
            .take(position)
            .any(|before| before.key == token.key)
        {
            continue;
        }
        keys_of_token(identity, token, &mut add);
        for other in tokens(identity.name.as_ref()).skip(position + 1) {
            if let Some(regency) = regency {
                let pair = [token.key.min(other.key), token.key.max(other.key), regency];
                add(Pass::TwoTokensAndRegency, pair);
            }
        }
    }
}

/// The passes that join one word of the name with something else.
fn keys_of_token<N: Words>(identity: &Side<N>, token: &Token, add: &mut impl FnMut(Pass, [u64; 3])) {
    let regency = identity.place.and_then(RegionCode::regency).map(place_key);
    let district = identity.place.and_then(RegionCode::district).map(place_key);
    if let Some(nik) = identity.nik {
        add(Pass::NikBirthAndToken, [nik.birth_part(), token.key, 0]);
    }
    if let Some(district) = district {
        add(Pass::TokenAndDistrict, [token.key, district, 0]);
    }
    let Some(birth) = identity.birth else { return };
    add(Pass::TokenAndBirthYear, [token.key, u64::from(birth.year), 0]);
    let Some(date) = birth.full() else { return };
    add(Pass::StartAndBirthDate, [token.start_key, date, 0]);
    if let Some(regency) = regency {
        add(Pass::TokenAndDayAndRegency, [token.key, date % 10_000, regency]);
    }
}

/// Initials stand for too many.
fn tokens<N: Words>(name: Option<&N>) -> impl Iterator<Item = &Token> {
    let tokens = name.into_iter().flat_map(Words::iter);
    tokens.filter(|token| !token.is_initial())
}

fn place_key(place: RegionCode) -> u64 {
    FixedState::default().hash_one(place)
}
