//! Reading the trees: leaves in order, what is in no tree, and the nodes that proofs are made of.

use std::collections::HashMap;

use serasi_domain::id::Regency;
use serasi_ledger::{Entry, Hash, Leaf, NodePosition};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{EntryRow, Recorded};
use crate::StoreError;
use crate::columns::Row;

/// Leaves of a tree from index `first` on, each with the entry as the table has it now.
pub async fn leaves(
    conn: &mut PgConnection,
    region: Regency,
    first: u64,
    limit: i64,
) -> Result<Vec<Leaf>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT l.leaf_index, l.audit_id, l.hash, e.at AS "at?", e.principal AS "principal?", e.roles AS "roles?",
               e.verb AS "verb?", e.subject_id AS "subject_id?", e.request_id
           FROM audit_leaves l LEFT JOIN audit_entries e USING (region_code, audit_id)
           WHERE l.region_code = $1 AND l.leaf_index >= $2
           ORDER BY l.leaf_index LIMIT $3"#,
        region.to_string(),
        first.cast_signed(),
        limit
    )
    .fetch_all(conn)
    .await?;
    let leaves = rows.into_iter().map(|row| {
        let context = Row {
            table: "audit_leaves",
            id: &row.audit_id,
        };
        let entry = match (row.at, row.principal, row.roles, row.verb, row.subject_id) {
            (Some(at), Some(principal), Some(roles), Some(verb), Some(subject)) => Some(Entry {
                region,
                id: row.audit_id,
                at,
                principal,
                roles,
                verb,
                subject,
                request: row.request_id,
            }),
            (_, _, _, _, _) => None,
        };
        Ok(Leaf {
            region,
            index: u64::try_from(row.leaf_index).map_err(|_| context.impossible("leaf_index"))?,
            id: row.audit_id,
            hash: Hash::try_from(row.hash.as_slice()).map_err(|_| context.impossible("hash"))?,
            entry,
            inclusion: None,
        })
    });
    leaves.collect()
}

/// Entries of a region that are in no tree, by id.
pub async fn unsealed(
    conn: &mut PgConnection,
    region: Regency,
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Recorded>, StoreError> {
    let rows = sqlx::query_as!(
        EntryRow,
        r#"SELECT e.region_code, e.audit_id, e.at, e.principal, e.roles, e.verb, e.subject_id, e.request_id,
               NULL::bigint AS "leaf_index?"
           FROM audit_entries e
           WHERE e.region_code = $1 AND e.audit_id > $2 AND NOT EXISTS (
               SELECT 1 FROM audit_leaves l WHERE l.region_code = e.region_code AND l.audit_id = e.audit_id)
           ORDER BY e.audit_id LIMIT $3"#,
        region.to_string(),
        after.unwrap_or_default(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Recorded::try_from).collect()
}

/// The index of a sealed entry.
pub async fn index_of(
    conn: &mut PgConnection,
    region: Regency,
    entry: Uuid,
) -> Result<Option<u64>, StoreError> {
    let index = sqlx::query_scalar!(
        "SELECT leaf_index FROM audit_leaves WHERE region_code = $1 AND audit_id = $2",
        region.to_string(),
        entry
    )
    .fetch_optional(conn)
    .await?;
    Ok(index.and_then(|index| u64::try_from(index).ok()))
}

/// Leaves and kept nodes by their positions; those that are missing are left out.
pub async fn nodes(
    conn: &mut PgConnection,
    region: Regency,
    wanted: &[NodePosition],
) -> Result<HashMap<NodePosition, Hash>, StoreError> {
    let levels: Vec<_> = wanted.iter().map(|at| at.level.cast_signed()).collect();
    let positions: Vec<_> = wanted.iter().map(|at| at.position.cast_signed()).collect();
    let rows = sqlx::query!(
        r#"SELECT w.level AS "level!", w.position AS "position!", COALESCE(l.hash, n.hash) AS hash
           FROM UNNEST($2::int[], $3::bigint[]) AS w (level, position)
           LEFT JOIN audit_leaves l ON w.level = 0 AND l.region_code = $1 AND l.leaf_index = w.position
           LEFT JOIN audit_nodes n ON n.region_code = $1 AND n.level = w.level AND n.position = w.position"#,
        region.to_string(),
        &levels,
        &positions
    )
    .fetch_all(conn)
    .await?;
    let found = rows.into_iter().filter_map(|row| {
        let at = NodePosition {
            level: row.level.cast_unsigned(),
            position: row.position.cast_unsigned(),
        };
        Some((at, Hash::try_from(row.hash?.as_slice()).ok()?))
    });
    Ok(found.collect())
}

/// Whether the entry stands in the log, sealed or not.
pub async fn is_recorded(conn: &mut PgConnection, region: Regency, entry: Uuid) -> Result<bool, StoreError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT 1 FROM audit_entries WHERE region_code = $1 AND audit_id = $2) AS "is_recorded!""#,
        region.to_string(),
        entry
    )
    .fetch_one(conn)
    .await?)
}
