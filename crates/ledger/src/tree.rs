//! Growing a Merkle tree without holding it, and finding the nodes a proof needs.
//!
//! Whole subtrees never change once they are full, so they are kept; what lies at the growing edge is made from them.

use std::collections::HashMap;

use ct_merkle::{indices_for_consistency_proof, indices_for_inclusion_proof};

use crate::hash::Hash;

/// Only every fourth level is kept: one row for fifteen leaves instead of one for each, and at most eight hashes to read
/// for a node between.
const STRIDE: u32 = 4;

/// Where a full subtree of 2^level leaves stands, counted from the left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodePosition {
    pub level: u32,
    pub position: u64,
}

/// A full subtree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    pub at: NodePosition,
    pub hash: Hash,
}

/// Whether nodes of this level are kept. Level 0 are the leaves.
#[must_use]
pub const fn is_kept(level: u32) -> bool {
    level.is_multiple_of(STRIDE)
}

/// The right edge of a tree: enough to append and to tell the root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// Full subtrees from the left, one for each 1 in the binary form of the size.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// As it was written down; `None` = this many hashes make no tree of that size.
    #[must_use]
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        let fits = usize::try_from(size.count_ones()) == Ok(peaks.len());
        fits.then_some(Self { size, peaks })
    }

    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// Appends a leaf; gives the subtrees above it that are full now, from below.
    pub fn append(&mut self, leaf: Hash) -> Vec<Node> {
        let mut full = vec![];
        let mut hash = leaf;
        for level in 1..=self.size.trailing_ones() {
            // One peak for each 1 of the size: it is there.
            let Some(left) = self.peaks.pop() else { break };
            hash = Hash::of_node(left, hash);
            let at = NodePosition {
                level,
                position: self.size >> level,
            };
            full.push(Node { at, hash });
        }
        self.peaks.push(hash);
        self.size += 1;
        full
    }

    #[must_use]
    pub fn root(&self) -> Hash {
        let from_right = self.peaks.iter().rev().copied();
        from_right
            .reduce(|right, left| Hash::of_node(left, right))
            .unwrap_or_else(Hash::of_nothing)
    }
}

/// The nodes of a proof, each as the full subtrees it is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    nodes: Vec<Vec<NodePosition>>,
}

impl Plan {
    /// That the leaf at `index` is in the tree of `size` leaves; `None` = it is not.
    #[must_use]
    pub fn inclusion(size: u64, index: u64) -> Option<Self> {
        let is_inside = index < size && size <= i64::MAX.cast_unsigned();
        is_inside.then(|| Self::of(&indices_for_inclusion_proof(size, index), size))
    }

    /// That the tree of `old` leaves is the beginning of the one of `size`; `None` = it cannot be.
    #[must_use]
    pub fn consistency(old: u64, size: u64) -> Option<Self> {
        let may_be = 0 < old && old <= size && size <= i64::MAX.cast_unsigned();
        may_be.then(|| Self::of(&indices_for_consistency_proof(old, size - old), size))
    }

    /// Indices count nodes from left to right, as RFC 9420 does: the level is the number of ones they end with.
    fn of(indices: &[u64], size: u64) -> Self {
        let node = |index: &u64| {
            let level = index.trailing_ones();
            let first = index >> (level + 1) << level;
            full_subtrees(first, size.min(first + (1 << level)))
        };
        Self {
            nodes: indices.iter().map(node).collect(),
        }
    }

    /// The kept nodes to read.
    #[must_use]
    pub fn needed(&self) -> Vec<NodePosition> {
        self.nodes
            .iter()
            .flatten()
            .flat_map(|at| kept_below(*at))
            .collect()
    }

    /// The proof, from nodes that were read; `None` = some are missing.
    #[must_use]
    pub fn prove(&self, kept: &HashMap<NodePosition, Hash>) -> Option<Vec<Hash>> {
        let node = |subtrees: &Vec<NodePosition>| {
            let hashes: Option<Vec<_>> = subtrees.iter().map(|at| full_hash(*at, kept)).collect();
            hashes?
                .into_iter()
                .rev()
                .reduce(|right, left| Hash::of_node(left, right))
        };
        self.nodes.iter().map(node).collect()
    }
}

/// The full subtrees that make up the leaves from `first` to before `end`, from the left.
fn full_subtrees(mut first: u64, end: u64) -> Vec<NodePosition> {
    let mut subtrees = vec![];
    while first < end {
        let fits = (end - first).ilog2();
        let level = if first == 0 {
            fits
        } else {
            fits.min(first.trailing_zeros())
        };
        subtrees.push(NodePosition {
            level,
            position: first >> level,
        });
        first += 1 << level;
    }
    subtrees
}

/// The kept nodes that a full subtree is made of.
fn kept_below(at: NodePosition) -> impl Iterator<Item = NodePosition> {
    let between = at.level % STRIDE;
    let first = at.position << between;
    (first..first + (1 << between)).map(move |position| NodePosition {
        level: at.level - between,
        position,
    })
}

fn full_hash(at: NodePosition, kept: &HashMap<NodePosition, Hash>) -> Option<Hash> {
    let hashes: Option<Vec<_>> = kept_below(at).map(|at| kept.get(&at).copied()).collect();
    let mut hashes = hashes?;
    // Twice, four or eight times as many as the level above has.
    while hashes.len() > 1 {
        hashes = hashes
            .chunks_exact(2)
            .filter_map(|pair| <[Hash; 2]>::try_from(pair).ok())
            .map(|[left, right]| Hash::of_node(left, right))
            .collect();
    }
    hashes.first().copied()
}

#[cfg(test)]
mod tests;
