//! The directory as a search sees it: facilities with their pools, at one version. Immutable; a new state of the
//! world is a new snapshot.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use serasi_geography::{Place, RegionCode};
use time::OffsetDateTime;

use crate::capacity::Pool;
use crate::facility::Facility;
use crate::id::FacilityId;

/// A facility with what a search needs to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub facility: Facility,
    /// In key order.
    pub pools: Vec<Pool>,
    /// Where it stands.
    pub place: Place,
}

/// What was read from the store since the last look.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub facilities: Vec<(Facility, Place)>,
    pub pools: Vec<(FacilityId, Pool)>,
}

/// All facilities, in id order.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// Grows with every change of the snapshot.
    pub version: i64,
    entries: Vec<Arc<Entry>>,
}

impl Entry {
    fn set_pool(&mut self, pool: Pool) {
        match self.pools.binary_search_by_key(&pool.key, |known| known.key) {
            Ok(position) => {
                if let Some(known) = self.pools.get_mut(position) {
                    *known = pool;
                }
            }
            Err(position) => self.pools.insert(position, pool),
        }
    }
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

    /// The next snapshot, with what was `read` over what is here; `None` = they say nothing new.
    #[must_use]
    pub fn with(&self, read: Changes) -> Option<Self> {
        let mut changed: BTreeMap<FacilityId, Entry> = BTreeMap::new();
        for (facility, place) in read.facilities {
            let pools = self
                .entry(facility.id)
                .map(|entry| entry.pools.clone())
                .unwrap_or_default();
            changed.insert(
                facility.id,
                Entry {
                    facility,
                    pools,
                    place,
                },
            );
        }
        for (facility, pool) in read.pools {
            // A pool comes after its facility; one that is not known yet is seen with it at the next look.
            let known = || self.entry(facility).cloned();
            let entry = match changed.entry(facility) {
                btree_map::Entry::Occupied(entry) => Some(entry.into_mut()),
                btree_map::Entry::Vacant(vacant) => known().map(|entry| vacant.insert(entry)),
            };
            if let Some(entry) = entry {
                entry.set_pool(pool);
            }
        }
        changed.retain(|id, entry| self.entry(*id) != Some(entry));
        if changed.is_empty() {
            return None;
        }
        let mut changed: BTreeMap<_, _> = changed
            .into_iter()
            .map(|(id, entry)| (id, Arc::new(entry)))
            .collect();
        let mut entries: Vec<_> = self
            .entries
            .iter()
            .map(|entry| {
                changed
                    .remove(&entry.facility.id)
                    .unwrap_or_else(|| Arc::clone(entry))
            })
            .collect();
        entries.extend(changed.into_values());
        Some(Self::new(self.version + 1, entries))
    }

    /// One facility.
    #[must_use]
    pub fn entry(&self, id: FacilityId) -> Option<&Entry> {
        let position = self
            .entries
            .binary_search_by_key(&id, |entry| entry.facility.id)
            .ok()?;
        self.entries.get(position).map(AsRef::as_ref)
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
