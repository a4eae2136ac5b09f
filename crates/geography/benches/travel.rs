//! How long the atlas takes to load, what it keeps in memory, and what a travel lookup costs.
//!
//! Plain `main`, no framework: `cargo bench -p serasi-geography`.
#![expect(clippy::print_stdout, reason = "a bench reports to the terminal")]

use std::hint::black_box;
use std::time::Instant;

use serasi_geography::{Place, RegionCode, atlas};

const LOOKUPS: u32 = 1_000_000;

fn main() {
    let start = Instant::now();
    let atlas = atlas();
    println!("load regions       {:>10.1?}", start.elapsed());
    let start = Instant::now();
    let regencies: Vec<Place> = atlas
        .regencies()
        .filter_map(|region| atlas.place(region.code))
        .collect();
    println!("build network      {:>10.1?}", start.elapsed());
    let start = Instant::now();
    atlas.preload();
    println!("unpack villages    {:>10.1?}", start.elapsed());
    for (name, text) in [("memory now", "VmRSS:"), ("memory at most", "VmHWM:")] {
        println!(
            "{name:<18} {:>10}",
            process_memory(text).unwrap_or_else(|| "unknown".to_owned())
        );
    }

    let districts: Vec<RegionCode> = atlas
        .regencies()
        .flat_map(|regency| atlas.districts_of(regency.code))
        .map(|district| district.code)
        .collect();
    let districts: Vec<Place> = districts
        .into_iter()
        .filter_map(|code| atlas.place(code))
        .collect();
    report("regency - regency", &regencies, &regencies);
    report("regency - district", &regencies, &districts);
    report("district - district", &districts, &districts);
}

/// Looks up pairs in an order that jumps about the archipelago.
fn report(name: &str, from: &[Place], to: &[Place]) {
    let pairs = from
        .iter()
        .cycle()
        .step_by(7)
        .zip(to.iter().cycle().step_by(31))
        .take(LOOKUPS as usize);
    let pairs: Vec<(Place, Place)> = pairs.map(|(a, b)| (*a, *b)).collect();
    let start = Instant::now();
    for (a, b) in &pairs {
        black_box(atlas().travel(*a, *b));
    }
    println!(
        "{name:<20} {:>6.0} ns",
        start.elapsed().as_secs_f64() * 1e9 / f64::from(LOOKUPS)
    );
}

/// A line of Linux' own account of this process.
fn process_memory(key: &str) -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim().to_owned())
}
