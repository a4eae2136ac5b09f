//! The directory as a search sees it: facilities with their pools, at one version. Immutable; a new state of the
//! world is a new snapshot.

use std::sync::Arc;

use serasi_geography::{Place, RegionCode};
use time::OffsetDateTime;

use crate::capacity::Pool;
use crate::facility::Facility;

/// A facility with what a search needs to know about it.
#[derive(Clone, Debug)]
pub struct Entry {
    pub facility: Facility,
    /// In key order.
    pub pools: Vec<Pool>,
    /// Where it stands.
    pub place: Place,
}

/// All facilities, in id order.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Grows with every change of the snapshot.
    pub version: i64,
    entries: Vec<Arc<Entry>>,
}

impl Directory {
    /// A snapshot of `entries`, in any order.
    #[must_use]
    pub fn new(version: i64, mut entries: Vec<Arc<Entry>>) -> Self {
        entries.sort_by_key(|entry| entry.facility.id);
        Self { version, entries }
    }

    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().map(AsRef::as_ref)
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The next snapshot: `changed` replaces or adds entries. Costs one pass over the directory.
    #[must_use]
    pub fn with(&self, changed: Vec<Entry>) -> Self {
        let mut changed: std::collections::BTreeMap<_, _> =
            changed.into_iter().map(|entry| (entry.facility.id, Arc::new(entry))).collect();
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|entry| changed.remove(&entry.facility.id).unwrap_or_else(|| Arc::clone(entry)))
            .collect();
        entries.extend(changed.into_values());
        Self::new(self.version + 1, entries)
    }

    /// Working areas of the balai that are responsible for `place`: every region in a list that also holds the place.
    #[must_use]
    pub fn responsible_area(&self, place: RegionCode, now: OffsetDateTime) -> Vec<RegionCode> {
        let mut area: Vec<RegionCode> = self
            .entries()
            .filter(|entry| entry.facility.profile.kind.is_balai() && entry.facility.state.is_active(now))
            .map(|entry| &entry.facility.profile.working_area)
            .filter(|regions| regions.iter().any(|region| region.contains(&place)))
            .flatten()
            .copied()
            .collect();
        area.sort_unstable();
        area.dedup();
        area
    }
}
