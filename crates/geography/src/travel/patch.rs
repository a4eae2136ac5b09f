//! Patches, pieces of regencies on one land, and which of them touch.
//!
//! No map of roads is at hand. Where districts lie close together there is a road, and every
//! district of a land has one; so a bay or an empty interior is gone round, not crossed. Large
//! regencies are several patches, or the road through one would have to pass its reference point.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::constants::{PATCH_RADIUS_KM, ROAD_NEIGHBOUR_KM, ROAD_REACH_KM};
use super::land::{LandId, Lands, Site, region_code};
use crate::atlas::{Atlas, Row, records};

const BRIDGES_CSV: &[u8] = include_bytes!("../../data/road_bridges.csv");

/// A kilometre of latitude, in degrees.
const DEG_PER_KM: f64 = 1.0 / 111.2;

/// A piece of a regency on one land, some tens of km wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PatchId(u16);

/// A regency's reference point as the road search sees it.
pub(super) struct Regency {
    pub(super) site: Site,
    pub(super) patch: PatchId,
}

/// A district's point as the road search sees it.
pub(super) struct District {
    pub(super) site: Site,
    pub(super) patch: PatchId,
    pub(super) regency_index: u16,
    pub(super) island_index: u16,
}

/// The nation's ground, cut into patches.
pub(super) struct Patches {
    pub(super) regencies: Vec<Regency>,
    pub(super) districts: Vec<District>,
    /// By patch: itself and those it touches.
    around: Vec<BTreeSet<PatchId>>,
}

#[derive(Deserialize)]
struct BridgeRecord {
    regency_a: String,
    regency_b: String,
}

impl Patches {
    pub(super) fn build(atlas: &Atlas, lands: &Lands) -> Self {
        let mut around = Vec::new();
        let mut new_patch = || {
            let id = PatchId(u16::try_from(around.len()).expect("there are about a thousand patches"));
            around.push(BTreeSet::from([id]));
            id
        };
        let regencies = atlas.regency_rows().iter().map(|row| Regency {
            site: lands.site(row.code, row.coordinates, island(row)),
            patch: new_patch(),
        });
        let regencies: Vec<Regency> = regencies.collect();

        let mut centres: BTreeMap<(LandId, u16), Vec<(Site, PatchId)>> = BTreeMap::new();
        for (index, regency) in (0..).zip(&regencies) {
            centres.insert((regency.site.land, index), vec![(regency.site, regency.patch)]);
        }
        let mut siblings = Vec::new();
        let districts = atlas.district_rows().iter().map(|row| {
            let site = lands.site(row.code, row.coordinates, island(row));
            let regency_index = row
                .code
                .regency()
                .and_then(|regency| atlas.regency_index(regency));
            let regency_index = regency_index.expect("every district lies in a known regency");
            let near = centres.entry((site.land, regency_index)).or_default();
            let patch = match nearest(near, &site) {
                Some((km, patch)) if km <= PATCH_RADIUS_KM => patch,
                nearest => {
                    let patch = new_patch();
                    near.push((site, patch));
                    // A regency hangs together, however far apart its districts are.
                    siblings.extend(nearest.map(|(_, sibling)| (sibling, patch)));
                    patch
                }
            };
            District {
                site,
                patch,
                regency_index,
                island_index: island(row),
            }
        });
        let districts = districts.collect();
        let mut patches = Self {
            regencies,
            districts,
            around,
        };
        for (a, b) in siblings {
            patches.join(a, b);
        }
        patches.join_near_districts();
        patches.join_bridges(atlas);
        patches
    }

    pub(super) fn len(&self) -> usize {
        self.around.len()
    }

    pub(super) fn index(patch: PatchId) -> usize {
        usize::from(patch.0)
    }

    pub(super) fn district(&self, index: usize) -> &District {
        self.districts
            .get(index)
            .expect("district numbers come from the atlas")
    }

    /// The patch and those it touches.
    pub(super) fn around(&self, patch: PatchId) -> impl Iterator<Item = PatchId> {
        self.around
            .get(usize::from(patch.0))
            .into_iter()
            .flatten()
            .copied()
    }

    /// Whether a road goes from one to the other without a third between; true for the same patch.
    pub(super) fn touch(&self, a: PatchId, b: PatchId) -> bool {
        self.around
            .get(usize::from(a.0))
            .is_some_and(|around| around.contains(&b))
    }

    fn join_near_districts(&mut self) {
        let mut stretches: BTreeMap<(LandId, u16), Vec<&District>> = BTreeMap::new();
        for district in &self.districts {
            stretches
                .entry((district.site.land, district.island_index))
                .or_default()
                .push(district);
        }
        let mut joined = Vec::new();
        for stretch in stretches.into_values() {
            join_districts(stretch, |a, b| joined.push((a.patch, b.patch)));
        }
        for (a, b) in joined {
            self.join(a, b);
        }
    }

    fn join_bridges(&mut self, atlas: &Atlas) {
        for BridgeRecord { regency_a, regency_b } in records("road_bridges.csv", BRIDGES_CSV) {
            let end = |text: &str| {
                let index = atlas.regency_index(region_code(text))?;
                self.regencies
                    .get(usize::from(index))
                    .map(|regency| regency.patch)
            };
            let ends = end(&regency_a).zip(end(&regency_b));
            let (a, b) = ends.expect("bridges join known regencies");
            self.join(a, b);
        }
    }

    fn join(&mut self, a: PatchId, b: PatchId) {
        for (from, to) in [(a, b), (b, a)] {
            self.around
                .get_mut(usize::from(from.0))
                .expect("patch ids are made here")
                .insert(to);
        }
    }
}

fn island(row: &Row) -> u16 {
    row.island_index.expect("regencies and districts have an island")
}

/// The patch whose centre is nearest to the site, with the distance in km.
fn nearest(centres: &[(Site, PatchId)], site: &Site) -> Option<(f64, PatchId)> {
    let distances = centres
        .iter()
        .map(|(centre, patch)| (rough_km(centre, site), *patch));
    distances.min_by(|a, b| a.0.total_cmp(&b.0))
}

/// Calls `join` for districts with a road between them: those near to each other, those further
/// apart with no third between them, and the shortest pairs that make the stretch one piece.
fn join_districts<'a>(mut stretch: Vec<&'a District>, mut join: impl FnMut(&'a District, &'a District)) {
    stretch.sort_by(|a, b| {
        let latitude = |district: &District| district.site.coordinates.latitude_deg();
        latitude(a).total_cmp(&latitude(b))
    });
    let mut pieces = Pieces {
        parent: (0..stretch.len()).collect(),
        count: stretch.len(),
    };
    let mut reach_km = ROAD_REACH_KM;
    let pairs = pairs_within(&stretch, reach_km);
    let mut near: Vec<Vec<&Pair>> = vec![Vec::new(); stretch.len()];
    for pair in &pairs {
        for end in [pair.a.0, pair.b.0] {
            near.get_mut(end).expect("pairs are of this stretch").push(pair);
        }
    }
    for pair in &pairs {
        // The relative neighbourhood graph: sparse where districts are far apart, and connected.
        let is_between = |end: usize| {
            near.get(end).into_iter().flatten().any(|side| {
                let third = if side.a.0 == end { side.b.1 } else { side.a.1 };
                side.km < pair.km
                    && [pair.a.1, pair.b.1]
                        .iter()
                        .all(|d| rough_km(&d.site, &third.site) < pair.km)
            })
        };
        if pair.km <= ROAD_NEIGHBOUR_KM || !is_between(pair.a.0) {
            pieces.unite(pair.a.0, pair.b.0);
            join(pair.a.1, pair.b.1);
        }
    }
    while pieces.count > 1 {
        reach_km *= 2.0;
        let mut pairs = pairs_within(&stretch, reach_km);
        pairs.sort_by(|a, b| a.km.total_cmp(&b.km));
        for pair in pairs {
            if pieces.unite(pair.a.0, pair.b.0) {
                join(pair.a.1, pair.b.1);
            }
        }
    }
}

/// Two districts of a stretch with their positions in it.
struct Pair<'a> {
    km: f64,
    a: (usize, &'a District),
    b: (usize, &'a District),
}

/// All pairs of a stretch that is sorted by latitude.
fn pairs_within<'a>(stretch: &[&'a District], reach_km: f64) -> Vec<Pair<'a>> {
    let mut pairs = Vec::new();
    for (a, from) in stretch.iter().enumerate() {
        let north_deg = from.site.coordinates.latitude_deg() + reach_km * DEG_PER_KM;
        let north = stretch.iter().enumerate().skip(a + 1);
        for (b, to) in north.take_while(|(_, to)| to.site.coordinates.latitude_deg() <= north_deg) {
            let km = rough_km(&from.site, &to.site);
            if km <= reach_km {
                pairs.push(Pair {
                    km,
                    a: (a, from),
                    b: (b, to),
                });
            }
        }
    }
    pairs
}

/// Distance on a flat map, at most 2 % too long: so near the equator a degree is a degree.
pub(super) fn rough_km(a: &Site, b: &Site) -> f64 {
    let north_deg = a.coordinates.latitude_deg() - b.coordinates.latitude_deg();
    let east_deg = a.coordinates.longitude_deg() - b.coordinates.longitude_deg();
    (north_deg * north_deg + east_deg * east_deg).sqrt() / DEG_PER_KM
}

/// How far one point is north or south of the other.
pub(super) fn north_km(a: &Site, b: &Site) -> f64 {
    (a.coordinates.latitude_deg() - b.coordinates.latitude_deg()).abs() / DEG_PER_KM
}

/// Which districts already hang together (union-find).
struct Pieces {
    parent: Vec<usize>,
    count: usize,
}

impl Pieces {
    /// Whether this joined two pieces.
    fn unite(&mut self, a: usize, b: usize) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        if a == b {
            return false;
        }
        *self.parent.get_mut(a).expect("roots are positions") = b;
        self.count -= 1;
        true
    }

    fn root(&mut self, mut at: usize) -> usize {
        loop {
            let parent = *self.parent.get(at).expect("parents are positions");
            if parent == at {
                return at;
            }
            let grandparent = *self.parent.get(parent).expect("parents are positions");
            *self.parent.get_mut(at).expect("parents are positions") = grandparent;
            at = grandparent;
        }
    }
}
