//! Shortest ways between all nodes, found once (Dijkstra from each).

use super::cost::{Cost, Means};
use super::graph::{Graph, NodeId};

/// The best cost between every two nodes: symmetric, and no detour is shorter.
///
/// Minutes and means lie apart: a search reads whole rows of minutes, and they come from far down in memory.
pub(super) struct Matrix {
    size: usize,
    minutes: Vec<u16>,
    means: Vec<Means>,
}

type Neighbours = Vec<Vec<(NodeId, Cost)>>;

impl Matrix {
    /// Panics if a node is cut off: the tables are part of the program.
    pub(super) fn shortest(graph: &Graph) -> Self {
        let size = graph.nodes.len();
        let mut neighbours: Neighbours = vec![Vec::new(); size];
        for edge in &graph.edges {
            let (a, b) = edge.ends;
            for (from, to) in [(a, b), (b, a)] {
                let near = neighbours
                    .get_mut(usize::from(from.0))
                    .expect("edges join nodes of the graph");
                near.push((to, edge.cost));
            }
        }
        let mut piles = Vec::new();
        let mut cells = vec![Cost::UNREACHED; size * size];
        for (start, row) in (0..).map(NodeId).zip(cells.chunks_exact_mut(size)) {
            fill_row(start, row, &neighbours, &mut piles);
        }
        assert!(
            !cells.contains(&Cost::UNREACHED),
            "every node reaches every other"
        );
        mirror(&mut cells, size);
        Self {
            size,
            minutes: cells.iter().map(|cost| cost.minutes).collect(),
            means: cells.iter().map(|cost| cost.means).collect(),
        }
    }

    pub(super) fn cost(&self, from: NodeId, to: NodeId) -> Cost {
        let index = usize::from(from.0) * self.size + usize::from(to.0);
        let cell = self.minutes.get(index).zip(self.means.get(index));
        let (minutes, means) = cell.expect("node ids come from the graph of this matrix");
        Cost {
            minutes: *minutes,
            means: *means,
        }
    }

    /// The minutes from one node to all, by node.
    pub(super) fn row(&self, from: NodeId) -> &[u16] {
        let start = usize::from(from.0) * self.size;
        self.minutes
            .get(start..start + self.size)
            .expect("node ids come from the graph of this matrix")
    }

    pub(super) const fn size(&self) -> usize {
        self.size
    }
}

/// Of equally long ways there and back may have other means; the lower node decides.
fn mirror(cells: &mut [Cost], size: usize) {
    for a in 0..size {
        for b in a + 1..size {
            let cost = cells.get(a * size + b).copied().expect("inside the matrix");
            *cells.get_mut(b * size + a).expect("inside the matrix") = cost;
        }
    }
}

/// Shortest ways from one node to all others. Minutes are small whole numbers, so the open ways lie
/// in a pile per minute: three times faster than a heap, and start-up is felt in every test.
fn fill_row(start: NodeId, row: &mut [Cost], neighbours: &Neighbours, piles: &mut Vec<Vec<(NodeId, Cost)>>) {
    push(piles, start, Cost::NONE);
    *slot(row, start) = Cost::NONE;
    let mut minute = 0;
    while let Some(pile) = piles.get_mut(minute) {
        let Some((at, cost)) = pile.pop() else {
            minute += 1;
            continue;
        };
        if *slot(row, at) < cost {
            continue;
        }
        for (next, stretch) in neighbours.get(usize::from(at.0)).into_iter().flatten() {
            let through = cost + *stretch;
            let best = slot(row, *next);
            if through < *best {
                *best = through;
                push(piles, *next, through);
            }
        }
    }
}

fn push(piles: &mut Vec<Vec<(NodeId, Cost)>>, node: NodeId, cost: Cost) {
    let minute = usize::from(cost.minutes);
    if piles.len() <= minute {
        piles.resize_with(minute + 1, Vec::new);
    }
    piles.get_mut(minute).expect("made just now").push((node, cost));
}

fn slot(row: &mut [Cost], node: NodeId) -> &mut Cost {
    row.get_mut(usize::from(node.0))
        .expect("edges join nodes of the graph")
}
