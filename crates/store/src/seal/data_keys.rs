//! Data keys in the database: loaded, made where a region has none, and checked at start. The key-encryption key may be
//! far away: no call to it happens while a transaction is open.

use std::collections::BTreeMap;

use serasi_domain::id::Regency;
use serasi_domain::privacy::DataClass;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::{Builder, Uuid};

use super::cache::DataKey;
use super::kek::{Kek, Wrapped};
use super::secret::Secret;
use super::{KeyError, Sealer};
use crate::columns::{Row, regency};
use crate::rotation::check_old_key;
use crate::{Context, Store, StoreError};

/// One data key, as a person may see it.
#[derive(Clone, Debug)]
pub struct DataKeyRow {
    pub home: Regency,
    pub id: Uuid,
    pub class: DataClass,
    pub version: i32,
    pub kek_id: String,
    pub kek_version: i32,
    pub created_at: OffsetDateTime,
    /// What it wraps is being wrapped anew.
    pub retired_at: Option<OffsetDateTime>,
    pub(crate) wrapped: Vec<u8>,
}

impl DataKeyRow {
    pub(super) fn wrapped_key(&self) -> Wrapped {
        Wrapped {
            kek_id: self.kek_id.clone(),
            kek_version: self.kek_version,
            bytes: self.wrapped.clone(),
        }
    }
}

/// A data key that was just made.
pub(crate) struct MadeKey {
    pub(crate) id: Uuid,
    wrapped: Wrapped,
}

impl Store {
    /// Brings the data keys of a region into memory, and makes those it lacks.
    pub async fn load_keys(&self, home: Regency) -> Result<(), StoreError> {
        let sealer = self.sealer();
        let asked = Instant::now();
        let region = sealer.0.loads.of(home);
        let mut last = region.lock().await;
        if last.is_some_and(|began| began > asked) {
            return Ok(());
        }
        let began = Instant::now();
        let mut rows = self.data_keys(Some(home)).await?;
        let missing: Vec<DataClass> = DataClass::ALL
            .iter()
            .copied()
            .filter(|class| {
                !rows
                    .iter()
                    .any(|row| row.class == *class && row.retired_at.is_none())
            })
            .collect();
        if !missing.is_empty() {
            let mut made = vec![];
            for class in missing {
                made.push((class, sealer.make(home, class).await?));
            }
            let mut transaction = self.begin(Context::Directory).await?;
            for (class, key) in &made {
                // Another replica may be faster: then its key counts.
                insert(&mut transaction, home, *class, key).await?;
            }
            transaction.commit().await?;
            rows = self.data_keys(Some(home)).await?;
        }
        let mut keys = vec![];
        for row in rows {
            let secret = match sealer.0.cache.get(row.id) {
                Some(known) => known.secret.clone(),
                None => sealer.unwrap(&row).await?,
            };
            keys.push(DataKey {
                id: row.id,
                home,
                class: row.class,
                is_active: row.retired_at.is_none(),
                secret,
            });
        }
        sealer.0.cache.replace(home, keys);
        *last = Some(began);
        Ok(())
    }

    /// Tells at start, and not at the first read, that a key is not the one this database was sealed or indexed with; and
    /// remembers new versions of the index keys.
    pub async fn check_keys(&self) -> Result<(), StoreError> {
        self.compare_keys().await?;
        let own = self.sealer().0.index.check_values();
        let (versions, values): (Vec<i32>, Vec<Vec<u8>>) = own.into_iter().unzip();
        let mut transaction = self.begin(Context::Directory).await?;
        sqlx::query!(
            "INSERT INTO index_key_checks (key_version, check_value, created_at)
             SELECT key_version, check_value, now() FROM UNNEST($1::int[], $2::bytea[]) AS k (key_version, check_value)
             ON CONFLICT ON CONSTRAINT index_key_checks_key DO NOTHING",
            &versions,
            &values
        )
        .execute(&mut *transaction)
        .await?;
        transaction.commit().await?;
        Ok(())
    }

    /// The same without remembering anything.
    pub async fn compare_keys(&self) -> Result<(), StoreError> {
        let sealer = self.sealer();
        let mut samples = BTreeMap::new();
        for row in self.data_keys(None).await? {
            samples.insert((row.kek_id.clone(), row.kek_version), row);
        }
        for sample in samples.values() {
            sealer.unwrap(sample).await?;
        }
        let mut connection = self.begin(Context::WorkOnPersons).await?;
        if samples.is_empty() {
            check_old_key(&mut connection, sealer).await?;
        }
        let kept = sqlx::query!("SELECT key_version, check_value FROM index_key_checks")
            .fetch_all(&mut *connection)
            .await?;
        let kept: Vec<_> = kept
            .into_iter()
            .map(|row| (row.key_version, row.check_value))
            .collect();
        Ok(sealer.0.index.compare(&kept)?)
    }

    /// The data keys of a region, or all.
    pub async fn data_keys(&self, home: Option<Regency>) -> Result<Vec<DataKeyRow>, StoreError> {
        let mut connection = self.read().await?;
        let rows = sqlx::query!(
            "SELECT region_code, data_key_id, class, version, kek_id, kek_version, wrapped, created_at, retired_at
             FROM data_keys WHERE $1::text IS NULL OR region_code = $1 ORDER BY region_code, class, version",
            home.map(|home| home.to_string())
        )
        .fetch_all(&mut *connection)
        .await?;
        rows.into_iter()
            .map(|row| {
                let context = Row {
                    table: "data_keys",
                    id: &row.data_key_id,
                };
                Ok(DataKeyRow {
                    home: regency("data_keys", &row.region_code)?,
                    id: row.data_key_id,
                    class: context.code("class", &row.class)?,
                    version: row.version,
                    kek_id: row.kek_id,
                    kek_version: row.kek_version,
                    created_at: row.created_at,
                    retired_at: row.retired_at,
                    wrapped: row.wrapped,
                })
            })
            .collect()
    }
}

/// Adds the next version of a data key. `false` = there is an active one.
pub(crate) async fn insert(
    conn: &mut PgConnection,
    home: Regency,
    class: DataClass,
    key: &MadeKey,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO data_keys (region_code, data_key_id, class, version, kek_id, kek_version, wrapped, created_at)
         SELECT $1, $2, $3, 1 + COALESCE(max(version), 0), $4, $5, $6, now()
         FROM data_keys WHERE region_code = $1 AND class = $3
         ON CONFLICT DO NOTHING",
        home.to_string(),
        key.id,
        class.code(),
        key.wrapped.kek_id,
        key.wrapped.kek_version,
        key.wrapped.bytes
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Puts another wrapping in the place of the one that was read. `false` = somebody was faster.
pub(crate) async fn rewrapped(
    conn: &mut PgConnection,
    row: &DataKeyRow,
    key: &MadeKey,
) -> Result<bool, StoreError> {
    let done = sqlx::query!(
        "UPDATE data_keys SET kek_id = $4, kek_version = $5, wrapped = $6
         WHERE region_code = $1 AND data_key_id = $2 AND wrapped = $3",
        row.home.to_string(),
        row.id,
        row.wrapped,
        key.wrapped.kek_id,
        key.wrapped.kek_version,
        key.wrapped.bytes
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

impl Sealer {
    /// Id and newest version of the key-encryption key that wraps.
    pub(crate) async fn newest_kek(&self) -> Result<(String, i32), StoreError> {
        let kek = self.kek()?;
        Ok((kek.id().to_owned(), kek.newest().await?))
    }

    /// A new data key, wrapped.
    pub(crate) async fn make(&self, home: Regency, class: DataClass) -> Result<MadeKey, StoreError> {
        let random = &self.0.random;
        let id = Secret::random(random)?;
        let id = id.bytes().first_chunk().copied().unwrap_or_default();
        let id = Builder::from_random_bytes(id).into_uuid();
        let secret = Secret::random(random)?;
        let wrapped = self
            .kek()?
            .wrap(random, &context(home, class, id), &secret)
            .await?;
        Ok(MadeKey { id, wrapped })
    }

    /// The same data key, wrapped by the newest version.
    pub(crate) async fn wrap_again(&self, row: &DataKeyRow) -> Result<MadeKey, StoreError> {
        let secret = self.unwrap(row).await?;
        let context = context(row.home, row.class, row.id);
        let wrapped = self.kek()?.wrap(&self.0.random, &context, &secret).await?;
        Ok(MadeKey { id: row.id, wrapped })
    }

    async fn unwrap(&self, row: &DataKeyRow) -> Result<Secret, StoreError> {
        let wrapped = row.wrapped_key();
        let kek = self.0.keks.iter().find(|kek| kek.id() == wrapped.kek_id);
        let kek = kek.ok_or_else(|| KeyError::UnknownKek(wrapped.kek_id.clone()))?;
        let context = context(row.home, row.class, row.id);
        Ok(kek.unwrap(&context, &wrapped).await?)
    }

    fn kek(&self) -> Result<&Kek, KeyError> {
        self.0.keks.first().ok_or(KeyError::NoKek)
    }
}

fn context(home: Regency, class: DataClass, id: Uuid) -> String {
    format!("data_keys|wrapped|{home}|{class}|{id}")
}
