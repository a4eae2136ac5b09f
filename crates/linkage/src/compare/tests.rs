//! What holds for all identities, not only for those somebody thought of.

use proptest::prelude::*;

use super::Compared;
use crate::terms::Terms;
use crate::{BirthLevel, Identity, NameLevel, NikLevel, PlaceLevel, RawIdentity, SexLevel};

fn anybody() -> impl Strategy<Value = Identity> {
    let nik = prop_oneof![Just(String::new()), "[1-9][0-9]{15}"];
    let name = prop_oneof![
        Just(String::new()),
        "(H\\. |Ibu )?[A-Za-z]{1,9}( [A-Za-z.']{1,9}){0,4}",
        "\\PC{1,40}",
    ];
    let birth = prop_oneof![
        Just(String::new()),
        "(19|20)[0-9]{2}",
        "19[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])",
    ];
    let place = prop_oneof![Just(String::new()), "32(\\.7[1-3](\\.0[1-3](\\.100[1-3])?)?)?"];
    (nik, name.clone(), birth, "[LP]?", place, name).prop_filter_map("unreadable", |fields| {
        let (nik, name, birth, sex, place, mother_name) = &fields;
        Identity::parse(&RawIdentity {
            nik,
            name,
            birth,
            sex,
            place,
            mother_name,
        })
        .ok()
    })
}

proptest! {
    #[test]
    fn who_is_on_which_side_makes_no_difference(left in anybody(), right in anybody()) {
        let terms = Terms::default();
        let (one, other) = (Compared::of(&left, &right, &terms), Compared::of(&right, &left, &terms));
        prop_assert_eq!(one.levels.nik, other.levels.nik);
        prop_assert_eq!(one.levels.birth, other.levels.birth);
        prop_assert_eq!(one.levels.sex, other.levels.sex);
        prop_assert_eq!(one.levels.place, other.levels.place);
    }

    #[test]
    fn everybody_agrees_with_themselves_as_far_as_can_be(one in anybody()) {
        let levels = Compared::of(&one, &one, &Terms::default()).levels;
        prop_assert!(levels.nik.is_none_or(|level| level == NikLevel::Exact));
        prop_assert!(levels.name.is_none_or(|level| level == NameLevel::Exact));
        prop_assert!(levels.mother_name.is_none_or(|level| level == NameLevel::Exact));
        prop_assert!(levels.birth.is_none_or(|level| matches!(level, BirthLevel::Exact | BirthLevel::YearOnly)));
        prop_assert!(levels.sex.is_none_or(|level| level == SexLevel::Same));
        prop_assert!(levels.place.is_none_or(|level| level <= PlaceLevel::Province));
    }

    #[test]
    fn no_text_is_too_strange_to_be_read_or_refused(text in "\\PC{0,300}", other in any::<String>()) {
        for text in [text, other] {
            let raw = RawIdentity {
                nik: &text,
                name: &text,
                birth: &text,
                sex: &text,
                place: &text,
                mother_name: &text,
            };
            if let Err(errors) = Identity::parse(&raw) {
                prop_assert!(!errors.is_empty());
            }
        }
    }
}
