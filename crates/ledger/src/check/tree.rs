//! One tree of an export, grown again leaf by leaf.

use std::collections::BTreeMap;

use ct_merkle::{InclusionProof, RootHash};
use sha2::Sha256;
use time::{Duration, OffsetDateTime};

use super::Finding;
use crate::entry::Entry;
use crate::export::{Inclusion, Leaf};
use crate::hash::Hash;
use crate::head::Head;
use crate::tree::Frontier;

/// An entry is sealed within a minute; one that is this much older than a head and not sealed is not new.
const SEALING: Duration = Duration::minutes(1);

/// A tree as far as it was read.
#[derive(Debug, Default)]
pub(super) struct TreeCheck {
    /// Root and time of every head, by size.
    heads: BTreeMap<u64, (Hash, OffsetDateTime)>,
    outside_heads: u64,
    frontier: Frontier,
    /// Leaves up to here are those of a head.
    proven: u64,
    /// A leaf is missing or wrong: roots cannot be compared any more.
    is_broken: bool,
    leaves: u64,
    alone: u64,
    unsealed: u64,
}

/// How much of a tree was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeReport {
    /// Leaves in the order of the tree.
    pub leaves: u64,
    /// Leaves of these that a signed head covers.
    pub proven: u64,
    /// Leaves proven one by one.
    pub alone: u64,
    /// Entries too new to be in the tree.
    pub unsealed: u64,
    pub heads: u64,
    /// Heads of these that were kept outside the database.
    pub outside_heads: u64,
}

/// Whether the entry of a leaf is the one that was hashed.
pub(super) fn check_entry(leaf: &Leaf) -> Option<Finding> {
    let (index, id) = (leaf.index, leaf.id);
    let Some(entry) = &leaf.entry else {
        return Some(Finding::Removed { index, id });
    };
    let is_same = entry.id == id && entry.region == leaf.region && entry.hash() == leaf.hash;
    (!is_same).then_some(Finding::Edited { index, id })
}

impl TreeCheck {
    pub(super) fn head(&mut self, head: &Head, is_outside: bool) -> Option<Finding> {
        let size = head.size;
        if let Some((root, _)) = self.heads.get(&size) {
            return (*root != head.root).then_some(Finding::TwoHistories { size });
        }
        if size <= self.frontier.size() && self.leaves > 0 {
            return Some(Finding::LateHead { size });
        }
        self.heads.insert(size, (head.root, head.at));
        self.outside_heads += u64::from(is_outside);
        None
    }

    pub(super) fn append(&mut self, leaf: &Leaf) -> Option<Finding> {
        let expected = self.frontier.size();
        self.leaves += 1;
        if self.is_broken {
            return None;
        }
        if leaf.index != expected {
            self.is_broken = true;
            return Some(if leaf.index > expected {
                Finding::Gap {
                    first: expected,
                    last: leaf.index - 1,
                }
            } else {
                Finding::OutOfOrder {
                    index: leaf.index,
                    expected,
                }
            });
        }
        self.frontier.append(leaf.hash);
        let (root, head_at) = *self.heads.get(&self.frontier.size())?;
        if self.frontier.root() == root {
            self.proven = self.frontier.size();
            return None;
        }
        self.is_broken = true;
        Some(Finding::Rewritten {
            first: self.proven,
            last: leaf.index,
            head_at,
        })
    }

    pub(super) fn prove(&mut self, leaf: &Leaf, inclusion: &Inclusion) -> Option<Finding> {
        let (index, size) = (leaf.index, inclusion.size);
        let Some((root, _)) = self.heads.get(&size) else {
            return Some(Finding::NoHead { index, size });
        };
        if leads_to(leaf, inclusion, *root) {
            self.alone += 1;
            return None;
        }
        Some(Finding::NotProven {
            index,
            id: leaf.id,
            size,
        })
    }

    pub(super) fn unsealed(&mut self, entry: &Entry) -> Option<Finding> {
        self.unsealed += 1;
        let last = self.heads.values().map(|(_, at)| *at).max()?;
        (entry.at + SEALING <= last).then_some(Finding::NotSealed {
            id: entry.id,
            at: entry.at,
        })
    }

    /// `is_expected` = all leaves of the tree should have come. A tree of which only proofs came has shown what it had to; one
    /// of which leaves came in order, too, must not end early because of them.
    pub(super) fn end(&mut self, is_expected: bool) -> Option<Finding> {
        let (&head_size, &(_, head_at)) = self.heads.last_key_value()?;
        let size = self.frontier.size();
        let is_short = !self.is_broken && size < head_size;
        let only_proofs = self.alone > 0 && self.leaves == 0;
        (is_expected && !only_proofs && is_short).then_some(Finding::Truncated {
            size,
            head_size,
            head_at,
        })
    }

    pub(super) fn into_report(self) -> TreeReport {
        TreeReport {
            leaves: self.leaves,
            proven: self.proven,
            alone: self.alone,
            unsealed: self.unsealed,
            heads: u64::try_from(self.heads.len()).unwrap_or(u64::MAX),
            outside_heads: self.outside_heads,
        }
    }
}

fn leads_to(leaf: &Leaf, inclusion: &Inclusion, root: Hash) -> bool {
    let path = inclusion.path.iter().flat_map(|hash| hash.0).collect();
    let root = RootHash::<Sha256>::new(root.0.into(), inclusion.size);
    let (Some(entry), Ok(proof)) = (&leaf.entry, InclusionProof::try_from_bytes(path)) else {
        return false;
    };
    root.verify_inclusion(&entry.to_leaf(), leaf.index, &proof)
        .is_ok()
}
