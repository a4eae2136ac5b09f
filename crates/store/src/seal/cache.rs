//! Data keys in memory: loaded when first needed, wiped when they go.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use serasi_domain::id::Regency;
use serasi_domain::privacy::DataClass;
use uuid::Uuid;

use super::secret::Secret;

/// 514 regencies, four classes, two versions while keys are rotated, and room.
const MAX_KEYS: usize = 8_192;

/// A data key that is unwrapped.
pub(super) struct DataKey {
    pub(super) id: Uuid,
    pub(super) home: Regency,
    pub(super) class: DataClass,
    /// New subjects get the active one.
    pub(super) is_active: bool,
    pub(super) secret: Secret,
}

#[derive(Default)]
pub(super) struct Cache(RwLock<Known>);

#[derive(Default)]
struct Known {
    by_id: HashMap<Uuid, Arc<DataKey>>,
    active: HashMap<(Regency, DataClass), Arc<DataKey>>,
}

impl Cache {
    pub(super) fn get(&self, id: Uuid) -> Option<Arc<DataKey>> {
        self.read(|known| known.by_id.get(&id).cloned())
    }

    pub(super) fn active(&self, home: Regency, class: DataClass) -> Option<Arc<DataKey>> {
        self.read(|known| known.active.get(&(home, class)).cloned())
    }

    /// What the database has of a region takes the place of what was known of it.
    pub(super) fn replace(&self, home: Regency, keys: Vec<DataKey>) {
        let mut known = self.0.write().expect("nobody panics while holding this lock");
        known.by_id.retain(|_, key| key.home != home);
        known.active.retain(|(region, _), _| *region != home);
        if known.by_id.len() + keys.len() > MAX_KEYS {
            // Cannot happen with the regions there are; should it, everything is loaded again when it is needed.
            *known = Known::default();
        }
        for key in keys.into_iter().map(Arc::new) {
            if key.is_active {
                known.active.insert((home, key.class), Arc::clone(&key));
            }
            known.by_id.insert(key.id, key);
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Known) -> T) -> T {
        look(&self.0.read().expect("nobody panics while holding this lock"))
    }
}
