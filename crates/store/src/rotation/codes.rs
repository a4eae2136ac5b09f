//! Rotation of the index key for the reporters' codes: each is indexed under the newest version, then what older ones
//! made is deleted.

use serasi_domain::id::CaseId;

use super::BATCH;
use crate::columns::regency;
use crate::{Context, Store, StoreError, public_codes};

/// Rows of older versions that were deleted.
pub(super) async fn reindex_codes(store: &Store) -> Result<u64, StoreError> {
    let mut deleted = 0;
    loop {
        let behind = behind(store).await?;
        if behind.is_empty() {
            return Ok(deleted);
        }
        for case in behind {
            deleted += reindex_one(store, case).await?;
        }
    }
}

async fn behind(store: &Store) -> Result<Vec<CaseId>, StoreError> {
    let mut connection = store.begin(Context::Work).await?;
    let rows = sqlx::query!(
        "SELECT DISTINCT region_code, case_id FROM public_code_index WHERE key_version < $1
         ORDER BY region_code, case_id LIMIT $2",
        store.sealer().index().newest(),
        BATCH
    )
    .fetch_all(&mut *connection)
    .await?;
    rows.into_iter()
        .map(|row| {
            let home = regency("public_code_index", &row.region_code)?;
            Ok(CaseId::new(home, row.case_id))
        })
        .collect()
}

async fn reindex_one(store: &Store, case: CaseId) -> Result<u64, StoreError> {
    loop {
        let mut transaction = store.begin(Context::Work).await?;
        match public_codes::of_case(&mut transaction, store.sealer(), case).await {
            Err(StoreError::KeyNeeded(home)) => {
                transaction.rollback().await?;
                store.load_keys(home).await?;
            }
            Err(error) => return Err(error),
            Ok(code) => {
                if let Some(code) = code {
                    public_codes::add_to_index(&mut transaction, store.sealer(), case, code).await?;
                }
                let deleted = sqlx::query!(
                    "DELETE FROM public_code_index WHERE region_code = $1 AND case_id = $2 AND key_version < $3",
                    case.home().to_string(),
                    case.uuid(),
                    store.sealer().index().newest()
                )
                .execute(&mut *transaction)
                .await?;
                transaction.commit().await?;
                return Ok(deleted.rows_affected());
            }
        }
    }
}
