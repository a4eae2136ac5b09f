use time::macros::date;

use super::*;
use crate::case::CaseFacts;
use crate::deadline::Clock;
use crate::need::{Criterion, Need, Places, ServiceBase, Target};
use crate::person::{AgeYears, PartyMember, Sex};

const SHIPPED: &str = include_str!("../../policies/p7-2021.toml");

/// The paths of what is wrong, in order.
fn paths(policy: &Policy) -> Vec<String> {
    policy.faults().into_iter().map(|fault| fault.path).collect()
}

#[test]
fn shipped_policies_are_valid_and_differ_in_regulation() {
    assert_eq!(Policy::p16().regulation, Regulation::P16);
    assert_eq!(Policy::p7().regulation, Regulation::P7);
    assert_eq!(Policy::p7().emergency.answer.seconds, 15 * 60);
    assert_eq!(Policy::p7().urgent.answer.seconds, 2 * 3600);
    assert!(
        Policy::p7().required.is_empty(),
        "the guidance is the Director General's to enter"
    );
}

#[test]
fn a_regular_case_is_sent_across_the_country_only_after_a_day() {
    for policy in [Policy::p16(), Policy::p7()] {
        let waits: Vec<_> = policy
            .regular
            .ladder
            .iter()
            .map(|step| step.after_seconds)
            .collect();
        assert_eq!(waits, [0, 0, 0, 86_400]);
        let hasty = [&policy.urgent, &policy.emergency];
        assert!(
            hasty
                .iter()
                .all(|urgency| urgency.ladder.iter().all(|step| step.after_seconds == 0))
        );
    }
}

#[test]
fn a_policy_reads_back_what_it_writes() {
    let mut policy = Policy::p7();
    policy.required.insert(Cluster::Anak, vec![RequiredField::Age]);
    let json = serde_json::to_value(&policy).unwrap();
    assert_eq!(json["holidays"][0], "2026-01-01");
    assert_eq!(json["required"]["anak"][0], "age");
    assert_eq!(serde_json::from_value::<Policy>(json).unwrap(), policy);
    let file = toml::to_string(&policy).unwrap();
    assert_eq!(Policy::parse(&file).unwrap(), policy);
}

#[test]
fn a_ladder_that_ends_before_the_nation_is_refused() {
    let step = "\n    { tier = \"nation\", after_seconds = 86400 },";
    let text = SHIPPED.replace(step, "");
    assert_ne!(text, SHIPPED);
    let error = Policy::parse(&text).unwrap_err().to_string();
    assert!(
        error.contains("regular.ladder must end with the nation") && error.contains("P16 Ps.28(2)"),
        "{error}"
    );
}

#[test]
fn an_emergency_that_may_wait_longer_than_an_ordinary_case_is_refused() {
    let text = SHIPPED.replace("seconds = 900,", "seconds = 90000,");
    let error = Policy::parse(&text).unwrap_err().to_string();
    assert!(
        error.contains("emergency.answer.seconds") && error.contains("P16 Ps.10(5)"),
        "{error}"
    );
}

#[test]
fn a_misspelt_key_is_refused() {
    let text = format!("answr = 1\n{SHIPPED}");
    assert!(matches!(Policy::parse(&text), Err(InvalidPolicy::Unreadable(_))));
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_its_path() {
    let mut policy = Policy::p7();
    policy.version = "versi satu".to_owned();
    policy.refusals_before_escalation = 21;
    policy.capacity_validity_hours = 0;
    policy.full_parks_for_hours = 721;
    policy.working_hours.end_hour = 8;
    policy.holidays = vec![
        date!(2026 - 05 - 01),
        date!(2026 - 01 - 01),
        date!(2026 - 01 - 01),
    ];
    policy
        .required
        .insert(Cluster::Napza, vec![RequiredField::Age, RequiredField::Age]);
    policy.retention = Some(Retention {
        identity_years: 10,
        contact_years: 0,
        story_years: 101,
        assessment_years: 1,
    });
    policy.regular.ladder[0].after_seconds = 60;
    policy.regular.ladder[2].tier = ScopeTier::Regency;
    policy.urgent.preferences.push(PreferenceName::TravelClass);
    policy.urgent.review.seconds = 0;
    policy.emergency.preferences.clear();
    policy.urgent.answer.seconds = 90_000;
    policy.emergency.answer.seconds = 90_001;
    policy.emergency.answer.clock = Clock::Working;
    let wanted = [
        "version",
        "refusals_before_escalation",
        "capacity_validity_hours",
        "full_parks_for_hours",
        "working_hours",
        "holidays[1]",
        "holidays[2]",
        "retention.contact_years",
        "retention.story_years",
        "required.napza[1]",
        "regular.ladder[0].after_seconds",
        "regular.ladder[1].after_seconds",
        "regular.ladder[2].tier",
        "urgent.preferences[7]",
        "urgent.review.seconds",
        "urgent.answer.seconds",
        "emergency.preferences",
        "emergency.answer.seconds",
        "emergency.answer.clock",
    ];
    assert_eq!(paths(&policy), wanted);
    let faults = policy.faults();
    let version = policy.version;
    let error = InvalidPolicy::Faulty { version, faults }.to_string();
    assert!(wanted.iter().all(|path| error.contains(path)), "{error}");
}

#[test]
fn versions_are_short_and_plain() {
    let faulty = |version: &str| {
        let mut policy = Policy::p7();
        policy.version = version.to_owned();
        !policy.faults().is_empty()
    };
    assert!(!faulty("P7-2021.2") && !faulty(&"v".repeat(40)));
    assert!(
        ["", "v 1", "v/1", "versi-é", &"v".repeat(41)]
            .into_iter()
            .all(faulty)
    );
}

#[test]
fn what_differs_is_named() {
    let mut other = Policy::p7();
    assert!(Policy::p7().differences(&other).is_empty());
    other.holidays.pop();
    other.urgent.answer.seconds = 60;
    assert_eq!(Policy::p7().differences(&other), ["holidays", "urgent"]);
}

fn facts() -> CaseFacts {
    CaseFacts {
        cluster: Some(Cluster::Anak),
        ppks_category: None,
        urgency: Urgency::Regular,
        target: Target::Individual,
        criteria: vec![],
        need: Need {
            base: ServiceBase::Residential,
            forms: enumset::EnumSet::empty(),
            places: Places::ONE,
            excluded_facilities: vec![],
            excluded_regions: vec![],
        },
        place: "32.73.01".parse().unwrap(),
        party: vec![],
        kept_masked: None,
    }
}

#[test]
fn what_a_cluster_requires_is_missing_until_it_is_known() {
    let mut policy = Policy::p7();
    policy.required.insert(Cluster::Anak, RequiredField::ALL.to_vec());
    let missing = |facts: &CaseFacts| policy.missing(facts).map_or(vec![], |missing| missing.fields);
    let mut case = facts();
    assert_eq!(missing(&case), RequiredField::ALL);
    case.criteria.push(Criterion::Neglect);
    case.need.forms.insert(crate::need::ServiceForm::Therapy);
    case.ppks_category = Some("anak_telantar".to_owned().try_into().unwrap());
    assert_eq!(
        missing(&case),
        [RequiredField::Sex, RequiredField::Age],
        "nobody is known"
    );
    let known = PartyMember {
        sex: Some(Sex::Female),
        age: Some(AgeYears(10)),
        access_needs: vec![],
    };
    case.party = vec![known.clone(), PartyMember { age: None, ..known }];
    assert_eq!(
        missing(&case),
        [RequiredField::Age],
        "the age of one is not known"
    );
    case.party.pop();
    assert!(missing(&case).is_empty());
}

#[test]
fn nothing_is_required_of_an_emergency_another_cluster_or_under_the_shipped_policies() {
    let mut policy = Policy::p7();
    assert_eq!(policy.missing(&facts()), None);
    policy.required.insert(Cluster::Anak, RequiredField::ALL.to_vec());
    assert!(
        policy
            .missing(&facts())
            .unwrap()
            .to_string()
            .contains("P16 Ps.27")
    );
    let emergency = CaseFacts {
        urgency: Urgency::Emergency,
        ..facts()
    };
    let unknown = CaseFacts {
        cluster: None,
        ..facts()
    };
    let old = CaseFacts {
        cluster: Some(Cluster::Lansia),
        ..facts()
    };
    for case in [emergency, unknown, old] {
        assert_eq!(policy.missing(&case), None);
    }
}
