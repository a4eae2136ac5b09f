//! Routing as a whole: who is chosen, and that the choice depends on nothing but its inputs.

use enumset::EnumSet;
use std::sync::Arc;

use serasi_geography::atlas;
use time::Duration;
use time::macros::datetime;

use super::decision::Outcome;
use super::{
    CaseFacts, Cluster, Directory, Entry, Exclusion, ExclusionCause, FacilityId, NotRoutable, OffsetDateTime,
    Policy, PoolKey, Regency, RegionCode, Routing, ScopeTier, Seeker, route,
};
use crate::answers::AnswerRecord;
use crate::capacity::{CapacitySource, Pool};
use crate::facility::{AdmissionRule, Facility, FacilityKind, FacilityProfile, FacilityState};
use crate::intake::SourceKey;
use crate::need::{Criterion, Need, Places, ServiceBase, Target, Urgency};
use crate::text::Text;

const NOW: OffsetDateTime = datetime!(2026-11-21 03:00 UTC);

fn facts(place: &str, urgency: Urgency) -> CaseFacts {
    CaseFacts {
        cluster: Some(Cluster::Anak),
        ppks_category: None,
        urgency,
        target: Target::Individual,
        criteria: vec![Criterion::Neglect],
        need: Need {
            base: ServiceBase::Residential,
            forms: EnumSet::empty(),
            places: Places::ONE,
            excluded_facilities: vec![],
            excluded_regions: vec![],
        },
        place: place.parse().unwrap(),
        party: vec![],
        kept_masked: None,
    }
}

/// An LKS for children at `place` with `free` of 20 places; `None` = never reported.
fn entry(number: u128, place: &str, free: Option<i32>) -> Entry {
    let code: RegionCode = place.parse().unwrap();
    let id = FacilityId::new(Regency::of(code).unwrap(), uuid::Uuid::from_u128(number));
    let profile = FacilityProfile {
        source: SourceKey::new("uji", &number.to_string()).unwrap(),
        kind: FacilityKind::Lks,
        name: Text::new(&format!("LKSA {number}")).unwrap(),
        place: code,
        coordinates: None,
        address: None,
        clusters: EnumSet::only(Cluster::Anak),
        specialisations: EnumSet::empty(),
        bases: EnumSet::only(ServiceBase::Residential),
        forms: EnumSet::empty(),
        targets: EnumSet::empty(),
        admission: AdmissionRule::default(),
        working_area: vec![],
        supervised_by: None,
        partnership: None,
        ministry_supervised: true,
        admission_documents: vec![],
        phone: None,
        email: None,
        location_hidden: None,
    };
    let pool = |free: i32| Pool {
        key: PoolKey::any(ServiceBase::Residential),
        version: 1,
        total: 20,
        occupied: 20 - free,
        held: 0,
        overflow: 0,
        shortfall: 0,
        observed_at: NOW - Duration::HOUR,
        valid_until: NOW + Duration::DAY,
        source: CapacitySource::Facility,
    };
    let facility = Facility {
        id,
        version: 1,
        state: FacilityState::Active,
        profile,
        created_at: NOW,
        changed_at: NOW,
    };
    Entry {
        facility,
        pools: free.map(pool).into_iter().collect(),
        answers: AnswerRecord::default(),
        place: atlas().place(code).unwrap(),
    }
}

fn directory(entries: Vec<Entry>) -> Directory {
    Directory::new(1, entries.into_iter().map(Arc::new).collect())
}

/// A case reported just now that nobody has declined.
fn seeker(facts: &CaseFacts) -> Seeker<'_> {
    Seeker {
        facts,
        reported_at: NOW,
        exclusions: &[],
    }
}

fn search(facts: &CaseFacts, entries: Vec<Entry>) -> Routing {
    route(seeker(facts), &directory(entries), &Policy::p7(), NOW).unwrap()
}

/// Number of the facility chosen.
fn chosen(routing: &Routing) -> Option<u128> {
    routing
        .choices
        .first()
        .map(|choice| choice.facility.uuid().as_u128())
}

const BANDUNG: &str = "32.73.01";
const BANDUNG_OTHER: &str = "32.73.20";
const GARUT: &str = "32.05.01";
const SURABAYA: &str = "35.78.01";

#[test]
fn an_ordinary_case_stays_in_its_regency_then_its_province_then_the_nation() {
    let case = facts(BANDUNG, Urgency::Regular);
    let all = || {
        vec![
            entry(1, SURABAYA, Some(9)),
            entry(2, GARUT, Some(9)),
            entry(3, BANDUNG_OTHER, Some(1)),
        ]
    };
    assert_eq!(chosen(&search(&case, all())), Some(3));
    assert_eq!(
        chosen(&search(&case, all().into_iter().take(2).collect())),
        Some(2)
    );
    let far = search(&case, all().into_iter().take(1).collect());
    assert_eq!(
        (chosen(&far), far.decision.tier),
        (Some(1), Some(ScopeTier::Nation))
    );
}

#[test]
fn the_working_area_of_the_responsible_balai_comes_before_the_nation() {
    // The balai in Surabaya answers for Bandung and for Makassar by its list, which is not contiguous.
    let mut balai = entry(1, SURABAYA, Some(0));
    balai.facility.profile.kind = FacilityKind::Balai;
    balai.facility.profile.working_area = vec!["32.73".parse().unwrap(), "73.71".parse().unwrap()];
    let in_area = entry(2, "73.71.01", Some(5));
    let nearer_but_outside = entry(3, "33.74.01", Some(5));
    let found = search(
        &facts(BANDUNG, Urgency::Regular),
        vec![balai, in_area, nearer_but_outside],
    );
    assert_eq!(
        (chosen(&found), found.decision.tier),
        (Some(2), Some(ScopeTier::WorkingArea))
    );
}

#[test]
fn an_emergency_goes_to_the_nearest_that_can_whatever_the_scope() {
    // Cimahi's neighbour Bandung is another regency; Garut is the case's own.
    let near = entry(1, BANDUNG, Some(1));
    let own_but_far = entry(2, "32.05.33", Some(9));
    let case = facts("32.05.15", Urgency::Emergency);
    let (to_near, to_own) = (
        atlas()
            .travel(atlas().place(case.place).unwrap(), near.place)
            .minutes
            .get(),
        atlas()
            .travel(atlas().place(case.place).unwrap(), own_but_far.place)
            .minutes
            .get(),
    );
    assert!(to_near != to_own, "the scene needs two distances");
    let nearest = if to_near < to_own { 1 } else { 2 };
    assert_eq!(chosen(&search(&case, vec![near, own_but_far])), Some(nearest));
}

#[test]
fn under_p7_a_balai_serves_every_cluster_and_under_p16_only_its_own() {
    let mut balai = entry(1, BANDUNG_OTHER, Some(5));
    balai.facility.profile.kind = FacilityKind::Balai;
    balai.facility.profile.clusters = EnumSet::only(Cluster::Lansia);
    let case = facts(BANDUNG, Urgency::Regular);
    let found = |policy: &Policy| route(seeker(&case), &directory(vec![balai.clone()]), policy, NOW).unwrap();
    assert_eq!(found(&Policy::p7()).decision.outcome, Outcome::Offered);
    assert_eq!(found(&Policy::p16()).decision.outcome, Outcome::NoCandidate);
}

#[test]
fn under_p16_an_lks_needs_a_partnership_in_force() {
    let case = facts(BANDUNG, Urgency::Regular);
    let mut partner = entry(1, BANDUNG_OTHER, Some(5));
    let found = |entry: &Entry| {
        let routing = route(
            seeker(&case),
            &directory(vec![entry.clone()]),
            &Policy::p16(),
            NOW,
        )
        .unwrap();
        routing.decision.outcome
    };
    assert_eq!(found(&partner), Outcome::NoCandidate);
    let from = NOW.date() - Duration::DAY;
    partner.facility.profile.partnership = Some(crate::facility::Partnership { from, until: None });
    assert_eq!(found(&partner), Outcome::Offered);
    partner.facility.profile.partnership = Some(crate::facility::Partnership {
        from,
        until: Some(from),
    });
    assert_eq!(found(&partner), Outcome::NoCandidate);
}

#[test]
fn unknown_capacity_is_asked_only_where_nobody_is_known_to_have_room() {
    let case = facts(BANDUNG, Urgency::Regular);
    let unknown_near = entry(1, BANDUNG, None);
    let known_near = entry(2, BANDUNG_OTHER, Some(1));
    let known_far = entry(3, SURABAYA, Some(9));
    let found = search(&case, vec![unknown_near.clone(), known_near]);
    assert_eq!((chosen(&found), found.choices[0].holds_places), (Some(2), true));
    let found = search(&case, vec![unknown_near.clone(), known_far.clone()]);
    assert_eq!((chosen(&found), found.choices[0].holds_places), (Some(1), false));
    // In an emergency nobody waits for an answer that may be "full" while beds are known elsewhere.
    let emergency = facts(BANDUNG, Urgency::Emergency);
    assert_eq!(
        chosen(&search(&emergency, vec![unknown_near, known_far])),
        Some(3)
    );
}

#[test]
fn a_region_excluded_for_safety_is_never_chosen() {
    let mut case = facts(BANDUNG, Urgency::Regular);
    case.need.excluded_regions = vec!["32.73".parse().unwrap()];
    let found = search(
        &case,
        vec![entry(1, BANDUNG_OTHER, Some(9)), entry(2, GARUT, Some(1))],
    );
    assert_eq!(chosen(&found), Some(2));
    let miss = found.decision.near_misses[0].rejection.clone().unwrap();
    assert_eq!(
        (miss.rule.as_str(), miss.saw.as_str()),
        ("is_not_excluded", "excluded_for=safety")
    );
}

#[test]
fn a_facility_that_declined_is_passed_over_until_its_time_is_up() {
    let case = facts(BANDUNG, Urgency::Regular);
    let entries = directory(vec![entry(1, BANDUNG_OTHER, Some(9))]);
    let facility = entries.entries().next().unwrap().facility.id;
    let found = |until| {
        let exclusions = [Exclusion {
            facility,
            cause: ExclusionCause::Declined,
            until,
        }];
        route(
            Seeker {
                exclusions: &exclusions,
                ..seeker(&case)
            },
            &entries,
            &Policy::p7(),
            NOW,
        )
        .unwrap()
        .decision
        .outcome
    };
    assert_eq!(found(None), Outcome::NoCandidate);
    assert_eq!(found(Some(NOW + Duration::HOUR)), Outcome::Waiting);
    assert_eq!(found(Some(NOW)), Outcome::Offered);
}

#[test]
fn a_case_without_cluster_is_not_searched_for() {
    let mut case = facts(BANDUNG, Urgency::Regular);
    case.cluster = None;
    let refused = route(seeker(&case), &directory(vec![]), &Policy::p7(), NOW).unwrap_err();
    assert_eq!(refused, NotRoutable::ClusterUnknown);
}

#[test]
fn an_ordinary_case_waits_for_somebody_near_before_it_is_sent_across_the_country() {
    let case = facts(BANDUNG, Urgency::Regular);
    let full_near = entry(1, BANDUNG_OTHER, Some(0));
    let free_far = entry(2, SURABAYA, Some(9));
    let snapshot = directory(vec![full_near, free_far.clone()]);
    let after = |waited: Duration| {
        let seeker = Seeker {
            reported_at: NOW - waited,
            ..seeker(&case)
        };
        route(seeker, &snapshot, &Policy::p7(), NOW).unwrap()
    };
    let early = after(Duration::HOUR);
    assert_eq!(early.decision.outcome, Outcome::Waiting);
    assert_eq!(
        early.decision.widens_at,
        Some(NOW + Duration::hours(23)),
        "the nation is opened a day after the report"
    );
    let explanation = early.decision.explain();
    assert!(
        explanation.id.ends_with("pencarian diperluas dalam 23 jam."),
        "{}",
        explanation.id
    );
    assert!(
        explanation.en.ends_with("the search widens in 23 h."),
        "{}",
        explanation.en
    );
    assert_eq!(chosen(&after(Duration::DAY)), Some(2));
    assert_eq!(
        chosen(&search(&case, vec![free_far])),
        Some(2),
        "with nobody near to wait for, nobody waits"
    );
}

#[test]
fn of_two_alike_the_one_that_answers_is_asked_first() {
    let case = facts(BANDUNG, Urgency::Regular);
    let with_answers = |number, median: i32, false_full| {
        let mut entry = entry(number, BANDUNG_OTHER, Some(5));
        entry.answers = AnswerRecord {
            version: 1,
            median_answer_minutes: Some(median),
            false_full,
        };
        entry
    };
    let first = |entries| chosen(&search(&case, entries));
    assert_eq!(
        first(vec![with_answers(1, 700, 0), with_answers(2, 20, 0)]),
        Some(2)
    );
    assert_eq!(
        first(vec![with_answers(1, 20, 4), with_answers(2, 100, 0)]),
        Some(2)
    );
    let never_asked = entry(3, BANDUNG_OTHER, Some(5));
    assert_eq!(first(vec![with_answers(1, 700, 0), never_asked.clone()]), Some(3));
    assert_eq!(first(vec![never_asked, with_answers(4, 20, 0)]), Some(4));
}

mod nearest;
mod properties;
mod records;
