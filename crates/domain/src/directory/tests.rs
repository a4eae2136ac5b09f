//! Snapshots follow one another, and say what they are.

use enumset::EnumSet;
use std::sync::Arc;

use serasi_geography::atlas;
use time::{Duration, OffsetDateTime};

use super::{Changes, Directory, Entry};
use crate::answers::AnswerRecord;
use crate::capacity::{CapacitySource, Pool, PoolKey};
use crate::facility::{AdmissionRule, Facility, FacilityKind, FacilityProfile, FacilityState};
use crate::id::{FacilityId, Regency};
use crate::intake::SourceKey;
use crate::need::ServiceBase;
use crate::text::Text;

const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

fn entry(number: u128, place: &str) -> Entry {
    let place = place.parse().unwrap();
    let profile = FacilityProfile {
        source: SourceKey::new("uji", &number.to_string()).unwrap(),
        kind: FacilityKind::Lks,
        name: Text::new(&format!("LKS {number}")).unwrap(),
        place,
        coordinates: None,
        address: None,
        clusters: EnumSet::empty(),
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
    Entry {
        facility: Facility {
            id: FacilityId::new(Regency::of(place).unwrap(), uuid::Uuid::from_u128(number)),
            version: 1,
            state: FacilityState::Active,
            profile,
            created_at: NOW,
            changed_at: NOW,
        },
        pools: vec![pool(1, 0)],
        answers: AnswerRecord::default(),
        place: atlas().place(place).unwrap(),
    }
}

fn pool(version: i64, occupied: i32) -> Pool {
    Pool {
        key: PoolKey::any(ServiceBase::Residential),
        version,
        total: 10,
        occupied,
        held: 0,
        overflow: 0,
        shortfall: 0,
        observed_at: NOW,
        valid_until: NOW + Duration::DAY,
        source: CapacitySource::Facility,
    }
}

fn directory(entries: Vec<Entry>) -> Directory {
    Directory::new(1, entries.into_iter().map(Arc::new).collect())
}

fn pools(id: FacilityId, pool: Pool) -> Changes {
    Changes {
        pools: vec![(id, pool)],
        ..Changes::default()
    }
}

#[test]
fn the_digest_says_whether_two_snapshots_are_the_same_however_they_came_about() {
    let (one, two) = (entry(1, "32.73"), entry(2, "35.78"));
    let at_once = directory(vec![two.clone(), one.clone()]);
    let facilities = vec![
        (one.facility.clone(), one.place),
        (two.facility.clone(), two.place),
    ];
    let pools = vec![(one.facility.id, pool(1, 0)), (two.facility.id, pool(1, 0))];
    let read = Changes {
        facilities,
        pools,
        ..Changes::default()
    };
    let step_by_step = Directory::default().with(7, read).unwrap();
    assert_eq!(at_once.digest(), step_by_step.digest());
    let other = step_by_step
        .with(8, self::pools(one.facility.id, pool(2, 1)))
        .unwrap();
    assert_ne!(at_once.digest(), other.digest());
    let anew = directory(other.entries().cloned().collect());
    assert_eq!(
        other.digest(),
        anew.digest(),
        "what was there before leaves no trace"
    );
    let back = other.with(9, self::pools(one.facility.id, pool(2, 0))).unwrap();
    assert_ne!(at_once.digest(), back.digest(), "the version differs");
}

#[test]
fn an_older_statement_does_not_undo_a_newer_one() {
    let one = entry(1, "32.73");
    let snapshot = directory(vec![one.clone()]);
    let newer = snapshot.with(2, pools(one.facility.id, pool(5, 9))).unwrap();
    assert!(newer.with(3, pools(one.facility.id, pool(4, 3))).is_none());
    let mut older_description = one.facility.clone();
    older_description.version = 0;
    let older = Changes {
        facilities: vec![(older_description, one.place)],
        ..Changes::default()
    };
    assert!(newer.with(3, older).is_none());
}

#[test]
fn a_part_of_a_region_is_found_in_the_order_of_codes() {
    let places = ["11.01", "31.71", "32.01", "32.73", "32.79", "33.01", "35.78"];
    let entries = places
        .iter()
        .zip(1..)
        .map(|(place, number)| entry(number, place))
        .collect();
    let snapshot = directory(entries);
    let all: Vec<usize> = (0..snapshot.len()).collect();
    let found = |region: &str| -> Vec<String> {
        let positions = snapshot.within(&all, region.parse().unwrap());
        let entries = positions
            .iter()
            .map(|position| snapshot.entry_at(*position).unwrap());
        entries
            .map(|entry| entry.facility.id.home().to_string())
            .collect()
    };
    assert_eq!(found("32"), ["32.01", "32.73", "32.79"]);
    assert_eq!(found("32.73"), ["32.73"]);
    assert_eq!(found("32.73.01"), ["32.73"], "the regency of a smaller region");
    assert_eq!(found("ID").len(), places.len());
    assert!(found("34").is_empty());
}
