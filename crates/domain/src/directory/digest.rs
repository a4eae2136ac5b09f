//! The fingerprint of a directory: the sum of the fingerprints of its entries, so that a change costs what changed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Entry;

/// SHA-256 of every entry, added up lane by lane (an incremental multiset hash). Tells whether two snapshots are the
/// same; it is no defence against somebody who can choose entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectoryDigest([u64; 4]);

impl DirectoryDigest {
    pub(super) fn of(entry: &Entry) -> Self {
        let facility = &entry.facility;
        // The version stands for the description: a description never changes under its version.
        let content = (
            facility.id,
            facility.version,
            &facility.state,
            &entry.pools,
            entry.answers,
        );
        let bytes = serde_json::to_vec(&content).expect("an entry is plain data");
        let digest = Sha256::digest(bytes);
        let mut lanes = [0; 4];
        for (lane, bytes) in lanes.iter_mut().zip(digest.chunks_exact(8)) {
            *lane = bytes.iter().fold(0, |lane, byte| lane << 8 | u64::from(*byte));
        }
        Self(lanes)
    }

    pub(super) fn add(&mut self, other: Self) {
        for (lane, more) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_add(more);
        }
    }

    pub(super) fn remove(&mut self, other: Self) {
        for (lane, less) in self.0.iter_mut().zip(other.0) {
            *lane = lane.wrapping_sub(less);
        }
    }
}
