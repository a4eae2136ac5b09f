//! Signed heads. Each is kept here as well, for proofs; what counts is the copy outside the database.

use serasi_domain::id::Regency;
use serasi_geography::RegionCode;
use serasi_ledger::{Hash, Head, SignedHead};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::StoreError;
use crate::columns::{Row, regency, scope_pattern};

#[derive(Debug)]
struct HeadRow {
    region_code: String,
    size: i64,
    root: Vec<u8>,
    signed_at: OffsetDateTime,
    key_id: String,
    signature: String,
}

impl TryFrom<HeadRow> for SignedHead {
    type Error = StoreError;

    fn try_from(row: HeadRow) -> Result<Self, Self::Error> {
        let context = Row {
            table: "audit_heads",
            id: &row.region_code,
        };
        let head = Head {
            region: regency("audit_heads", &row.region_code)?,
            size: u64::try_from(row.size).map_err(|_| context.impossible("size"))?,
            root: Hash::try_from(row.root.as_slice()).map_err(|_| context.impossible("root"))?,
            at: row.signed_at,
            key: row.key_id,
        };
        Ok(Self {
            head,
            signature: row.signature,
        })
    }
}

/// Keeps new heads of trees that have none of that size.
pub async fn insert(conn: &mut PgConnection, heads: &[SignedHead]) -> Result<(), StoreError> {
    let column = |text: fn(&SignedHead) -> String| heads.iter().map(text).collect::<Vec<_>>();
    let regions = column(|signed| signed.head.region.to_string());
    let sizes: Vec<_> = heads
        .iter()
        .map(|signed| signed.head.size.cast_signed())
        .collect();
    let roots: Vec<_> = heads.iter().map(|signed| signed.head.root.0.to_vec()).collect();
    let times: Vec<_> = heads.iter().map(|signed| signed.head.at).collect();
    sqlx::query!(
        "INSERT INTO audit_heads (region_code, size, root, signed_at, key_id, signature)
         SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bytea[], $4::timestamptz[], $5::text[], $6::text[])",
        &regions,
        &sizes,
        &roots,
        &times,
        &column(|signed| signed.head.key.clone()),
        &column(|signed| signed.signature.clone())
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "UPDATE audit_trees t SET head_size = signed.size
         FROM UNNEST($1::text[], $2::bigint[]) AS signed (region_code, size)
         WHERE t.region_code = signed.region_code AND t.head_size < signed.size",
        &regions,
        &sizes
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The newest head of every tree.
pub async fn newest(conn: &mut PgConnection) -> Result<Vec<SignedHead>, StoreError> {
    let rows = sqlx::query_as!(
        HeadRow,
        "SELECT h.region_code, h.size, h.root, h.signed_at, h.key_id, h.signature
         FROM audit_trees t JOIN audit_heads h ON h.region_code = t.region_code AND h.size = t.head_size
         ORDER BY h.region_code"
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(SignedHead::try_from).collect()
}

/// Heads in `scope`, by region and size.
pub async fn list(
    conn: &mut PgConnection,
    scope: RegionCode,
    after: Option<(Regency, u64)>,
    limit: i64,
) -> Result<Vec<SignedHead>, StoreError> {
    let (region, size) = after.unzip();
    let rows = sqlx::query_as!(
        HeadRow,
        "SELECT region_code, size, root, signed_at, key_id, signature FROM audit_heads
         WHERE region_code LIKE $1 AND (region_code, size) > ($2, $3)
         ORDER BY region_code, size LIMIT $4",
        scope_pattern(scope),
        region.map(|region| region.to_string()).unwrap_or_default(),
        size.unwrap_or_default().cast_signed(),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(SignedHead::try_from).collect()
}

/// The head of a tree: of `size`, or the newest.
pub async fn get(
    conn: &mut PgConnection,
    region: Regency,
    size: Option<u64>,
) -> Result<Option<SignedHead>, StoreError> {
    let row = sqlx::query_as!(
        HeadRow,
        "SELECT region_code, size, root, signed_at, key_id, signature FROM audit_heads
         WHERE region_code = $1 AND ($2::bigint IS NULL OR size = $2) ORDER BY size DESC LIMIT 1",
        region.to_string(),
        size.map(u64::cast_signed)
    )
    .fetch_optional(conn)
    .await?;
    row.map(SignedHead::try_from).transpose()
}
