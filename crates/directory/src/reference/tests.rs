//! What can be relied on in the reference directory.

use std::collections::{BTreeMap, BTreeSet};

use serasi_geography::{RegionCode, atlas};
use serasi_proto::v1::{
    AccessNeed, Cluster, Facility, FacilityKind, ImportFacilitiesRequest, ServiceBase, Sex,
};

use super::reference_facilities;
use crate::{read_facilities, write_facilities};

fn facilities() -> impl Iterator<Item = Facility> {
    reference_facilities()
        .into_iter()
        .filter_map(|request| request.facility)
}

fn count(kind: FacilityKind) -> usize {
    facilities().filter(|facility| facility.kind() == kind).count()
}

fn find(source_ref: &str) -> ImportFacilitiesRequest {
    let is_it =
        |request: &ImportFacilitiesRequest| request.facility.as_ref().unwrap().source_ref == source_ref;
    reference_facilities().into_iter().find(is_it).unwrap()
}

/// The free places of a request's pools.
fn free(request: &ImportFacilitiesRequest) -> i32 {
    request
        .capacity
        .iter()
        .map(|pool| pool.total - pool.occupied)
        .sum()
}

#[test]
fn all_facilities_are_there_once() {
    assert_eq!(count(FacilityKind::BalaiBesar), 4);
    assert_eq!(count(FacilityKind::Balai), 27);
    assert_eq!(count(FacilityKind::UptdProvince), 111 + 49);
    assert_eq!(count(FacilityKind::Lks), 4_405);
    let keys: BTreeSet<_> = facilities()
        .map(|facility| (facility.source_system, facility.source_ref))
        .collect();
    assert_eq!(keys.len(), 4_596);
}

#[test]
fn the_directory_is_the_same_each_time() {
    assert_eq!(reference_facilities(), reference_facilities());
}

#[test]
fn every_region_exists_and_a_facility_stands_in_a_regency() {
    for facility in facilities() {
        let home: RegionCode = facility.region_code.parse().unwrap();
        assert!(atlas().place(home).is_some(), "{home}");
        for area in facility.working_area {
            assert!(atlas().region(area.parse().unwrap()).is_some(), "{area}");
        }
    }
}

#[test]
fn it_goes_through_a_file_unchanged() {
    let mut written = Vec::new();
    write_facilities(&mut written, &reference_facilities()).unwrap();
    let mut read = read_facilities(&written[..]).unwrap();
    for request in &mut read {
        request.row = 0;
    }
    assert_eq!(read, reference_facilities());
}

#[test]
fn every_cluster_has_free_places_in_every_island_group() {
    let mut free_places: BTreeMap<(i32, char), i32> = BTreeMap::new();
    for request in reference_facilities() {
        let facility = request.facility.clone().unwrap();
        // The first digit of a province is its group of islands: 1, 2 Sumatera, 3 Jawa, 5 Bali and
        // Nusa Tenggara, 6 Kalimantan, 7 Sulawesi, 8 Maluku, 9 Papua.
        let group = facility.region_code.chars().next().unwrap();
        let may_be_asked = facility.kind() != FacilityKind::Lks
            || facility.ministry_supervised
            || facility.partnership.is_some();
        if may_be_asked {
            for cluster in facility.clusters {
                *free_places
                    .entry((cluster, if group == '2' { '1' } else { group }))
                    .or_default() += free(&request);
            }
        }
    }
    for cluster in [
        Cluster::Anak,
        Cluster::Disabilitas,
        Cluster::TunaSosialKpo,
        Cluster::Napza,
        Cluster::Lansia,
    ] {
        for group in ['1', '3', '5', '6', '7', '8', '9'] {
            let places = free_places
                .get(&(cluster.into(), group))
                .copied()
                .unwrap_or_default();
            assert!(places >= 20, "{} has {places} in {group}", cluster.as_str_name());
        }
    }
}

#[test]
fn most_pools_have_free_places_some_are_full_and_a_few_are_unknown() {
    let requests = reference_facilities();
    let percent_of = |part: usize, all: usize| part * 100 / all;
    let silent = requests
        .iter()
        .filter(|request| request.capacity.is_empty())
        .count();
    let pools: Vec<_> = requests.iter().flat_map(|request| &request.capacity).collect();
    let full = pools.iter().filter(|pool| pool.occupied == pool.total).count();
    assert!(
        (2..5).contains(&percent_of(silent, requests.len())),
        "{silent} silent"
    );
    assert!((9..16).contains(&percent_of(full, pools.len())), "{full} full");
    assert!(
        pools
            .iter()
            .all(|pool| 0 <= pool.occupied && pool.occupied <= pool.total && 0 < pool.total)
    );
}

#[test]
fn a_pool_is_of_a_base_the_facility_works_on() {
    for request in reference_facilities() {
        let bases = request.facility.unwrap().bases;
        assert!(
            request
                .capacity
                .iter()
                .all(|pool| bases.contains(&pool.key.as_ref().unwrap().base))
        );
    }
}

#[test]
fn a_sentra_serves_all_clusters_on_all_bases_and_is_known_for_its_balai() {
    let request = find("SEN-12");
    let facility = request.facility.unwrap();
    assert_eq!(facility.name, "Sentra Terpadu Pangudi Luhur");
    assert_eq!(facility.kind(), FacilityKind::BalaiBesar);
    assert_eq!(facility.clusters.len(), 5);
    let known_for = [Cluster::Disabilitas, Cluster::TunaSosialKpo, Cluster::Lansia];
    assert_eq!(facility.specialisations, known_for.map(i32::from));
    let pools: Vec<_> = request
        .capacity
        .iter()
        .map(|pool| (pool.key.as_ref().unwrap().base(), pool.total))
        .collect();
    assert_eq!(
        pools,
        [
            (ServiceBase::Family, 800),
            (ServiceBase::Community, 400),
            (ServiceBase::Residential, 200)
        ]
    );
}

#[test]
fn a_sentra_without_a_dormitory_still_works_in_families() {
    let bases: Vec<_> = find("SEN-15")
        .capacity
        .iter()
        .map(|pool| pool.key.as_ref().unwrap().base())
        .collect();
    assert_eq!(bases, [ServiceBase::Family, ServiceBase::Community]);
}

#[test]
fn working_areas_join_those_of_the_balai_before_and_leave_out_prosthetics() {
    let area = |source_ref: &str| find(source_ref).facility.unwrap().working_area;
    assert_eq!(
        area("SEN-29"),
        ["51", "52", "53", "61", "62", "63", "64", "65", "73", "76"]
    );
    assert_eq!(area("SEN-06"), [""; 0]);
}

#[test]
fn a_facility_for_one_age_admits_no_other() {
    for facility in facilities() {
        let admission = facility.admission.unwrap();
        let ages = (admission.min_age_years, admission.max_age_years);
        let only = |cluster: Cluster| facility.clusters == [i32::from(cluster)];
        match ages {
            (Some(0), Some(17)) => assert!(only(Cluster::Anak)),
            (Some(60), None) => assert!(only(Cluster::Lansia)),
            (None, None) => assert!(!only(Cluster::Anak) && !only(Cluster::Lansia)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_name_of_a_unit_says_whom_it_is_for() {
    let admission = |source_ref: &str| find(source_ref).facility.unwrap().admission.unwrap();
    let access = |source_ref: &str, need: AccessNeed| admission(source_ref).access.contains(&need.into());
    assert_eq!(admission("UPTD-011").sex(), Sex::Female);
    assert_eq!(admission("UPTD-005").sex(), Sex::Unspecified);
    assert!(access("UPTD-008", AccessNeed::SignLanguage));
    assert!(access("UPTD-012", AccessNeed::Braille));
}

#[test]
fn an_lks_works_alone_or_as_a_partner_or_not_at_all() {
    let lks = || facilities().filter(|facility| facility.kind() == FacilityKind::Lks);
    let alone = lks()
        .filter(|lks| lks.ministry_supervised && lks.partnership.is_none())
        .count();
    let partners = lks()
        .filter(|lks| !lks.ministry_supervised && lks.partnership.is_some())
        .count();
    let not_at_all = lks()
        .filter(|lks| !lks.ministry_supervised && lks.partnership.is_none())
        .count();
    assert_eq!(alone + partners + not_at_all, 4_405);
    let percent = |count: usize| count * 100 / 4_405;
    assert!((58..63).contains(&percent(alone)), "{alone}");
    assert!((23..28).contains(&percent(partners)), "{partners}");
    assert!((13..18).contains(&percent(not_at_all)), "{not_at_all}");
}

#[test]
fn the_pilot_sentra_have_free_beds() {
    for source_ref in ["SEN-12", "SEN-16", "SEN-18", "SEN-19", "SEN-29"] {
        let request = find(source_ref);
        let beds = request
            .capacity
            .iter()
            .find(|pool| pool.key.as_ref().unwrap().base() == ServiceBase::Residential);
        let beds = beds.unwrap();
        assert!(
            beds.occupied < beds.total,
            "{source_ref}: {} of {}",
            beds.occupied,
            beds.total
        );
    }
}
