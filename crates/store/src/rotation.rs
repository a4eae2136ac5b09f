//! Online rotation of keys, in small transactions, while the hub serves. Every step looks for what is still to be done,
//! so that a run that was broken off goes on where it stopped; every update names what it replaces.
//!
//! New data keys first, then the wrapping of those that stay: an old data key must never be wrapped by a newer
//! key-encryption key, or destroying the older one would not close the copies of before.

use std::time::Duration;

use serasi_domain::id::Regency;
use serasi_domain::privacy::DataClass;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use crate::columns::Row;
use crate::seal::{DataKeyRow, KeptKey};
use crate::{Context, Store, StoreError, now};

mod codes;
mod old_layout;
mod reindex;
mod status;

pub use old_layout::reseal_old_layout;
pub use reindex::{Reindexed, Terms, reindex};
pub use status::{Status, status};

pub(crate) use old_layout::{check_old_key, reseal_case};

/// Rows of one transaction.
const BATCH: i64 = 200;
/// Times a data key is looked at again because a replica that did not know better has used it meanwhile.
const MAX_SWEEPS: u32 = 10;

/// Told after every batch how many rows were done in it.
pub type Progress<'p> = dyn FnMut(u64) + Send + 'p;

/// Rests as long as the last batch took, so that half of the time belongs to the callers.
async fn rest(since: Instant) {
    tokio::time::sleep(since.elapsed().min(Duration::from_secs(1))).await;
}

/// Gives every region and class a new data key, wraps every subject's key with it, and destroys the old one. Says how
/// many data keys were renewed.
pub async fn renew_data_keys(store: &Store, progress: &mut Progress<'_>) -> Result<u64, StoreError> {
    let started = start_of_run(store).await?;
    for row in store.data_keys(None).await? {
        if row.retired_at.is_none() && row.created_at < started {
            succeed(store, &row, started).await?;
        }
    }
    let mut renewed = 0;
    for row in store.data_keys(None).await? {
        if row.retired_at.is_some() {
            store.load_keys(row.home).await?;
            empty(store, &row, progress).await?;
            renewed += 1;
        }
    }
    Ok(renewed)
}

/// Now, or when a run that was broken off began.
async fn start_of_run(store: &Store) -> Result<OffsetDateTime, StoreError> {
    let mut connection = store.begin(Context::WorkOnPersons).await?;
    let earliest = sqlx::query_scalar!("SELECT min(retired_at) FROM data_keys")
        .fetch_one(&mut *connection)
        .await?;
    match earliest {
        Some(began) => Ok(began),
        None => now(&mut connection).await,
    }
}

/// Retires an active data key in favour of a new one. All keys of a run are retired as of its start: as long as one of
/// them is left, a run that goes on knows which keys are new.
async fn succeed(store: &Store, row: &DataKeyRow, started: OffsetDateTime) -> Result<(), StoreError> {
    let made = store.sealer().make(row.home, row.class).await?;
    let mut transaction = store.begin(Context::WorkOnPersons).await?;
    let retired = sqlx::query!(
        "UPDATE data_keys SET retired_at = $3 WHERE region_code = $1 AND data_key_id = $2 AND retired_at IS NULL",
        row.home.to_string(),
        row.id,
        started
    )
    .execute(&mut *transaction)
    .await?;
    let is_first = retired.rows_affected() == 1
        && crate::seal::insert_data_key(&mut transaction, row.home, row.class, &made).await?;
    if is_first {
        transaction.commit().await?;
    } else {
        transaction.rollback().await?;
    }
    Ok(())
}

/// Wraps anew what a retired data key wraps, then deletes it.
async fn empty(store: &Store, old: &DataKeyRow, progress: &mut Progress<'_>) -> Result<(), StoreError> {
    for _ in 0..MAX_SWEEPS {
        loop {
            let began = Instant::now();
            let done = rewrap_batch(store, old).await?;
            if done == 0 {
                break;
            }
            progress(done);
            rest(began).await;
        }
        let mut transaction = store.begin(Context::WorkOnPersons).await?;
        let deleted = sqlx::query!(
            "DELETE FROM data_keys WHERE region_code = $1 AND data_key_id = $2 AND retired_at IS NOT NULL",
            old.home.to_string(),
            old.id
        )
        .execute(&mut *transaction)
        .await
        .map_err(StoreError::from);
        match deleted {
            Ok(_) => return Ok(transaction.commit().await?),
            // A replica that still had it in memory has given it to a new subject.
            Err(StoreError::Constraint(name)) if name == "subject_keys_data_key_exists" => {
                transaction.rollback().await?;
            }
            Err(error) => return Err(error),
        }
    }
    // The next run goes on with it.
    Ok(())
}

struct SubjectRow {
    subject: Uuid,
    class: DataClass,
    key: KeptKey,
}

async fn rewrap_batch(store: &Store, old: &DataKeyRow) -> Result<u64, StoreError> {
    let mut transaction = store.begin(Context::WorkOnPersons).await?;
    let rows = subjects_of(&mut transaction, old.home, old.id).await?;
    let (mut subjects, mut classes, mut before, mut data_keys, mut wrapped) =
        (vec![], vec![], vec![], vec![], vec![]);
    for SubjectRow { subject, class, key } in &rows {
        let Some(live) = key.there() else { continue };
        let new = store.sealer().rewrap(old.home, *subject, *class, live)?;
        subjects.push(*subject);
        classes.push(class.code().to_owned());
        before.push(key.wrapped.clone().unwrap_or_default());
        data_keys.push(new.data_key_id);
        wrapped.push(new.wrapped);
    }
    sqlx::query!(
        "UPDATE subject_keys k SET data_key_id = n.data_key_id, wrapped = n.wrapped
         FROM UNNEST($2::uuid[], $3::text[], $4::bytea[], $5::uuid[], $6::bytea[])
             AS n (subject_id, class, before, data_key_id, wrapped)
         WHERE k.region_code = $1 AND k.subject_id = n.subject_id AND k.class = n.class AND k.wrapped = n.before",
        old.home.to_string(),
        &subjects,
        &classes,
        &before,
        &data_keys,
        &wrapped
    )
    .execute(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(rows.len() as u64)
}

async fn subjects_of(
    conn: &mut PgConnection,
    home: Regency,
    data_key: Uuid,
) -> Result<Vec<SubjectRow>, StoreError> {
    let rows = sqlx::query!(
        "SELECT subject_id, class, key_id, data_key_id, wrapped FROM subject_keys
         WHERE region_code = $1 AND data_key_id = $2 LIMIT $3",
        home.to_string(),
        data_key,
        BATCH
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let context = Row {
                table: "subject_keys",
                id: &row.subject_id,
            };
            Ok(SubjectRow {
                subject: row.subject_id,
                class: context.code("class", &row.class)?,
                key: KeptKey {
                    key_id: row.key_id,
                    data_key_id: row.data_key_id,
                    wrapped: row.wrapped,
                },
            })
        })
        .collect()
}

/// Wraps every data key that an older version, or another key-encryption key, wraps with the newest. Says how many.
pub async fn rewrap_data_keys(store: &Store, progress: &mut Progress<'_>) -> Result<u64, StoreError> {
    let newest = store.sealer().newest_kek().await?;
    let mut done = 0;
    for row in store.data_keys(None).await? {
        if (&row.kek_id, row.kek_version) == (&newest.0, newest.1) {
            continue;
        }
        let key = store.sealer().wrap_again(&row).await?;
        let mut transaction = store.begin(Context::WorkOnPersons).await?;
        if crate::seal::data_key_rewrapped(&mut transaction, &row, &key).await? {
            done += 1;
        }
        transaction.commit().await?;
        progress(1);
    }
    Ok(done)
}
