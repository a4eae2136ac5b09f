//! Who could serve a cluster on a base at all, in the order of their regions: a search looks at these only.

use std::collections::BTreeMap;
use std::sync::Arc;

use serasi_geography::{Place, RegionCode};

use super::Entry;
use crate::cluster::Cluster;
use crate::need::ServiceBase;

/// Positions of entries in the directory, ascending: that is id order, and so the order of the home regions.
type Positions = Vec<usize>;

/// Positions by what the entries are licensed for. Balai stand apart: a policy may let them serve all clusters.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    balai: Positions,
    /// UPTD and LKS.
    licensed: BTreeMap<(Cluster, ServiceBase), Positions>,
    serving: BTreeMap<Cluster, usize>,
    /// Those with a working area of their own.
    with_area: Positions,
    /// Of every entry, by position.
    places: Vec<Place>,
}

impl Index {
    pub(super) fn of(entries: &[Arc<Entry>]) -> Self {
        let mut index = Self {
            places: entries.iter().map(|entry| entry.place).collect(),
            ..Self::default()
        };
        for (position, entry) in entries.iter().enumerate() {
            let profile = &entry.facility.profile;
            if !profile.working_area.is_empty() {
                index.with_area.push(position);
            }
            if profile.kind.is_balai() {
                index.balai.push(position);
                continue;
            }
            for cluster in profile.clusters {
                *index.serving.entry(cluster).or_default() += 1;
                for base in profile.bases {
                    index.licensed.entry((cluster, base)).or_default().push(position);
                }
            }
        }
        index
    }

    pub(super) fn place(&self, position: usize) -> Option<Place> {
        self.places.get(position).copied()
    }

    pub(super) fn balai(&self) -> &[usize] {
        &self.balai
    }

    pub(super) fn with_area(&self) -> &[usize] {
        &self.with_area
    }

    /// How many UPTD and LKS are licensed for the cluster.
    pub(super) fn serving(&self, cluster: Cluster) -> usize {
        self.serving.get(&cluster).copied().unwrap_or_default()
    }

    /// UPTD and LKS licensed for the cluster that work on the base.
    pub(super) fn licensed(&self, cluster: Cluster, base: ServiceBase) -> &[usize] {
        self.licensed.get(&(cluster, base)).map_or(&[], Vec::as_slice)
    }
}

/// The part of `positions` whose entries are at home in `region`, or in its regency when it is smaller.
pub(super) fn within<'a>(entries: &[Arc<Entry>], positions: &'a [usize], region: RegionCode) -> &'a [usize] {
    let region = region.regency().unwrap_or(region);
    let home = |position: &usize| {
        entries
            .get(*position)
            .map(|entry| entry.facility.id.home().code())
    };
    // Codes of a region lie together, after its own and before the next one's.
    let start = positions.partition_point(|position| home(position).is_some_and(|code| code < region));
    let from_there = positions.get(start..).unwrap_or_default();
    let length =
        from_there.partition_point(|position| home(position).is_some_and(|code| region.contains(&code)));
    from_there.get(..length).unwrap_or_default()
}
