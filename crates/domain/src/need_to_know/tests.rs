use serasi_geography::RegionCode;

use super::*;
use crate::need::{Places, ServiceBase, Target, Urgency};
use crate::person::Sex;

fn member(age: Option<u8>) -> PartyMember {
    PartyMember {
        sex: Some(Sex::Female),
        age: age.map(AgeYears),
        access_needs: vec![],
    }
}

fn facts(cluster: Option<Cluster>, category: Option<&str>, age: Option<u8>) -> CaseFacts {
    CaseFacts {
        cluster,
        ppks_category: category.map(|code| PpksCode::try_from(code.to_owned()).unwrap()),
        urgency: Urgency::Regular,
        target: Target::Individual,
        criteria: vec![],
        need: Need {
            base: ServiceBase::Residential,
            forms: enumset::EnumSet::empty(),
            places: Places::ONE,
            excluded_facilities: vec!["3273-01933b5c-7a3e-7c3a-9d55-0242ac120002".parse().unwrap()],
            excluded_regions: vec!["32.04".parse().unwrap()],
        },
        place: "32.73.01.1001".parse().unwrap(),
        party: vec![member(age)],
    }
}

#[test]
fn children_the_trafficked_and_drug_users_are_masked_and_so_is_what_may_be_one_of_them() {
    let cases = [
        (Some(Cluster::Anak), None, None, Some(MaskReason::Child)),
        (
            Some(Cluster::Disabilitas),
            None,
            Some(17),
            Some(MaskReason::Child),
        ),
        (Some(Cluster::Disabilitas), None, Some(18), None),
        (
            Some(Cluster::Disabilitas),
            Some("anak_disabilitas"),
            None,
            Some(MaskReason::Child),
        ),
        (Some(Cluster::Napza), None, Some(30), Some(MaskReason::Drugs)),
        (None, Some("korban_napza"), Some(30), Some(MaskReason::Drugs)),
        (
            Some(Cluster::TunaSosialKpo),
            Some("korban_trafficking"),
            Some(30),
            Some(MaskReason::Trafficking),
        ),
        (
            Some(Cluster::TunaSosialKpo),
            None,
            Some(30),
            Some(MaskReason::Trafficking),
        ),
        (Some(Cluster::TunaSosialKpo), Some("gelandangan"), Some(30), None),
        (Some(Cluster::Lansia), Some("lansia_telantar"), Some(70), None),
        (Some(Cluster::Lansia), None, None, None),
        (None, None, Some(30), Some(MaskReason::Unclassified)),
    ];
    for (cluster, category, age, expected) in cases {
        let facts = facts(cluster, category, age);
        let sight = Sight::of(Standing::Onlooker, &facts);
        assert_eq!(sight.mask(), expected, "{cluster:?} {category:?} {age:?}");
        assert_eq!(Sight::of(Standing::Assigned, &facts), Sight::Whole);
    }
}

#[test]
fn a_facility_sees_what_a_decision_needs_and_afterwards_less_whatever_the_case() {
    let open = facts(Some(Cluster::Lansia), None, Some(70));
    let asked = Sight::of(Standing::Asked, &open);
    assert_eq!(asked.mask(), Some(MaskReason::NotAccepted));
    assert_eq!(asked.party(&open.party), [member(None)]);
    assert_eq!(asked.bands(&open.party), [Some(AgeBand::Elder)]);
    let before = Sight::of(Standing::AskedBefore, &open);
    assert!(before.party(&open.party).is_empty() && before.bands(&open.party).is_empty());
}

#[test]
fn a_masked_case_keeps_its_regency_and_nothing_that_leads_to_the_person() {
    let facts = facts(Some(Cluster::Anak), None, Some(9));
    let masked = Sight::of(Standing::Onlooker, &facts).facts(&facts);
    assert_eq!(masked.place, "32.73".parse::<RegionCode>().unwrap());
    assert!(masked.need.excluded_facilities.is_empty() && masked.need.excluded_regions.is_empty());
    assert_eq!(masked.party, [member(None)]);
    assert_eq!(masked.cluster, facts.cluster);
    assert_eq!(Sight::Whole.facts(&facts), facts);
}

#[test]
fn a_masked_person_is_a_sex_a_regency_and_what_they_need() {
    let person = Person {
        nik: Some("3273014107160001".parse().unwrap()),
        name: Some(Text::new("Melati Contoh").unwrap()),
        birth: Some("2016-07-01".parse().unwrap()),
        estimated_age: Some(AgeYears(10)),
        sex: Some(Sex::Female),
        domicile: Some("32.73.01.1001".parse().unwrap()),
        address: Some(Text::new("Jl. Contoh 1").unwrap()),
        phone: Some("081200000001".parse().unwrap()),
        mother_name: Some(Text::new("Dahlia Contoh").unwrap()),
        access_needs: vec![],
        relation: None,
    };
    let masked = Sight::Masked(MaskReason::Child).person(&person);
    let left = Person {
        nik: None,
        name: Some(Text::new("***").unwrap()),
        birth: None,
        estimated_age: None,
        sex: Some(Sex::Female),
        domicile: Some("32.73".parse().unwrap()),
        address: None,
        phone: None,
        mother_name: None,
        access_needs: vec![],
        relation: None,
    };
    assert!(masked == left);
    let nameless = Sight::Masked(MaskReason::Child).person(&Person { name: None, ..person });
    assert!(nameless.name.is_none(), "hidden is told from empty");
}

#[test]
fn ages_fall_into_bands_and_travel_into_hours() {
    let band = |years| AgeBand::of(AgeYears(years));
    assert_eq!((band(5), band(6)), (AgeBand::Toddler, AgeBand::Schoolchild));
    assert_eq!((band(12), band(13)), (AgeBand::Schoolchild, AgeBand::Youth));
    assert_eq!((band(17), band(18)), (AgeBand::Youth, AgeBand::Adult));
    assert_eq!((band(59), band(60)), (AgeBand::Adult, AgeBand::Elder));
    assert_eq!(
        [0, 1, 60, 61, u32::MAX].map(travel_to_hidden),
        [0, 60, 60, 120, u32::MAX]
    );
}
