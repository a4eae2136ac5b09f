//! The lines of an export: what `serasi audit export` writes and `serasi audit verify` reads, one JSON object each.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use serasi_domain::id::Regency;

use crate::entry::Entry;
use crate::hash::Hash;
use crate::head::SignedHead;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// A signed head; those of a tree stand before its leaves.
    Head(SignedHead),
    /// A leaf of a tree, from index 0 on, with its entry.
    Leaf(Leaf),
    /// An entry that stands in the table and in no tree: too new, or put there past the hub.
    Unsealed(Entry),
}

/// A leaf as the tree has it, and the entry as the table has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leaf {
    pub region: Regency,
    /// Position in the tree, from 0.
    pub index: u64,
    pub id: Uuid,
    pub hash: Hash,
    /// Absent = somebody has removed it from the table.
    pub entry: Option<Entry>,
    /// Proves a leaf by itself; without one all leaves before it are needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inclusion: Option<Inclusion>,
}

/// Proof that a leaf is in the tree of a signed head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// Size of the tree, which names the head.
    pub size: u64,
    /// From the leaf's sibling to the root.
    pub path: Vec<Hash>,
}
