//! The cases of the demo: they parse, they cover the country and the contract, and the three that must
//! fail or be recognised are there once.

use std::collections::{BTreeMap, BTreeSet};

use serasi_geography::{Coordinates, RegionCode, atlas};
use serasi_proto::v1::{Channel, Cluster, Intake, Person, Sex, Target, Urgency};

const CASES: &str = include_str!("../../serasi/demo/cases.jsonl");
/// Source key of the case that breaks several rules at once.
const MALFORMED: &str = "PJK-KPG-2026-0241";

fn cases() -> Vec<Intake> {
    CASES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// All but the one that is malformed on purpose.
fn sound_cases() -> impl Iterator<Item = Intake> {
    cases().into_iter().filter(|case| case.source_ref != MALFORMED)
}

fn district_or_larger(case: &Intake) -> RegionCode {
    if !case.region_code.is_empty() {
        return case.region_code.parse().unwrap();
    }
    let point = Coordinates::new(case.latitude_deg.unwrap(), case.longitude_deg.unwrap());
    atlas().nearest_district(point.unwrap())
}

fn distinct(value: impl Fn(&Intake) -> i32) -> BTreeSet<i32> {
    sound_cases().map(|case| value(&case)).collect()
}

#[test]
fn there_are_forty_and_each_says_what_happened() {
    assert_eq!(cases().len(), 40);
    for case in sound_cases() {
        assert!((100..8000).contains(&case.story.len()), "{}", case.source_ref);
        assert!(case.legal_basis != 0 && case.channel != 0, "{}", case.source_ref);
        let report_time = case.report_time.unwrap();
        // 2026-11-01 to 2026-11-21, UTC.
        assert!(
            (1_793_491_200..1_795_219_200).contains(&report_time.seconds),
            "{}",
            case.source_ref
        );
    }
}

#[test]
fn they_cover_clusters_channels_urgencies_and_targets() {
    let clusters = [
        Cluster::Unspecified,
        Cluster::Anak,
        Cluster::Disabilitas,
        Cluster::TunaSosialKpo,
        Cluster::Napza,
        Cluster::Lansia,
    ];
    assert_eq!(distinct(|case| case.cluster), clusters.map(i32::from).into());
    let channels = [Channel::Complaint, Channel::Outreach, Channel::Referral];
    assert_eq!(distinct(|case| case.channel), channels.map(i32::from).into());
    let urgencies = [Urgency::Regular, Urgency::Urgent, Urgency::Emergency];
    assert_eq!(distinct(|case| case.urgency), urgencies.map(i32::from).into());
    let targets = [
        Target::Individual,
        Target::Family,
        Target::Group,
        Target::Community,
    ];
    assert_eq!(distinct(|case| case.target), targets.map(i32::from).into());
}

#[test]
fn they_come_from_the_whole_country() {
    let provinces: BTreeSet<_> = sound_cases()
        .map(|case| district_or_larger(&case).province())
        .collect();
    assert!(provinces.len() >= 25, "{provinces:?}");
    for case in sound_cases() {
        assert!(
            atlas().place(district_or_larger(&case)).is_some(),
            "{}",
            case.source_ref
        );
    }
}

#[test]
fn the_five_clusters_of_the_pilot_are_at_their_places() {
    let pilot = [
        (Cluster::Disabilitas, "33.72."),
        (Cluster::Lansia, "73.06."),
        (Cluster::Napza, "33.02."),
        (Cluster::Anak, "33.08."),
        (Cluster::TunaSosialKpo, "32.75."),
    ];
    for (cluster, regency) in pilot {
        let is_there = |case: &Intake| case.cluster() == cluster && case.region_code.starts_with(regency);
        assert!(sound_cases().any(|case| is_there(&case)), "{regency}");
    }
}

#[test]
fn some_wait_for_triage_and_some_are_known_by_category_only() {
    let open: Vec<_> = sound_cases()
        .filter(|case| case.cluster() == Cluster::Unspecified)
        .collect();
    assert_eq!(
        open.iter().filter(|case| case.ppks_category.is_empty()).count(),
        1
    );
    assert!(open.len() > 5);
}

#[test]
fn one_report_is_sent_twice_and_one_key_has_two_stories() {
    let mut by_key: BTreeMap<_, Vec<Intake>> = BTreeMap::new();
    for case in cases() {
        let key = (case.source_system.clone(), case.source_ref.clone());
        by_key.entry(key).or_default().push(case);
    }
    let repeated: Vec<_> = by_key.into_values().filter(|cases| cases.len() > 1).collect();
    assert!(repeated.iter().all(|cases| cases.len() == 2));
    let same = repeated.iter().filter(|cases| cases[0] == cases[1]).count();
    assert_eq!((same, repeated.len()), (1, 2));
}

#[test]
fn one_is_malformed_in_several_ways() {
    let malformed: Vec<_> = cases()
        .into_iter()
        .filter(|case| case.source_ref == MALFORMED)
        .collect();
    let [case] = &malformed[..] else {
        panic!("one case")
    };
    assert_eq!(case.story, "");
    assert_eq!(atlas().region(case.region_code.parse().unwrap()), None);
    assert_eq!(case.persons[0].nik.len(), 15);
    assert_eq!(case.persons[0].birth_date, "2012-02-30");
}

#[test]
fn a_nik_agrees_with_birth_date_sex_and_region() {
    let mut seen = BTreeSet::new();
    let persons = sound_cases().flat_map(|case| case.persons);
    for person in persons.filter(|person| !person.nik.is_empty()) {
        let (issue, born) = nik_parts(&person);
        assert_eq!(person.nik.len(), 16);
        assert!(atlas().region(issue).is_some(), "{issue}");
        assert_eq!(born, expected_birth_digits(&person), "{}", person.name);
        assert_ne!(&person.nik[12..], "0000");
        seen.insert(person.nik);
    }
    assert!(seen.len() >= 20, "{}", seen.len());
}

#[test]
fn people_without_papers_are_among_them() {
    let persons: Vec<_> = sound_cases().flat_map(|case| case.persons).collect();
    let count = |has: fn(&Person) -> bool| persons.iter().filter(|person| has(person)).count();
    assert!(count(|person| person.nik.is_empty()) > 10);
    assert!(count(|person| person.name.is_empty()) >= 3);
    assert!(count(|person| person.birth_date.len() == 4) > 5);
    assert!(count(|person| person.estimated_age_years.is_some()) > 5);
    assert!(sound_cases().any(|case| case.persons.is_empty() && case.target() == Target::Individual));
    assert!(sound_cases().filter(|case| case.region_code.is_empty()).count() >= 3);
}

/// District of issue and the digits of the birth date.
fn nik_parts(person: &Person) -> (RegionCode, String) {
    let nik = &person.nik;
    let district = format!("{}.{}.{}", &nik[..2], &nik[2..4], &nik[4..6]);
    (district.parse().unwrap(), nik[6..12].to_owned())
}

/// `DDMMYY` with 40 added to the day for women.
fn expected_birth_digits(person: &Person) -> String {
    let [year, month, day] = person.birth_date.split('-').collect::<Vec<_>>()[..] else {
        panic!("a NIK needs a birth date here: {}", person.name)
    };
    let day: u8 = day.parse().unwrap();
    let day = match person.sex() {
        Sex::Female => day + 40,
        Sex::Male => day,
        Sex::Unspecified => panic!("a NIK tells the sex: {}", person.name),
    };
    format!("{day:02}{month}{}", &year[2..])
}
