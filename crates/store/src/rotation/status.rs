//! How far the keys of a database are: what a rotation has to do, and what is no longer needed.

use crate::{Context, Store, StoreError};

/// Counts of what keys there are and what waits for a rotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    pub data_keys: i64,
    /// Retired by a rotation that has not ended.
    pub retired_data_keys: i64,
    /// Key-encryption keys and versions that wrap data keys, with how many: the others may be destroyed.
    pub keks: Vec<(String, i32, i64)>,
    pub subject_keys: i64,
    /// Keys that were destroyed with what they sealed.
    pub erased_subject_keys: i64,
    /// Cases with something sealed by the one key of the first release.
    pub old_layout_cases: i64,
    pub persons: i64,
    /// Persons who are not under the newest index key that this command was given.
    pub persons_behind: i64,
    /// Versions of the index key with how many rows they made.
    pub index_versions: Vec<(i32, i64)>,
}

pub async fn status(store: &Store) -> Result<Status, StoreError> {
    // Counts of whole tables take their time; a reader of one moment, so that they fit each other.
    let mut transaction = store.begin_read(Context::WorkOnPersons).await?;
    let keks = sqlx::query!(
        r#"SELECT kek_id, kek_version, count(*) AS "count!" FROM data_keys GROUP BY 1, 2 ORDER BY 1, 2"#
    )
    .fetch_all(&mut *transaction)
    .await?;
    let counts = sqlx::query!(
        r#"SELECT (SELECT count(*) FROM data_keys) AS "data_keys!",
               (SELECT count(*) FROM data_keys WHERE retired_at IS NOT NULL) AS "retired!",
               count(*) FILTER (WHERE erased_at IS NULL) AS "subject_keys!",
               count(*) FILTER (WHERE erased_at IS NOT NULL) AS "erased!"
           FROM subject_keys"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    let old_layout_cases = sqlx::query_scalar!(
        r#"SELECT count(DISTINCT (region_code, case_id)) AS "count!" FROM (
               SELECT region_code, case_id FROM intakes WHERE substring(content FOR 1) = '\x01'::bytea
               UNION ALL SELECT region_code, case_id FROM persons WHERE substring(content FOR 1) = '\x01'::bytea
               UNION ALL SELECT region_code, case_id FROM cases WHERE substring(resolution FOR 1) = '\x01'::bytea
               UNION ALL SELECT region_code, case_id FROM offers
                   WHERE substring(decline_note FOR 1) = '\x01'::bytea
                       OR substring(withdraw_note FOR 1) = '\x01'::bytea) AS old"#
    )
    .fetch_one(&mut *transaction)
    .await?;
    let persons = sqlx::query!(
        r#"SELECT count(*) AS "all!", count(*) FILTER (WHERE index_version < $1) AS "behind!" FROM persons"#,
        store.sealer().index().newest()
    )
    .fetch_one(&mut *transaction)
    .await?;
    let index_versions = sqlx::query!(
        r#"SELECT key_version AS "version!", count(*) AS "count!" FROM (
               SELECT key_version FROM identity_index UNION ALL SELECT key_version FROM name_index) AS made
           GROUP BY 1 ORDER BY 1"#
    )
    .fetch_all(&mut *transaction)
    .await?;
    Ok(Status {
        data_keys: counts.data_keys,
        retired_data_keys: counts.retired,
        keks: keks
            .into_iter()
            .map(|row| (row.kek_id, row.kek_version, row.count))
            .collect(),
        subject_keys: counts.subject_keys,
        erased_subject_keys: counts.erased,
        old_layout_cases,
        persons: persons.all,
        persons_behind: persons.behind,
        index_versions: index_versions
            .into_iter()
            .map(|row| (row.version, row.count))
            .collect(),
    })
}
