//! What a decision keeps for those who ask why.

use serasi_geography::atlas;
use sha2::{Digest, Sha256};

use super::{BANDUNG, BANDUNG_OTHER, GARUT, NOW, entry, facts, search};
use crate::cluster::Cluster;
use crate::facility::FacilityState;
use crate::need::{ServiceBase, Target, Urgency};
use crate::routing::decision::Outcome;
use crate::routing::rules::RULES_VERSION;
use crate::text::Text;

#[test]
fn near_misses_that_may_change_come_first() {
    let case = facts(BANDUNG, Urgency::Regular);
    let mut wrong_target = entry(1, BANDUNG, Some(9));
    wrong_target.facility.profile.targets = Target::Community.into();
    let full_and_farther = entry(2, GARUT, Some(0));
    let found = search(&case, vec![wrong_target, full_and_farther]);
    let misses: Vec<_> = found
        .decision
        .near_misses
        .iter()
        .map(|miss| {
            (
                miss.facility.uuid().as_u128(),
                miss.rejection.as_ref().unwrap().temporary,
            )
        })
        .collect();
    assert_eq!(misses, [(2, true), (1, false)]);
}

#[test]
fn where_nobody_may_take_a_case_the_houses_of_another_kind_are_told() {
    let mut elderly = entry(1, BANDUNG, Some(9));
    elderly.facility.profile.clusters = Cluster::Lansia.into();
    let found = search(&facts(BANDUNG, Urgency::Regular), vec![elderly]);
    assert_eq!(found.decision.outcome, Outcome::NoCandidate);
    let miss = found.decision.near_misses[0].rejection.as_ref().unwrap();
    assert_eq!((miss.rule.as_str(), miss.temporary), ("serves_cluster", false));
}

/// If this fails, decisions that are stored can no longer be replayed: raise `RULES_VERSION`, then take the new digest.
#[test]
fn rules_of_one_version_give_the_bytes_they_always_gave() {
    let mut stale = entry(4, BANDUNG, Some(3));
    stale.pools[0].valid_until = NOW;
    let mut suspended = entry(5, BANDUNG, Some(3));
    suspended.facility.state = FacilityState::Suspended {
        reason: Text::new("uji").unwrap(),
        until: None,
    };
    let all = vec![
        entry(1, BANDUNG_OTHER, Some(2)),
        entry(2, BANDUNG, Some(9)),
        entry(3, GARUT, Some(0)),
        stale,
        suspended,
    ];
    let bytes = search(&facts(BANDUNG, Urgency::Regular), all).decision.to_bytes();
    let digest: String = Sha256::digest(bytes)[..8]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!((RULES_VERSION, digest.as_str()), (1, "81c28a24f6522982"));
}

#[test]
fn a_decision_stays_small_however_many_are_considered() {
    let places: Vec<String> = atlas()
        .regencies()
        .map(|region| region.code.to_string())
        .collect();
    let entries = (0..2_000_u128)
        .map(|number| {
            let free = i32::try_from(number % 3).unwrap();
            entry(
                number,
                &places[usize::try_from(number).unwrap() % places.len()],
                Some(free),
            )
        })
        .collect();
    let found = search(&facts(BANDUNG, Urgency::Urgent), entries);
    let bytes = serde_json::to_vec(&found.decision).unwrap().len();
    assert!(bytes <= 16 * 1024, "{bytes} bytes");
    assert_eq!(found.decision.facilities_considered, 2_000);
}

#[test]
fn the_age_of_the_capacity_is_that_of_the_places_in_question() {
    let mut house = entry(1, BANDUNG, Some(3));
    let mut newer = house.pools[0].clone();
    newer.key.base = ServiceBase::Family;
    newer.observed_at = NOW;
    house.pools.push(newer);
    house.pools.sort_by_key(|pool| pool.key);
    let found = search(&facts(BANDUNG, Urgency::Regular), vec![house]);
    assert_eq!(found.decision.ranked[0].capacity_age_minutes, Some(60));
}
