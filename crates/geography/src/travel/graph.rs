//! The network as a graph: points where journeys change, and the stretches between them.

use std::collections::{BTreeMap, HashSet};

use super::cost::{Cost, Means};
use super::land::{LandId, Site};
use super::patch::{PatchId, Patches};

/// A point of the graph; the first ones are the regencies' reference points, in atlas order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NodeId(pub(super) u16);

pub(super) struct Node {
    pub(super) site: Site,
    pub(super) patch: PatchId,
    /// Minutes to get from the road into the place: an airport's ends.
    pub(super) access_min: f64,
}

pub(super) struct Edge {
    pub(super) ends: (NodeId, NodeId),
    pub(super) cost: Cost,
}

/// Points and stretches; every stretch goes both ways.
pub(super) struct Graph {
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    regency_count: usize,
    of_district: BTreeMap<usize, NodeId>,
    /// Lands with a ferry or a flight.
    served: HashSet<LandId>,
}

impl Graph {
    /// The regencies' reference points, unconnected.
    pub(super) fn of_regencies(patches: &Patches) -> Self {
        let nodes = patches.regencies.iter().map(|regency| Node {
            site: regency.site,
            patch: regency.patch,
            access_min: 0.0,
        });
        Self {
            nodes: nodes.collect(),
            edges: Vec::new(),
            regency_count: patches.regencies.len(),
            of_district: BTreeMap::new(),
            served: HashSet::new(),
        }
    }

    /// The regencies' reference points.
    pub(super) fn regencies(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..).map(NodeId).take(self.regency_count)
    }

    pub(super) fn push(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId(u16::try_from(self.nodes.len() - 1).expect("there are about a thousand nodes"))
    }

    /// The node at a district's point, made when first asked for.
    pub(super) fn at_district(&mut self, index: usize, patches: &Patches) -> NodeId {
        if let Some(node) = self.of_district.get(&index) {
            return *node;
        }
        let district = patches.district(index);
        let node = self.push(Node {
            site: district.site,
            patch: district.patch,
            access_min: 0.0,
        });
        self.of_district.insert(index, node);
        node
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        self.nodes
            .get(usize::from(id.0))
            .expect("node ids come from this graph")
    }

    pub(super) fn connect(&mut self, a: NodeId, b: NodeId, minutes: f64, means: Means) {
        if means != Means::ROAD {
            let lands = [self.node(a).site.land, self.node(b).site.land];
            self.served.extend(lands);
        }
        self.edges.push(Edge {
            ends: (a, b),
            cost: Cost::new(minutes, means),
        });
    }

    pub(super) fn is_served(&self, land: LandId) -> bool {
        self.served.contains(&land)
    }

    /// Gives every patch a node, so that each district has a way out by road.
    pub(super) fn fill_patches(&mut self, patches: &Patches) {
        let mut filled: HashSet<PatchId> = self.nodes.iter().map(|node| node.patch).collect();
        for (index, district) in patches.districts.iter().enumerate() {
            if filled.insert(district.patch) {
                self.at_district(index, patches);
            }
        }
    }

    /// Joins by road all nodes whose patches touch.
    pub(super) fn connect_roads(&mut self, patches: &Patches) {
        let by_patch = self.by_patch(patches);
        for (a, from) in (0..).map(NodeId).take(self.nodes.len()).zip(&self.nodes) {
            let near = patches
                .around(from.patch)
                .filter_map(|patch| by_patch.get(Patches::index(patch)));
            for b in near.flatten().copied().filter(|b| a < *b) {
                let to = self.node(b);
                let Some(road_min) = from.site.road_min(&to.site) else {
                    continue;
                };
                let cost = Cost::new(from.access_min + road_min + to.access_min, Means::ROAD);
                self.edges.push(Edge { ends: (a, b), cost });
            }
        }
    }

    pub(super) fn by_patch(&self, patches: &Patches) -> Vec<Vec<NodeId>> {
        let mut by_patch = vec![Vec::new(); patches.len()];
        for (id, node) in (0..).map(NodeId).zip(&self.nodes) {
            by_patch
                .get_mut(Patches::index(node.patch))
                .expect("patches of nodes exist")
                .push(id);
        }
        by_patch
    }
}
