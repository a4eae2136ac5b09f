//! How each district gets onto the network: the few nodes near it that are worth going to.

use super::constants::{EXIT_SLACK_MIN, MAX_EXITS};
use super::cost::{Cost, Means};
use super::graph::{Graph, NodeId};
use super::matrix::Matrix;
use super::patch::Patches;

/// A node and the road to it.
#[derive(Clone, Copy)]
pub(super) struct Exit {
    pub(super) node: NodeId,
    pub(super) road: Cost,
}

/// Number of a list of exits: the regencies' first, each with its own node only, then the districts'.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ExitsId(pub(super) u16);

pub(super) struct Exits {
    /// Where each list starts; the last one is the end.
    starts: Vec<u32>,
    exits: Vec<Exit>,
}

impl Exits {
    pub(super) fn build(graph: &Graph, matrix: &Matrix, patches: &Patches) -> Self {
        let by_patch = graph.by_patch(patches);
        let regencies = graph.regencies();
        let mut all = Self {
            starts: vec![0],
            exits: Vec::new(),
        };
        for node in regencies {
            all.push(&[Exit {
                node,
                road: Cost::NONE,
            }]);
        }
        for district in &patches.districts {
            let near = patches.around(district.patch);
            let nodes = near
                .filter_map(|patch| by_patch.get(Patches::index(patch)))
                .flatten();
            let ways = nodes.filter_map(|id| {
                let node = graph.node(*id);
                let minutes = district.site.road_min(&node.site)? + node.access_min;
                Some(Exit {
                    node: *id,
                    road: Cost::new(minutes, Means::ROAD),
                })
            });
            all.push(&worth_going_to(ways.collect(), matrix));
        }
        all
    }

    pub(super) fn of(&self, id: ExitsId) -> &[Exit] {
        let index = usize::from(id.0);
        let bounds = self.starts.get(index).zip(self.starts.get(index + 1));
        let range = bounds.map(|(start, end)| *start as usize..*end as usize);
        range
            .and_then(|range| self.exits.get(range))
            .expect("exit ids come from this list")
    }

    fn push(&mut self, exits: &[Exit]) {
        self.exits.extend_from_slice(exits);
        self.starts
            .push(u32::try_from(self.exits.len()).expect("some 40,000 exits"));
    }
}

/// The nearest exits, without those that lie behind a nearer one.
fn worth_going_to(mut ways: Vec<Exit>, matrix: &Matrix) -> Vec<Exit> {
    ways.sort_by_key(|exit| (exit.road, exit.node));
    let mut kept: Vec<Exit> = Vec::with_capacity(MAX_EXITS);
    for way in ways {
        let lies_behind = |near: &Exit| {
            let through = near.road + matrix.cost(near.node, way.node);
            through.minutes <= way.road.minutes.saturating_add(EXIT_SLACK_MIN)
        };
        if !kept.iter().any(lies_behind) {
            kept.push(way);
        }
        if kept.len() == MAX_EXITS {
            break;
        }
    }
    kept
}
