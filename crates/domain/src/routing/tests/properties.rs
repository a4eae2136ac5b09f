//! What must hold for any case and any directory. A failing seed is printed and kept beside this file.

use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serasi_geography::atlas;

use super::{NOW, directory, entry, facts, search};
use crate::case::CaseFacts;
use crate::cluster::Cluster;
use crate::directory::Entry;
use crate::facility::{FacilityKind, FacilityState};
use crate::need::{Places, Urgency};
use crate::policy::Policy;
use crate::routing::{Candidate, Choice, Decision, REQUIREMENTS, Request, route};
use crate::text::Text;

/// Facilities anywhere in the country, in any state of capacity, kind and licence.
fn any_entry(number: u128) -> impl Strategy<Value = Entry> {
    let regencies: Vec<String> = atlas()
        .regencies()
        .map(|region| region.code.to_string())
        .collect();
    let place = proptest::sample::select(regencies);
    (
        place,
        proptest::option::of(0..6_i32),
        0..6_usize,
        0..5_usize,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(move |(place, free, kind, cluster, supervised, suspended)| {
            let mut entry = entry(number, &place, free);
            entry.facility.profile.kind = FacilityKind::ALL[kind];
            entry.facility.profile.clusters = vec![Cluster::ALL[cluster], Cluster::Anak];
            entry.facility.profile.ministry_supervised = supervised;
            if suspended {
                let reason = Text::new("uji").unwrap();
                entry.facility.state = FacilityState::Suspended { reason, until: None };
            }
            entry
        })
}

fn any_directory() -> impl Strategy<Value = Vec<Entry>> {
    (1..24_u128).prop_flat_map(|count| (0..count).map(any_entry).collect::<Vec<_>>())
}

fn any_case() -> impl Strategy<Value = CaseFacts> {
    let regencies: Vec<String> = atlas()
        .regencies()
        .map(|region| region.code.to_string())
        .collect();
    (proptest::sample::select(regencies), 0..3_usize, 1..4_u16).prop_map(|(place, urgency, places)| {
        let mut facts = facts(&place, Urgency::ALL[urgency]);
        facts.need.places = Places::try_from(places).unwrap();
        facts
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn the_same_inputs_give_the_same_bytes_in_whatever_order(
        case in any_case(), entries in any_directory(), turn in 0..24_usize,
    ) {
        let straight = search(&case, entries.clone());
        let mut turned = entries;
        let middle = turn % turned.len();
        turned.rotate_left(middle);
        let again = search(&case, turned);
        prop_assert_eq!(straight.choices, again.choices);
        let bytes = |decision: &Decision| serde_json::to_vec(decision).unwrap();
        prop_assert_eq!(bytes(&straight.decision), bytes(&again.decision));
    }

    #[test]
    fn nobody_is_chosen_who_fails_a_requirement(case in any_case(), entries in any_directory()) {
        let snapshot = directory(entries);
        let policy = Policy::p7();
        let found = route(&case, &[], &snapshot, &policy, NOW).unwrap();
        let request = Request::new(&case, &[], &snapshot, &policy, NOW).unwrap();
        for choice in &found.choices {
            let entry = snapshot.entry(choice.facility).unwrap();
            let candidate = Candidate::new(entry);
            let failed: Vec<_> = REQUIREMENTS
                .iter()
                .filter(|rule| (rule.check)(&request, &candidate).is_err())
                .map(|rule| rule.name)
                .collect();
            let may_fail: &[&str] = if choice.holds_places { &[] } else { &["has_places"] };
            prop_assert_eq!(failed, may_fail);
        }
    }

    #[test]
    fn taking_a_facility_away_never_makes_another_one_able(case in any_case(), entries in any_directory()) {
        let all = search(&case, entries.clone());
        let fewer = search(&case, entries.into_iter().skip(1).collect());
        if all.choices.is_empty() {
            prop_assert!(fewer.choices.is_empty());
        }
    }

    #[test]
    fn one_more_requirement_never_adds_a_candidate(case in any_case(), entries in any_directory()) {
        let wide = search(&case, entries.clone());
        let mut strict = case;
        strict.need.excluded_regions = vec!["32".parse().unwrap(), "35".parse().unwrap()];
        let narrow = search(&strict, entries);
        prop_assert!(!wide.choices.is_empty() || narrow.choices.is_empty());
        let is_excluded = |choice: &Choice| {
            ["32", "35"].contains(&choice.facility.home().code().province().unwrap().to_string().as_str())
        };
        prop_assert!(!narrow.choices.iter().any(is_excluded));
    }
}
