//! The travel network: built once from the atlas and the tables, then only read.

use super::constants::SHORTEST_MIN;
use super::cost::{Cost, Means};
use super::exits::{Exits, ExitsId};
use super::graph::Graph;
use super::land::{Lands, Site};
use super::matrix::Matrix;
use super::patch::{PatchId, Patches};
use super::{air, sea};
use crate::atlas::{Atlas, Row};

pub(crate) struct Network {
    lands: Lands,
    patches: Patches,
    matrix: Matrix,
    exits: Exits,
}

/// Where a place stands in the network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Footing {
    site: Site,
    /// `None` on an island where its regency has no district's point.
    patch: Option<PatchId>,
    regency_index: u16,
    exits: ExitsId,
    /// The way from the place to the point that has these exits.
    to_exits: Cost,
}

impl Network {
    pub(crate) fn build(atlas: &Atlas) -> Self {
        let lands = Lands::load(atlas);
        let patches = Patches::build(atlas, &lands);
        let mut graph = Graph::of_regencies(&patches);
        sea::connect_ferries(&mut graph, atlas, &patches);
        air::connect_flights(&mut graph, atlas, &patches);
        air::connect_strips(&mut graph, &lands);
        sea::connect_boats(&mut graph, &lands, &patches);
        graph.fill_patches(&patches);
        graph.connect_roads(&patches);
        let matrix = Matrix::shortest(&graph);
        let exits = Exits::build(&graph, &matrix, &patches);
        Self {
            lands,
            patches,
            matrix,
            exits,
        }
    }

    /// Where a regency's reference point stands.
    pub(crate) fn footing_of_regency(&self, regency_index: u16) -> Option<Footing> {
        let regency = self.patches.regencies.get(usize::from(regency_index))?;
        Some(Footing {
            site: regency.site,
            patch: Some(regency.patch),
            regency_index,
            exits: ExitsId(regency_index),
            to_exits: Cost::NONE,
        })
    }

    /// Where a district or a village of that district stands.
    ///
    /// It has the exits of the district; on another land than that, those of the nearest district
    /// of the regency that is on its land; else a boat goes to its own.
    pub(crate) fn footing_in_district(&self, row: &Row, district_index: usize) -> Option<Footing> {
        let own = self.patches.districts.get(district_index)?;
        let site = self.lands.site(row.code, row.coordinates, row.island_index?);
        let footing = |index: usize, patch: Option<PatchId>, to_exits: Cost| Footing {
            site,
            patch,
            regency_index: own.regency_index,
            exits: self.exits_of_district(index),
            to_exits,
        };
        let by_road = |index: usize| {
            let district = self.patches.districts.get(index)?;
            let way = Cost::new(site.road_min(&district.site)?, Means::ROAD);
            Some(footing(index, Some(district.patch), way))
        };
        let siblings = || {
            let all = self.patches.districts.iter().enumerate();
            all.filter(|(_, sibling)| sibling.regency_index == own.regency_index)
                .map(|(index, _)| index)
        };
        let nearest_sibling = || {
            siblings()
                .filter_map(by_road)
                .min_by_key(|footing| footing.to_exits)
        };
        by_road(district_index).or_else(nearest_sibling).or_else(|| {
            let boat = Cost::new(sea::boat_min(&site, &own.site), Means::SEA);
            Some(footing(district_index, None, boat))
        })
    }

    /// The best way from door to door.
    pub(crate) fn cost(&self, from: &Footing, to: &Footing) -> Cost {
        self.best_of(from, to, self.over_network(from, to))
    }

    /// Minutes of the best way to each node from `from`, its exits tried already.
    pub(crate) fn ways_from(&self, from: &Footing) -> Vec<u16> {
        let mut ways = vec![Cost::UNREACHED.minutes; self.matrix.size()];
        for out in self.exits.of(from.exits) {
            for (way, onwards) in ways.iter_mut().zip(self.matrix.row(out.node)) {
                *way = (*way).min(onwards.saturating_add(out.road.minutes));
            }
        }
        ways
    }

    /// The minutes of `cost`, with `ways` from `ways_from`. Costs are ordered by minutes first: means need not be known.
    pub(crate) fn minutes_by(&self, ways: &[u16], from: &Footing, to: &Footing) -> u16 {
        let back = self.exits.of(to.exits).iter();
        let minutes = back
            .filter_map(|back| {
                Some(
                    ways.get(usize::from(back.node.0))?
                        .saturating_add(back.road.minutes),
                )
            })
            .min();
        let between = Cost {
            minutes: minutes.unwrap_or(Cost::UNREACHED.minutes),
            means: Means::ROAD,
        };
        self.best_of(from, to, from.to_exits + between + to.to_exits)
            .minutes
    }

    fn best_of(&self, from: &Footing, to: &Footing, over_network: Cost) -> Cost {
        let best = match (self.is_regency(from), self.is_regency(to)) {
            // The matrix alone, so that no detour over a third regency is ever shorter.
            (true, true) => over_network,
            _ => self
                .direct(from, to)
                .map_or(over_network, |direct| direct.min(over_network)),
        };
        Cost {
            minutes: best.minutes.max(SHORTEST_MIN),
            means: best.means,
        }
    }

    fn is_regency(&self, footing: &Footing) -> bool {
        usize::from(footing.exits.0) < self.patches.regencies.len()
    }

    fn over_network(&self, from: &Footing, to: &Footing) -> Cost {
        let mut best = Cost::UNREACHED;
        for out in self.exits.of(from.exits) {
            for back in self.exits.of(to.exits) {
                let way = out.road + self.matrix.cost(out.node, back.node) + back.road;
                best = best.min(way);
            }
        }
        from.to_exits + best + to.to_exits
    }

    /// The road where patches touch or on one small island, or a small boat between the islands of
    /// one regency.
    fn direct(&self, from: &Footing, to: &Footing) -> Option<Cost> {
        let same_regency = from.regency_index == to.regency_index;
        if from.site.land != to.site.land {
            let is_sea_between = !self.lands.share_network(from.site.land, to.site.land);
            let boat = || Cost::new(sea::boat_min(&from.site, &to.site), Means::SEA);
            return (same_regency && is_sea_between).then(boat);
        }
        let has_road = match from.patch.zip(to.patch) {
            Some((a, b)) => self.patches.touch(a, b),
            None => same_regency,
        };
        if !has_road {
            return None;
        }
        Some(Cost::new(from.site.road_min(&to.site)?, Means::ROAD))
    }

    fn exits_of_district(&self, index: usize) -> ExitsId {
        let id = u16::try_from(self.patches.regencies.len() + index);
        ExitsId(id.expect("there are 514 regencies and 7,285 districts"))
    }
}
