//! Rotation of the index key: everybody is indexed under the newest version, then what older versions made is deleted.
//! Until then both are written and looked for.

use serasi_domain::id::{CaseId, PersonId};
use serasi_domain::person::Person;
use sqlx::PgConnection;
use time::OffsetDateTime;
use tokio::time::Instant;
use uuid::Uuid;

use super::codes::reindex_codes;
use super::{BATCH, Progress, rest};
use crate::columns::regency;
use crate::persons::{self, index::IndexRows};
use crate::{Context, Store, StoreError};

/// Rows of an old version that are deleted in one transaction.
const DELETED: i64 = 5_000;

/// Makes of a person what linkage looks for; the day is that of the report.
pub type Terms = fn(&Person, OffsetDateTime) -> Vec<String>;

/// What a run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reindexed {
    pub persons: u64,
    /// Rows of older versions that were deleted.
    pub deleted: u64,
}

/// Indexes everybody who is not yet under the newest version, and deletes what older ones made.
pub async fn reindex(
    store: &Store,
    terms: Terms,
    progress: &mut Progress<'_>,
) -> Result<Reindexed, StoreError> {
    let mut done = Reindexed::default();
    let mut last = None;
    loop {
        let began = Instant::now();
        let cases = behind(store, last).await?;
        let Some((final_case, _)) = cases.last() else {
            break;
        };
        last = Some(*final_case);
        for (case, reported_at) in &cases {
            let persons = reindex_one(store, *case, *reported_at, terms).await?;
            done.persons += persons;
            progress(persons);
        }
        rest(began).await;
    }
    loop {
        let began = Instant::now();
        let deleted = delete_old(store).await?;
        if deleted == 0 {
            break;
        }
        done.deleted += deleted;
        rest(began).await;
    }
    // Last: a code that is not found is asked for again, a check value that is gone is not.
    done.deleted += reindex_codes(store).await?;
    Ok(done)
}

/// Cases with somebody who is behind, after `last`.
async fn behind(store: &Store, last: Option<CaseId>) -> Result<Vec<(CaseId, OffsetDateTime)>, StoreError> {
    let mut connection = store.begin(Context::WorkOnPersons).await?;
    let rows = sqlx::query!(
        "SELECT c.region_code, c.case_id, c.created_at FROM cases c
         WHERE ($1::text IS NULL OR (c.region_code, c.case_id) > ($1, $2))
             AND EXISTS (SELECT 1 FROM persons p WHERE p.region_code = c.region_code AND p.case_id = c.case_id
                 AND p.index_version < $3)
         ORDER BY c.region_code, c.case_id LIMIT $4",
        last.map(|id| id.home().to_string()),
        last.map(CaseId::uuid),
        store.sealer().index().newest(),
        BATCH
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let case = CaseId::new(regency("cases", &row.region_code)?, row.case_id);
            Ok((case, row.created_at))
        })
        .collect()
}

/// The case is locked: an erasure takes turns with this, and nobody who was erased comes back into the index.
async fn reindex_one(
    store: &Store,
    case: CaseId,
    reported_at: OffsetDateTime,
    terms: Terms,
) -> Result<u64, StoreError> {
    loop {
        let mut transaction = store.begin(Context::WorkOnPersons).await?;
        sqlx::query!(
            "SELECT case_id FROM cases WHERE region_code = $1 AND case_id = $2 FOR UPDATE",
            case.home().to_string(),
            case.uuid()
        )
        .fetch_optional(&mut *transaction)
        .await?;
        match persons::of_case(&mut transaction, store.sealer(), case).await {
            Err(StoreError::KeyNeeded(home)) => {
                transaction.rollback().await?;
                store.load_keys(home).await?;
            }
            Err(error) => return Err(error),
            Ok(kept) => {
                let mut rows = IndexRows::default();
                let ids: Vec<Uuid> = kept.iter().map(|kept| PersonId::uuid(kept.id)).collect();
                for kept in kept {
                    let person = kept.known();
                    let terms = terms(&person, reported_at);
                    rows.add(
                        store.sealer().index(),
                        case.home(),
                        kept.id.uuid(),
                        (&person, &terms),
                    );
                }
                write(&mut transaction, store, case, &ids, &rows).await?;
                transaction.commit().await?;
                return Ok(ids.len() as u64);
            }
        }
    }
}

async fn write(
    conn: &mut PgConnection,
    store: &Store,
    case: CaseId,
    ids: &[Uuid],
    rows: &IndexRows,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH named AS (
             INSERT INTO name_index (token, key_version, region_code, person_id)
             SELECT token, key_version, $1, person_id
             FROM UNNEST($2::int[], $3::int[], $4::uuid[]) AS n (token, key_version, person_id)
             ON CONFLICT ON CONSTRAINT name_index_key DO NOTHING),
         identified AS (
             INSERT INTO identity_index (blind_index, kind, key_version, region_code, person_id)
             SELECT blind_index, kind, key_version, $1, person_id
             FROM UNNEST($5::bytea[], $6::text[], $7::int[], $8::uuid[])
                 AS x (blind_index, kind, key_version, person_id)
             ON CONFLICT ON CONSTRAINT identity_index_key DO NOTHING)
         UPDATE persons SET index_version = $9 WHERE region_code = $1 AND person_id = ANY ($10) AND index_version < $9",
        case.home().to_string(),
        &rows.tokens,
        &rows.token_versions,
        &rows.token_persons,
        &rows.values,
        &rows.kinds,
        &rows.value_versions,
        &rows.value_persons,
        store.sealer().index().newest(),
        ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Of those who are under the newest version. Who was added meanwhile by a replica that does not know it stays found
/// under the older one until the next run.
async fn delete_old(store: &Store) -> Result<u64, StoreError> {
    let newest = store.sealer().index().newest();
    let mut transaction = store.begin(Context::WorkOnPersons).await?;
    let names = sqlx::query!(
        "DELETE FROM name_index WHERE (token, key_version, region_code, person_id) IN (
             SELECT n.token, n.key_version, n.region_code, n.person_id FROM name_index n
             JOIN persons p ON p.region_code = n.region_code AND p.person_id = n.person_id AND p.index_version >= $1
             WHERE n.key_version < $1 LIMIT $2)",
        newest,
        DELETED
    )
    .execute(&mut *transaction)
    .await?;
    let numbers = sqlx::query!(
        "DELETE FROM identity_index WHERE (blind_index, region_code, person_id) IN (
             SELECT n.blind_index, n.region_code, n.person_id FROM identity_index n
             JOIN persons p ON p.region_code = n.region_code AND p.person_id = n.person_id AND p.index_version >= $1
             WHERE n.key_version < $1 LIMIT $2)",
        newest,
        DELETED
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!("DELETE FROM index_key_checks WHERE key_version < $1", newest)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(names.rows_affected() + numbers.rows_affected())
}
