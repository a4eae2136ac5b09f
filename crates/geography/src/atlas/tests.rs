//! The reference data as a whole, and lookup in it.

use super::atlas;
use crate::{Coordinates, RegionCode, RegionLevel, TimeZone};

fn code(text: &str) -> RegionCode {
    text.parse().unwrap()
}

fn names(query: &str, level: Option<RegionLevel>, within: Option<&str>, limit: usize) -> Vec<String> {
    let found = atlas().search(query, level, within.map(code), limit);
    found
        .iter()
        .map(|region| format!("{} {}", region.code, region.name))
        .collect()
}

#[test]
fn the_reference_data_is_complete() {
    let atlas = atlas();
    assert_eq!(atlas.provinces().count(), 38);
    assert_eq!(atlas.regencies().count(), 514);
    assert_eq!(atlas.districts.len(), 7_285);
    assert_eq!(atlas.villages().len(), 83_762);
    assert_eq!(atlas.islands.len(), 781);
    let population: u32 = atlas
        .regencies()
        .filter_map(|regency| regency.population_persons)
        .sum();
    assert_eq!(population, 284_973_643);
    let by_province: u32 = atlas
        .provinces()
        .filter_map(|province| province.population_persons)
        .sum();
    assert_eq!(by_province, population);
}

#[test]
fn every_region_has_a_parent_a_place_and_an_island() {
    let atlas = atlas();
    for table in [&atlas.regencies, &atlas.districts, atlas.villages()] {
        for row in table.rows() {
            let parent = row.code.parent().unwrap();
            assert!(
                atlas.region(parent).is_some(),
                "{parent} of {} is missing",
                row.code
            );
            assert!(atlas.place(row.code).is_some(), "{} has no place", row.code);
        }
    }
}

#[test]
fn coordinates_are_written_as_in_the_files() {
    let mut reader = csv::Reader::from_reader(&include_bytes!("../../data/districts.csv")[..]);
    for record in reader.records() {
        let record = record.unwrap();
        let region = atlas().region(code(&record[0])).unwrap();
        assert_eq!(
            region.coordinates.unwrap().to_string(),
            format!("{},{}", &record[3], &record[4])
        );
        assert_eq!(*region.island.unwrap().id, record[5]);
    }
}

#[test]
fn lookup_knows_all_levels() {
    let atlas = atlas();
    assert_eq!(atlas.region(RegionCode::NATION).unwrap().name, "Indonesia");
    assert_eq!(atlas.region(code("32")).unwrap().name, "Jawa Barat");
    let bandung = atlas.region(code("32.73")).unwrap();
    assert_eq!((bandung.name, bandung.short_name()), ("Kota Bandung", "Bandung"));
    assert_eq!(&*bandung.island.unwrap().name, "Jawa");
    assert_eq!(
        atlas.region(code("11.01.01.2001")).unwrap().name,
        "Keude Bakongan"
    );
    assert_eq!(
        atlas.region(code("11.01.01.2001")).unwrap().time_zone,
        TimeZone::Wib
    );
    assert_eq!(atlas.region(code("91.71.01")).unwrap().time_zone, TimeZone::Wit);
    assert_eq!(atlas.region(code("99")), None);
    assert_eq!(atlas.place(code("32")), None);
}

#[test]
fn children_are_the_next_level_by_code() {
    let atlas = atlas();
    assert_eq!(atlas.children(RegionCode::NATION).count(), 38);
    let districts: Vec<_> = atlas
        .children(code("11.71"))
        .map(|district| district.code)
        .collect();
    assert!(districts.is_sorted() && districts.iter().all(|d| d.parent() == Some(code("11.71"))));
    assert_eq!(
        districts,
        atlas
            .districts_of(code("11.71"))
            .map(|d| d.code)
            .collect::<Vec<_>>()
    );
    assert_eq!(
        atlas.children(code("11.01.01")).next().unwrap().code,
        code("11.01.01.2001")
    );
    assert_eq!(atlas.children(code("11.01.01.2001")).count(), 0);
    assert_eq!(atlas.children(code("99")).count(), 0);
}

#[test]
fn exact_names_come_before_beginnings_and_those_before_parts() {
    let regency = Some(RegionLevel::Regency);
    assert_eq!(
        names("bandung", regency, None, 10),
        [
            "32.04 Kabupaten Bandung",
            "32.73 Kota Bandung",
            "32.17 Kabupaten Bandung Barat"
        ]
    );
    assert_eq!(names("KOTA bandung", regency, None, 1), ["32.73 Kota Bandung"]);
    assert_eq!(
        names("kab. bandung", regency, None, 1),
        ["32.04 Kabupaten Bandung"]
    );
    assert_eq!(
        names("malang", regency, Some("35"), 2),
        ["35.07 Kabupaten Malang", "35.73 Kota Malang"]
    );
    assert_eq!(names("fakfak", regency, None, 10), ["92.03 Kabupaten Fak Fak"]);
    assert_eq!(
        names("jakarta pusat", None, None, 1),
        ["31.71 Kota Administrasi Jakarta Pusat"]
    );
    assert_eq!(
        names("keude bakongan", None, Some("11.01"), 1),
        ["11.01.01.2001 Keude Bakongan"]
    );
}

#[test]
fn a_query_without_letters_finds_nothing() {
    assert!(names(" . ", None, None, 10).is_empty());
    assert!(names("bandung", None, None, 0).is_empty());
    assert!(names("bandung", None, Some("11.71"), 10).is_empty());
}

#[test]
fn every_district_is_nearest_to_its_own_point() {
    let atlas = atlas();
    let gambir = atlas.region(code("31.71.01")).unwrap();
    assert_eq!(atlas.nearest_district(gambir.coordinates.unwrap()), gambir.code);
    let sea = Coordinates::new(-11.4, 95.0).unwrap();
    assert!(atlas.region(atlas.nearest_district(sea)).is_some());
}
