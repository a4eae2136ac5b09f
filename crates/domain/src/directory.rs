//! The directory as a search sees it: facilities with their pools, at one version. Immutable; a new state of the
//! world is a new snapshot.

use std::collections::{BTreeMap, btree_map};
use std::sync::Arc;

use serasi_geography::{Place, RegionCode};
use time::OffsetDateTime;

use crate::answers::AnswerRecord;
use crate::capacity::Pool;
use crate::cluster::Cluster;
use crate::facility::Facility;
use crate::id::FacilityId;
use crate::need::ServiceBase;
use index::Index;

mod digest;
mod index;

pub use digest::DirectoryDigest;

/// A facility with what a search needs to know about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    pub facility: Facility,
    /// In key order.
    pub pools: Vec<Pool>,
    pub answers: AnswerRecord,
    /// Where it stands.
    pub place: Place,
}

/// What was read from the store since the last look.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub facilities: Vec<(Facility, Place)>,
    pub pools: Vec<(FacilityId, Pool)>,
    pub answers: Vec<(FacilityId, AnswerRecord)>,
}

/// All facilities, in id order.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// How far the change log had been read.
    pub version: i64,
    entries: Vec<Arc<Entry>>,
    index: Arc<Index>,
    digest: DirectoryDigest,
}

impl Entry {
    /// An older statement never undoes a newer one.
    fn set_pool(&mut self, pool: Pool) {
        match self.pools.binary_search_by_key(&pool.key, |known| known.key) {
            Ok(position) => {
                let known = self.pools.get_mut(position);
                if let Some(known) = known.filter(|known| known.version <= pool.version) {
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
        let mut digest = DirectoryDigest::default();
        for entry in &entries {
            digest.add(DirectoryDigest::of(entry));
        }
        Self {
            version,
            index: Arc::new(Index::of(&entries)),
            entries,
            digest,
        }
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

    /// Fingerprint of everything a search may look at.
    #[must_use]
    pub const fn digest(&self) -> DirectoryDigest {
        self.digest
    }

    /// The next snapshot, with what was `read` over what is here; `None` = they say nothing new.
    #[must_use]
    pub fn with(&self, version: i64, read: Changes) -> Option<Self> {
        let mut changed = self.merged(read);
        changed.retain(|id, entry| self.entry(*id) != Some(entry));
        if changed.is_empty() {
            return None;
        }
        let mut digest = self.digest;
        let mut is_reindexed = false;
        for (id, entry) in &changed {
            let known = self.entry(*id);
            if let Some(known) = known {
                digest.remove(DirectoryDigest::of(known));
            }
            digest.add(DirectoryDigest::of(entry));
            is_reindexed |= known.is_none_or(|known| known.facility.profile != entry.facility.profile);
        }
        let mut entries = self.entries.clone();
        for (id, entry) in changed {
            let entry = Arc::new(entry);
            match self.entries.binary_search_by_key(&id, |known| known.facility.id) {
                Ok(position) => {
                    if let Some(known) = entries.get_mut(position) {
                        *known = entry;
                    }
                }
                Err(_) => entries.push(entry),
            }
        }
        if entries.len() > self.entries.len() {
            entries.sort_by_key(|entry| entry.facility.id);
        }
        Some(Self {
            version,
            index: if is_reindexed {
                Arc::new(Index::of(&entries))
            } else {
                Arc::clone(&self.index)
            },
            entries,
            digest,
        })
    }

    /// The entries that `read` speaks of, as they are after it.
    fn merged(&self, read: Changes) -> BTreeMap<FacilityId, Entry> {
        let mut changed: BTreeMap<FacilityId, Entry> = BTreeMap::new();
        for (facility, place) in read.facilities {
            let known = changed
                .get(&facility.id)
                .or_else(|| self.entry(facility.id))
                .filter(|known| known.facility.version > facility.version);
            if known.is_some() {
                continue;
            }
            let known = self.entry(facility.id);
            let entry = Entry {
                pools: known.map(|entry| entry.pools.clone()).unwrap_or_default(),
                answers: known.map(|entry| entry.answers).unwrap_or_default(),
                facility,
                place,
            };
            changed.insert(entry.facility.id, entry);
        }
        for (facility, pool) in read.pools {
            if let Some(entry) = self.entry_to_change(&mut changed, facility) {
                entry.set_pool(pool);
            }
        }
        for (facility, answers) in read.answers {
            let entry = self.entry_to_change(&mut changed, facility);
            if let Some(entry) = entry.filter(|entry| entry.answers.version <= answers.version) {
                entry.answers = answers;
            }
        }
        changed
    }

    /// Pools and answers come with or after their facility; one that is not known is left out.
    fn entry_to_change<'c>(
        &self,
        changed: &'c mut BTreeMap<FacilityId, Entry>,
        id: FacilityId,
    ) -> Option<&'c mut Entry> {
        match changed.entry(id) {
            btree_map::Entry::Occupied(entry) => Some(entry.into_mut()),
            btree_map::Entry::Vacant(vacant) => self.entry(id).cloned().map(|entry| vacant.insert(entry)),
        }
    }

    /// One facility.
    #[must_use]
    pub fn entry(&self, id: FacilityId) -> Option<&Entry> {
        let position = self
            .entries
            .binary_search_by_key(&id, |entry| entry.facility.id)
            .ok()?;
        self.entry_at(position)
    }

    pub(crate) fn entry_at(&self, position: usize) -> Option<&Entry> {
        self.entries.get(position).map(AsRef::as_ref)
    }

    /// Where the entry at `position` stands. Kept apart from the entries: a search through the nation asks for all.
    pub(crate) fn place_at(&self, position: usize) -> Option<Place> {
        self.index.place(position)
    }

    /// Positions of all balai.
    pub(crate) fn balai(&self) -> &[usize] {
        self.index.balai()
    }

    /// Positions of all that have a working area of their own.
    pub(crate) fn with_area(&self) -> &[usize] {
        self.index.with_area()
    }

    /// How many UPTD and LKS are licensed for `cluster`.
    pub(crate) fn count_serving(&self, cluster: Cluster) -> usize {
        self.index.serving(cluster)
    }

    /// Positions of the UPTD and LKS that serve `cluster` on `base`.
    pub(crate) fn licensed(&self, cluster: Cluster, base: ServiceBase) -> &[usize] {
        self.index.licensed(cluster, base)
    }

    /// The part of `positions`, ascending, that is at home in `region`, or in its regency when it is smaller.
    pub(crate) fn within<'a>(&self, positions: &'a [usize], region: RegionCode) -> &'a [usize] {
        index::within(&self.entries, positions, region)
    }

    /// Working areas of the balai that are responsible for `place`: every region in a list that also holds the place.
    #[must_use]
    pub fn responsible_area(&self, place: RegionCode, now: OffsetDateTime) -> Vec<RegionCode> {
        let mut area: Vec<RegionCode> = self
            .balai()
            .iter()
            .filter_map(|position| self.entry_at(*position))
            .filter(|entry| entry.facility.state.is_active(now))
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

#[cfg(test)]
mod tests;
