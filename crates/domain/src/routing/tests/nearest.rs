//! Where the nearest come first, a search need not look at everybody to find whom it would have chosen.

use serasi_geography::atlas;

use super::{BANDUNG, NOW, directory, entry, facts, seeker};
use crate::need::Urgency;
use crate::policy::Policy;
use crate::routing::{Candidate, REQUIREMENTS, Request, route};

#[test]
fn a_search_that_stops_where_enough_are_found_finds_whom_a_look_at_all_would() {
    let places: Vec<String> = atlas()
        .regencies()
        .map(|region| region.code.to_string())
        .collect();
    let entries = (0..600_u128).map(|number| {
        let place = &places[usize::try_from(number * 37).unwrap() % places.len()];
        entry(number, place, Some(i32::try_from(number % 4).unwrap()))
    });
    let snapshot = directory(entries.collect());
    for (place, urgency) in [
        (BANDUNG, Urgency::Urgent),
        (BANDUNG, Urgency::Emergency),
        ("91.71.01", Urgency::Urgent),
        ("95.01.01", Urgency::Emergency),
    ] {
        let case = facts(place, urgency);
        let policy = Policy::p7();
        let found = route(seeker(&case), &snapshot, &policy, NOW).unwrap();
        let request = Request::new(seeker(&case), &snapshot, &policy, NOW).unwrap();
        let mut all: Vec<_> = snapshot
            .entries()
            .map(Candidate::new)
            .filter(|candidate| {
                REQUIREMENTS
                    .iter()
                    .all(|rule| (rule.check)(&request, candidate).is_ok())
            })
            .map(|candidate| {
                let preferences = policy.of(urgency).preferences.iter();
                let costs: Vec<i64> = preferences
                    .map(|name| (name.rule().cost)(&request, &candidate))
                    .collect();
                (costs, candidate.entry.facility.id)
            })
            .collect();
        all.sort();
        let wanted: Vec<_> = all.into_iter().take(32).map(|(_, id)| id).collect();
        let choices: Vec<_> = found.choices.iter().map(|choice| choice.facility).collect();
        assert_eq!(choices, wanted, "{place} {urgency}");
    }
}
