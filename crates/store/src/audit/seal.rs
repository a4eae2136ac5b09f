//! Gives entries their places in the trees. One replica at a time, under a lease whose token every transaction checks;
//! the size of each tree is named where it changes, so that even two could not seal the same place.

use std::collections::BTreeMap;

use serasi_domain::id::Regency;
use serasi_ledger::{Entry, Frontier, Hash, Node, is_kept};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::StoreError;
use crate::columns::{Row, regency};
use crate::leases::{self, Lease};

/// What one transaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Entries taken from the queue.
    pub taken: usize,
    /// Entries of these that cannot be sealed: somebody has removed them, or moved them where no region is.
    pub vanished: Vec<Uuid>,
}

/// A tree that grows in this transaction.
#[derive(Debug)]
struct Growing {
    old_size: i64,
    frontier: Frontier,
    leaves: Vec<(Uuid, Hash)>,
    nodes: Vec<Node>,
}

/// Whether entries wait.
pub async fn is_needed(conn: &mut PgConnection) -> Result<bool, StoreError> {
    Ok(
        sqlx::query_scalar!(r#"SELECT EXISTS (SELECT 1 FROM audit_unsealed) AS "is_needed!""#)
            .fetch_one(conn)
            .await?,
    )
}

/// Puts into the queue what stands in the log and in neither queue nor tree: entries of the release before, which knew no
/// queue. Looks at those since `since`, or at all.
pub async fn enqueue_forgotten(
    conn: &mut PgConnection,
    since: Option<OffsetDateTime>,
) -> Result<u64, StoreError> {
    let done = sqlx::query!(
        "INSERT INTO audit_unsealed (region_code, audit_id)
         SELECT e.region_code, e.audit_id FROM audit_entries e
         WHERE e.at > COALESCE($1::timestamptz, '-infinity')
             AND NOT EXISTS (SELECT 1 FROM audit_leaves l WHERE l.region_code = e.region_code AND l.audit_id = e.audit_id)
         ON CONFLICT ON CONSTRAINT audit_unsealed_key DO NOTHING",
        since
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Seals at most `limit` entries; `None` = the lease is lost, and nothing may be committed.
pub async fn seal(conn: &mut PgConnection, lease: &Lease, limit: i64) -> Result<Option<Sealed>, StoreError> {
    if !leases::keep(conn, lease).await? {
        return Ok(None);
    }
    let (entries, vanished) = take(conn, limit).await?;
    let sealed = Sealed {
        taken: entries.len() + vanished.len(),
        vanished,
    };
    let mut trees = open(conn, entries.iter().map(|entry| entry.region)).await?;
    for entry in &entries {
        if let Some(tree) = trees.get_mut(&entry.region) {
            let hash = entry.hash();
            tree.leaves.push((entry.id, hash));
            let full = tree.frontier.append(hash);
            tree.nodes
                .extend(full.into_iter().filter(|node| is_kept(node.at.level)));
        }
    }
    write_leaves(conn, &trees).await?;
    write_nodes(conn, &trees).await?;
    write_trees(conn, &trees).await?;
    Ok(Some(sealed))
}

/// Takes entries out of the queue, in the order in which they go into their trees.
async fn take(conn: &mut PgConnection, limit: i64) -> Result<(Vec<Entry>, Vec<Uuid>), StoreError> {
    // Asked for first and then named: with the keys in a sub-select the planner, which knows nothing true about a queue,
    // went through the whole of it for each.
    let keys = sqlx::query!(
        "SELECT region_code, audit_id FROM audit_unsealed ORDER BY region_code, audit_id LIMIT $1",
        limit
    )
    .fetch_all(&mut *conn)
    .await?;
    let (regions, ids): (Vec<_>, Vec<_>) = keys
        .into_iter()
        .map(|key| (key.region_code, key.audit_id))
        .unzip();
    let rows = sqlx::query!(
        r#"WITH taken AS (
               DELETE FROM audit_unsealed u USING UNNEST($1::text[], $2::uuid[]) AS k (region_code, audit_id)
               WHERE u.region_code = k.region_code AND u.audit_id = k.audit_id
               RETURNING u.region_code, u.audit_id)
           SELECT region_code AS "region_code!", audit_id AS "audit_id!", e.at AS "at?", e.principal AS "principal?",
               e.roles AS "roles?", e.verb AS "verb?", e.subject_id AS "subject_id?", e.request_id
           FROM taken LEFT JOIN audit_entries e USING (region_code, audit_id)
           -- One that has its place and was queued again is done.
           WHERE NOT EXISTS (SELECT 1 FROM audit_leaves l
               WHERE l.region_code = taken.region_code AND l.audit_id = taken.audit_id)
           ORDER BY region_code, e.at, audit_id"#,
        &regions,
        &ids
    )
    .fetch_all(conn)
    .await?;
    let (mut entries, mut vanished) = (vec![], vec![]);
    for row in rows {
        let region = regency("audit_entries", &row.region_code).ok();
        let there = region.zip(row.at).zip(row.principal);
        match (there, row.roles, row.verb, row.subject_id) {
            (Some(((region, at), principal)), Some(roles), Some(verb), Some(subject)) => {
                entries.push(Entry {
                    region,
                    id: row.audit_id,
                    at,
                    principal,
                    roles,
                    verb,
                    subject,
                    request: row.request_id,
                });
            }
            (_, _, _, _) => vanished.push(row.audit_id),
        }
    }
    Ok((entries, vanished))
}

async fn open(
    conn: &mut PgConnection,
    regions: impl Iterator<Item = Regency>,
) -> Result<BTreeMap<Regency, Growing>, StoreError> {
    let mut trees: BTreeMap<Regency, Growing> = regions
        .map(|region| {
            let growing = Growing {
                old_size: 0,
                frontier: Frontier::default(),
                leaves: vec![],
                nodes: vec![],
            };
            (region, growing)
        })
        .collect();
    let codes: Vec<_> = trees.keys().map(Regency::to_string).collect();
    let rows = sqlx::query!(
        "SELECT region_code, size, peaks FROM audit_trees WHERE region_code = ANY ($1)",
        &codes
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let tree = trees.get_mut(&regency("audit_trees", &row.region_code)?);
        if let Some(tree) = tree {
            tree.old_size = row.size;
            tree.frontier = frontier(&row.region_code, row.size, &row.peaks)?;
        }
    }
    Ok(trees)
}

/// The edge of a tree as its row has it.
pub(super) fn frontier(region: &String, size: i64, peaks: &[u8]) -> Result<Frontier, StoreError> {
    let row = Row {
        table: "audit_trees",
        id: region,
    };
    let peaks: Result<Vec<Hash>, _> = peaks.chunks(Hash::LEN).map(Hash::try_from).collect();
    let size = u64::try_from(size).ok();
    size.zip(peaks.ok())
        .and_then(|(size, peaks)| Frontier::from_parts(size, peaks))
        .ok_or_else(|| row.impossible("peaks"))
}

async fn write_leaves(conn: &mut PgConnection, trees: &BTreeMap<Regency, Growing>) -> Result<(), StoreError> {
    let (mut regions, mut indices, mut ids, mut hashes) = (vec![], vec![], vec![], vec![]);
    for (region, tree) in trees {
        for ((id, hash), index) in tree.leaves.iter().zip(tree.old_size..) {
            regions.push(region.to_string());
            indices.push(index);
            ids.push(*id);
            hashes.push(hash.0.to_vec());
        }
    }
    sqlx::query!(
        "INSERT INTO audit_leaves (region_code, leaf_index, audit_id, hash, sealed_at)
         SELECT region_code, leaf_index, audit_id, hash, now()
         FROM UNNEST($1::text[], $2::bigint[], $3::uuid[], $4::bytea[])
             AS leaf (region_code, leaf_index, audit_id, hash)",
        &regions,
        &indices,
        &ids,
        &hashes
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn write_nodes(conn: &mut PgConnection, trees: &BTreeMap<Regency, Growing>) -> Result<(), StoreError> {
    let (mut regions, mut levels, mut positions, mut hashes) = (vec![], vec![], vec![], vec![]);
    for (region, tree) in trees {
        for Node { at, hash } in &tree.nodes {
            regions.push(region.to_string());
            levels.push(at.level.cast_signed());
            positions.push(at.position.cast_signed());
            hashes.push(hash.0.to_vec());
        }
    }
    if regions.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "INSERT INTO audit_nodes (region_code, level, position, hash)
         SELECT * FROM UNNEST($1::text[], $2::int[], $3::bigint[], $4::bytea[])",
        &regions,
        &levels,
        &positions,
        &hashes
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn write_trees(conn: &mut PgConnection, trees: &BTreeMap<Regency, Growing>) -> Result<(), StoreError> {
    let (mut regions, mut old_sizes, mut sizes, mut edges) = (vec![], vec![], vec![], vec![]);
    for (region, tree) in trees {
        regions.push(region.to_string());
        old_sizes.push(tree.old_size);
        sizes.push(tree.frontier.size().cast_signed());
        edges.push(
            tree.frontier
                .peaks()
                .iter()
                .flat_map(|peak| peak.0)
                .collect::<Vec<u8>>(),
        );
    }
    let done = sqlx::query!(
        "INSERT INTO audit_trees AS t (region_code, size, peaks, head_size)
         SELECT region_code, size, peaks, 0
         FROM UNNEST($1::text[], $2::bigint[], $3::bytea[]) AS grown (region_code, size, peaks)
         ON CONFLICT ON CONSTRAINT audit_trees_key DO UPDATE SET size = excluded.size, peaks = excluded.peaks
         WHERE (t.region_code, t.size) IN (SELECT * FROM UNNEST($1::text[], $4::bigint[]))",
        &regions,
        &sizes,
        &edges,
        &old_sizes
    )
    .execute(conn)
    .await?;
    if done.rows_affected() == u64::try_from(trees.len()).unwrap_or(u64::MAX) {
        return Ok(());
    }
    Err(StoreError::Impossible {
        table: "audit_trees",
        column: "size",
        row: regions.join(", "),
    })
}

/// The database's time of this transaction, and the trees that have grown since their newest head.
pub async fn unsigned(
    conn: &mut PgConnection,
) -> Result<(OffsetDateTime, Vec<(Regency, Frontier)>), StoreError> {
    let now = crate::now(conn).await?;
    let rows = sqlx::query!(
        "SELECT region_code, size, peaks FROM audit_trees WHERE size > head_size ORDER BY region_code"
    )
    .fetch_all(conn)
    .await?;
    let trees = rows.into_iter().map(|row| {
        let region = regency("audit_trees", &row.region_code)?;
        Ok((region, frontier(&row.region_code, row.size, &row.peaks)?))
    });
    Ok((now, trees.collect::<Result<_, StoreError>>()?))
}
