//! What must hold for any case and any directory. A failing seed is printed and kept beside this file.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, Strategy, any};
use proptest::{prop_assert, prop_assert_eq, proptest};
use serasi_geography::atlas;
use time::Duration;

use super::{NOW, directory, entry, facts, seeker};
use crate::case::CaseFacts;
use crate::cluster::Cluster;
use crate::directory::{Directory, Entry};
use crate::facility::{FacilityKind, FacilityState};
use crate::need::{Places, ServiceBase, Urgency};
use crate::policy::Policy;
use crate::routing::decision::Outcome;
use crate::routing::replay::{DecisionInputs, Missing};
use crate::routing::{
    Candidate, Choice, Decision, REQUIREMENTS, Request, Routing, ScopeTier, Seeker, TravelClass, route,
};
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
            entry.facility.profile.clusters = [Cluster::Anak, Cluster::ALL[cluster]].into_iter().collect();
            if supervised {
                entry.facility.profile.bases.insert(ServiceBase::Family);
            }
            entry.facility.profile.ministry_supervised = supervised;
            if entry.facility.profile.kind.is_balai() {
                let area = if supervised { "32" } else { "73" };
                entry.facility.profile.working_area = vec![area.parse().unwrap(), "35.78".parse().unwrap()];
            }
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
    let of_what = (0..5_usize, 0..3_usize);
    let choices = (proptest::sample::select(regencies), 0..3_usize, 1..4_u16, of_what);
    choices.prop_map(|(place, urgency, places, (cluster, base))| {
        let mut facts = facts(&place, Urgency::ALL[urgency]);
        facts.cluster = Some(Cluster::ALL[cluster]);
        // Most are for residential places, as everybody in these directories has them.
        if cluster == 1 {
            facts.need.base = ServiceBase::ALL[base];
        }
        facts.need.places = Places::try_from(places).unwrap();
        facts
    })
}

/// The case has waited long enough for every tier to be open: only the requirements decide.
fn search(facts: &CaseFacts, entries: Vec<Entry>) -> Routing {
    let seeker = Seeker {
        reported_at: NOW - Duration::days(365),
        ..seeker(facts)
    };
    route(seeker, &directory(entries), &Policy::p7(), NOW).unwrap()
}

/// How many facilities fail which rule first, by a look at each.
fn first_failures(request: &Request<'_>, directory: &Directory) -> BTreeMap<&'static str, u32> {
    let mut counts = BTreeMap::new();
    for entry in directory.entries() {
        let candidate = Candidate::new(entry);
        let first = REQUIREMENTS
            .iter()
            .find(|rule| (rule.check)(request, &candidate).is_err());
        if let Some(rule) = first {
            *counts.entry(rule.name).or_default() += 1;
        }
    }
    counts
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
        let found = route(seeker(&case), &snapshot, &policy, NOW).unwrap();
        let mut request = Request::new(seeker(&case), &snapshot, &policy, NOW).unwrap();
        request.within = found.decision.tier.unwrap_or(ScopeTier::Nation);
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
    fn the_index_finds_and_counts_what_a_look_at_each_would(case in any_case(), entries in any_directory()) {
        let snapshot = directory(entries);
        for policy in [Policy::p7(), Policy::p16()] {
            let found = route(seeker(&case), &snapshot, &policy, NOW).unwrap();
            let mut request = Request::new(seeker(&case), &snapshot, &policy, NOW).unwrap();
            let decision = &found.decision;
            let ladder = &policy.of(case.urgency).ladder;
            let not_yet_open = decision.widens_at.and_then(|at| {
                ladder.iter().rposition(|step| at > NOW && step.after_seconds == 0)
            });
            request.within_class = decision
                .within_minutes
                .map_or(TravelClass::FARTHEST, |end| TravelClass::of(end - 1));
            request.within = decision.tier.or(not_yet_open.map(|last| ladder[last].tier)).unwrap_or(ScopeTier::Nation);
            let mut counted: BTreeMap<&str, u32> = first_failures(&request, &snapshot);
            if decision.outcome == Outcome::Asked {
                // Those who are asked fail only for want of a statement; they are ranked, not excluded.
                let asked = u32::try_from(found.choices.len()).unwrap();
                let places = counted.get_mut("has_places").unwrap();
                *places -= asked;
                if *places == 0 {
                    counted.remove("has_places");
                }
            }
            let recorded: BTreeMap<&str, u32> =
                decision.excluded.iter().map(|count| (count.rule.as_str(), count.facilities)).collect();
            prop_assert_eq!(recorded, counted);
        }
    }

    #[test]
    fn the_same_inputs_replay_to_the_same_bytes(case in any_case(), entries in any_directory(), lose in 0..3_usize) {
        let snapshot = directory(entries);
        let found = route(seeker(&case), &snapshot, &Policy::p7(), NOW).unwrap();
        let mut inputs = DecisionInputs::new(seeker(&case), &snapshot);
        inputs.lost = found.choices.iter().take(lose).map(|choice| choice.facility).collect();
        inputs.passed_over = inputs.lost.len();
        let (made, _) = inputs.settle(found, &snapshot);
        let again = inputs.replay(&made, &snapshot, &Policy::p7()).unwrap();
        prop_assert_eq!(again.to_bytes(), made.to_bytes());
        prop_assert_eq!(inputs.replay(&made, &directory(vec![]), &Policy::p7()), Err(Missing::Directory));
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
