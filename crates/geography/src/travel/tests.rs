//! What the travel model promises, and figures that people who travel would agree with.

use super::land::{Lands, region_code};
use super::{Travel, TravelMode};
use crate::atlas::records;
use crate::{Place, RegionCode, atlas};

/// Jakarta Pusat, which everybody must reach.
const CAPITAL: &str = "31.71";

fn place(code: &str) -> Place {
    atlas().place(code.parse().unwrap()).unwrap()
}

fn travel(from: &str, to: &str) -> Travel {
    atlas().travel(place(from), place(to))
}

fn regencies() -> Vec<Place> {
    atlas()
        .regencies()
        .map(|regency| atlas().place(regency.code).unwrap())
        .collect()
}

fn places_of(children_of: &[RegionCode]) -> Vec<Place> {
    let children = children_of.iter().flat_map(|parent| atlas().children(*parent));
    children
        .map(|region| atlas().place(region.code).unwrap())
        .collect()
}

fn codes(places: &[Place]) -> Vec<RegionCode> {
    places.iter().map(|place| place.region()).collect()
}

/// Pairs of places, the same for the same seed (a linear congruential generator).
fn pairs(places: &[Place], count: usize, seed: u64) -> Vec<(Place, Place)> {
    println!("seed {seed}");
    let mut state = seed;
    let mut pick = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        places[usize::try_from(state >> 33).unwrap() % places.len()]
    };
    (0..count).map(|_| (pick(), pick())).collect()
}

#[test]
fn known_journeys_take_as_long_as_people_say() {
    use TravelMode::{Air, Road, Sea};
    let journeys = [
        ("Jakarta Pusat - Bandung", CAPITAL, "32.73", 2.0..=4.0, Road),
        ("Surabaya - Bangkalan", "35.78", "35.26", 0.5..=1.5, Road),
        ("Denpasar - Mataram", "51.71", "52.71", 2.0..=4.5, Air),
        ("Banda Aceh - Sabang", "11.71", "11.72", 1.0..=4.0, Sea),
        ("Jakarta Pusat - Jayapura", CAPITAL, "91.71", 8.0..=14.0, Air),
        ("Jayapura - Wamena", "91.71", "95.01", 2.0..=6.0, Air),
        ("Batam - Tanjungpinang", "21.71", "21.72", 1.0..=3.0, Sea),
        ("Jakarta Pusat - Surabaya", CAPITAL, "35.78", 3.5..=6.0, Air),
        ("Semarang - Yogyakarta", "33.74", "34.71", 2.0..=4.0, Road),
        ("Medan - Gunungsitoli", "12.71", "12.78", 3.0..=6.0, Air),
        ("Ternate - Jailolo", "82.71", "82.01.01", 1.5..=3.5, Sea),
        ("Nusa Penida - Denpasar", "51.05.01", "51.71", 1.0..=4.0, Sea),
        ("Rupat - Dumai", "14.03.10", "14.72", 1.0..=4.0, Sea),
        ("Balikpapan - Samarinda", "64.71", "64.72", 2.0..=4.0, Road),
        ("Kupang - Rote", "53.71", "53.14", 3.0..=8.0, Sea),
    ];
    for (name, from, to, hours, mode) in journeys {
        let journey = travel(from, to);
        let took_h = f64::from(journey.minutes.get()) / 60.0;
        println!(
            "{name}: {took_h:.1} h, {:.0} km, {:?}",
            journey.distance_km, journey.mode
        );
        assert!(
            hours.contains(&took_h),
            "{name} takes {took_h:.1} h, not {hours:?}"
        );
        assert_eq!(journey.mode, mode, "{name}");
    }
}

#[test]
fn the_way_back_is_the_way_there() {
    let regencies = regencies();
    for from in &regencies {
        for to in &regencies {
            assert_eq!(atlas().travel(*from, *to), atlas().travel(*to, *from));
        }
    }
    let districts = places_of(&codes(&regencies));
    for (a, b) in pairs(&districts, 20_000, 7) {
        assert_eq!(atlas().travel(a, b), atlas().travel(b, a), "{a:?} {b:?}");
    }
}

#[test]
fn a_reach_says_the_same_as_a_journey() {
    let regencies = regencies();
    let districts = places_of(&codes(&regencies));
    let all: Vec<Place> = regencies.into_iter().chain(districts).collect();
    for (a, b) in pairs(&all, 20_000, 11) {
        assert_eq!(
            atlas().reach(a).minutes(b),
            atlas().travel(a, b).minutes,
            "{a:?} {b:?}"
        );
    }
}

#[test]
fn no_detour_over_a_third_regency_is_shorter() {
    let regencies = regencies();
    let minutes: Vec<Vec<u32>> = regencies
        .iter()
        .map(|from| {
            regencies
                .iter()
                .map(|to| atlas().travel(*from, *to).minutes.get())
                .collect()
        })
        .collect();
    for (a, from_a) in minutes.iter().enumerate() {
        for (b, from_b) in minutes.iter().enumerate() {
            let shortcut = from_a
                .iter()
                .zip(from_b)
                .position(|(to, on)| *to > from_a[b] + on);
            assert_eq!(
                shortcut,
                None,
                "{:?} over {:?}",
                regencies[a].region(),
                regencies[b].region()
            );
        }
    }
}

#[test]
fn everybody_reaches_everybody_within_a_week() {
    const WEEK_MIN: u32 = 7 * 24 * 60;
    let regencies = regencies();
    for from in &regencies {
        for to in &regencies {
            assert!(atlas().travel(*from, *to).minutes.get() < WEEK_MIN);
        }
    }
    let districts = places_of(&codes(&regencies));
    let villages = places_of(&codes(&districts));
    for place in districts.iter().chain(&villages) {
        let journey = atlas().travel(*place, self::place(CAPITAL));
        assert!(
            journey.minutes.get() < WEEK_MIN,
            "{} takes {}",
            place.region(),
            journey.minutes
        );
    }
}

#[test]
fn a_place_and_itself_are_ten_minutes_apart() {
    for code in [CAPITAL, "31.71.01", "31.71.01.1001"] {
        let journey = travel(code, code);
        assert_eq!((journey.minutes.get(), journey.mode), (10, TravelMode::Road));
        assert!(journey.distance_km < 1e-6);
    }
    for (a, b) in pairs(&regencies(), 1_000, 11) {
        assert!(atlas().travel(a, b).minutes.get() >= 10);
    }
}

#[test]
fn no_road_leads_out_of_the_highlands_of_papua() {
    let outside = ["91.71", "93.01", "94.01", CAPITAL];
    for regency in atlas().children(region_code("95")) {
        for to in outside {
            let mode = travel(&regency.code.to_string(), to).mode;
            assert!(
                matches!(mode, TravelMode::Air | TravelMode::SeaAndAir),
                "{} {to}",
                regency.name
            );
        }
    }
    assert_eq!(travel("95.01", "95.07").mode, TravelMode::Road, "Wamena - Tiom");
}

#[test]
fn a_gulf_is_not_crossed_by_road() {
    let gorontalo_ampana = travel("75.71", "72.09.05");
    assert!(gorontalo_ampana.minutes.get() > 6 * 60, "{gorontalo_ampana:?}");
    let palopo_kolaka = travel("73.73", "74.01");
    assert!(palopo_kolaka.minutes.get() > 4 * 60, "{palopo_kolaka:?}");
}

#[test]
fn a_village_on_another_island_than_its_district_needs_a_boat() {
    let villages = atlas()
        .regencies()
        .flat_map(|regency| atlas().districts_of(regency.code));
    let villages = villages.flat_map(|district| atlas().children(district.code).map(move |v| (v, district)));
    let mut seen = 0;
    for (village, district) in villages {
        let (Some(own), Some(other)) = (village.island, district.island) else {
            panic!("no island")
        };
        if own.road_network_id == other.road_network_id {
            continue;
        }
        seen += 1;
        let to_district = travel(&village.code.to_string(), &district.code.to_string());
        assert_ne!(
            to_district.mode,
            TravelMode::Road,
            "{} {}",
            village.code,
            village.name
        );
    }
    assert!(seen > 100, "{seen}");
}

#[test]
fn every_part_of_papua_has_a_road_zone_and_every_row_a_region() {
    let lands = Lands::load(atlas());
    for regency in atlas()
        .regencies()
        .filter(|regency| &*regency.island.unwrap().id == "papua")
    {
        let island = atlas().island_index("papua").unwrap();
        let site = lands.site(regency.code, regency.coordinates.unwrap(), island);
        assert!(lands.is_zone(site.land), "{}", regency.name);
    }
    for table in [
        &include_bytes!("../../data/road_zones.csv")[..],
        include_bytes!("../../data/road_speeds.csv"),
    ] {
        for row in records::<(String,)>("road table", table).map(|(code,)| code) {
            assert!(atlas().region(region_code(&row)).is_some(), "{row}");
        }
    }
}

/// If this fails, journeys of the past can no longer be worked out again: raise `REFERENCE_VERSION`, then take the new sum.
#[test]
fn data_of_one_version_are_the_bytes_they_always_were() {
    let all: [&[u8]; 12] = [
        include_bytes!("../../data/airports.csv"),
        include_bytes!("../../data/districts.csv"),
        include_bytes!("../../data/ferry_links.csv"),
        include_bytes!("../../data/flights.csv"),
        include_bytes!("../../data/islands.csv"),
        include_bytes!("../../data/provinces.csv"),
        include_bytes!("../../data/regencies.csv"),
        include_bytes!("../../data/road_bridges.csv"),
        include_bytes!("../../data/road_speeds.csv"),
        include_bytes!("../../data/road_zones.csv"),
        include_bytes!("../../data/villages.csv.gz"),
        include_bytes!("constants.rs"),
    ];
    // Fowler-Noll-Vo: enough to notice a change.
    let bytes = all.iter().flat_map(|file| file.iter());
    let sum = bytes.fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| {
        (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    assert_eq!(
        (crate::REFERENCE_VERSION, format!("{sum:x}").as_str()),
        (1, "b4cd0458730cd8cd")
    );
}
