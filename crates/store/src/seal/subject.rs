//! Keys of subjects: one per person (or case) and class, wrapped by a data key, in the database beside what they seal.

use serasi_domain::id::Regency;
use serasi_domain::privacy::DataClass;
use uuid::{Builder, Uuid};

use super::Sealer;
use super::cache::DataKey;
use super::secret::Secret;
use crate::StoreError;

/// A subject's key, unwrapped for the moment.
pub(crate) struct SubjectKey {
    pub(super) id: Uuid,
    pub(super) secret: Secret,
}

/// A row of `subject_keys`.
#[derive(Clone, Debug)]
pub(crate) struct KeptKey {
    pub(crate) key_id: Uuid,
    /// `None` = destroyed.
    pub(crate) data_key_id: Option<Uuid>,
    pub(crate) wrapped: Option<Vec<u8>>,
}

/// A subject's key that was not destroyed.
#[derive(Clone, Copy)]
pub(crate) struct LiveKey<'a> {
    id: Uuid,
    data_key: Uuid,
    wrapped: &'a [u8],
}

/// A key and the row that keeps it.
pub(crate) struct NewKey {
    pub(crate) key: SubjectKey,
    pub(crate) data_key_id: Uuid,
    pub(crate) wrapped: Vec<u8>,
}

impl SubjectKey {
    pub(crate) const fn id(&self) -> Uuid {
        self.id
    }
}

impl KeptKey {
    /// Of an outer join: without a key id there is no row.
    pub(crate) fn of_row(
        key_id: Option<Uuid>,
        data_key_id: Option<Uuid>,
        wrapped: Option<Vec<u8>>,
    ) -> Option<Self> {
        Some(Self {
            key_id: key_id?,
            data_key_id,
            wrapped,
        })
    }

    pub(crate) fn there(&self) -> Option<LiveKey<'_>> {
        Some(LiveKey {
            id: self.key_id,
            data_key: self.data_key_id?,
            wrapped: self.wrapped.as_deref()?,
        })
    }
}

impl Sealer {
    /// Whether the data keys of a region are in memory; else the caller loads them before a work that needs many.
    #[must_use]
    pub fn has_keys_of(&self, home: Regency) -> bool {
        self.active(home, DataClass::Identity).is_ok()
    }

    /// A key for a subject that has none, under the active data key.
    pub(crate) fn new_key(
        &self,
        home: Regency,
        subject: Uuid,
        class: DataClass,
    ) -> Result<NewKey, StoreError> {
        let random = &self.0.random;
        let secret = Secret::random(random)?;
        // An id as random as the key: it says nothing of when and for whom it was made.
        let id = Secret::random(random)?;
        let id = id.bytes().first_chunk().copied().unwrap_or_default();
        let key = SubjectKey {
            id: Builder::from_random_bytes(id).into_uuid(),
            secret,
        };
        let data_key = self.active(home, class)?;
        Ok(NewKey {
            wrapped: self.wrap(&data_key, subject, &key),
            data_key_id: data_key.id,
            key,
        })
    }

    /// Unwraps a subject's key. A data key that is not in memory is an error on which the caller loads it, outside any
    /// transaction, and repeats.
    pub(crate) fn subject_key(
        &self,
        home: Regency,
        subject: Uuid,
        class: DataClass,
        key: LiveKey<'_>,
    ) -> Result<SubjectKey, StoreError> {
        let data_key = self
            .0
            .cache
            .get(key.data_key)
            .ok_or(StoreError::KeyNeeded(home))?;
        let secret = data_key
            .secret
            .open(&context(&data_key, subject, class, key.id), key.wrapped)
            .and_then(|bytes| Secret::from_slice(&bytes))
            .ok_or(StoreError::Unsealable {
                table: "subject_keys",
                column: "wrapped",
            })?;
        Ok(SubjectKey { id: key.id, secret })
    }

    /// The same key under the data key that is active now.
    pub(crate) fn rewrap(
        &self,
        home: Regency,
        subject: Uuid,
        class: DataClass,
        key: LiveKey<'_>,
    ) -> Result<NewKey, StoreError> {
        let key = self.subject_key(home, subject, class, key)?;
        let data_key = self.active(home, class)?;
        Ok(NewKey {
            wrapped: self.wrap(&data_key, subject, &key),
            data_key_id: data_key.id,
            key,
        })
    }

    fn active(&self, home: Regency, class: DataClass) -> Result<std::sync::Arc<DataKey>, StoreError> {
        self.0
            .cache
            .active(home, class)
            .ok_or(StoreError::KeyNeeded(home))
    }

    fn wrap(&self, data_key: &DataKey, subject: Uuid, key: &SubjectKey) -> Vec<u8> {
        let context = context(data_key, subject, data_key.class, key.id);
        let secret = key.secret.bytes().to_vec();
        data_key.secret.seal(&self.0.random, &context, secret)
    }
}

fn context(data_key: &DataKey, subject: Uuid, class: DataClass, key: Uuid) -> String {
    let DataKey { home, id, .. } = data_key;
    format!("subject_keys|wrapped|{home}|{subject}|{class}|{key}|{id}")
}
