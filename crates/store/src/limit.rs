//! What the database server itself can do: scripts for pgbench that write the rows one case leaves, made from the live
//! schema and from cases that were really taken down. For measurements on a database of one's own, and nothing else.
//!
//! Nothing here knows a table by name but the two that tell a transaction's number and stop the hub's jobs: what belongs
//! to a case is what its transaction wrote.

use std::collections::BTreeMap;

use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};

use crate::StoreError;

mod schema;
mod script;

use schema::Table;
pub use script::Shape;

/// Looks at what transactions write, while the hub's jobs are kept from writing beside them.
#[derive(Debug)]
pub struct Sampler {
    connection: PgConnection,
    tables: Vec<Table>,
    /// Rows of each table before the first sample.
    before: Vec<i64>,
    samples: Vec<Sample>,
}

/// What cases wrote.
#[derive(Debug)]
pub struct Written {
    tables: Vec<Table>,
    /// Whether the table got rows.
    grown: Vec<bool>,
    /// Keys of rows, of each table that was changed.
    keys: BTreeMap<usize, Rows>,
    samples: Vec<Sample>,
}

/// What one transaction wrote: rows by the place of their table, each column as text.
#[derive(Debug)]
struct Sample {
    /// Its time, as text.
    at: String,
    rows: BTreeMap<usize, Rows>,
}

type Rows = Vec<Vec<Option<String>>>;

/// Rows of a changed table that scripts change in turn: at most, or their script gets long.
const MOST_KEYS: i64 = 1_024;

/// How far the log of the server has come, in bytes.
pub async fn wal_bytes(url: &str) -> Result<i64, StoreError> {
    let mut connection = PgConnection::connect(url).await?;
    let bytes = sqlx::query_scalar("SELECT (pg_current_wal_lsn() - '0/0')::bigint")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(bytes)
}

/// Brings the server to rest, so that two measurements begin alike: statistics are there, nothing waits to be written.
pub async fn settle(url: &str) -> Result<(), StoreError> {
    let mut connection = PgConnection::connect(url).await?;
    for statement in ["VACUUM ANALYZE", "CHECKPOINT"] {
        sqlx::raw_sql(statement).execute(&mut connection).await?;
    }
    Ok(connection.close().await?)
}

impl Sampler {
    /// `url` must be the owner's: row-level security hides rows from others.
    pub async fn begin(url: &str) -> Result<Self, StoreError> {
        let mut connection = PgConnection::connect(url).await?;
        let hold = "BEGIN; SELECT 1 FROM job_leases FOR UPDATE";
        sqlx::raw_sql(hold).execute(&mut connection).await?;
        let tables = schema::read(&mut connection).await?;
        let before = count(&mut connection, &tables).await?;
        Ok(Self {
            connection,
            tables,
            before,
            samples: vec![],
        })
    }

    /// Takes the rows of the transaction that told first of `subject`, a case by its id.
    pub async fn take(&mut self, subject: &str) -> Result<(), StoreError> {
        let (transaction, at): (String, String) = sqlx::query_as(
            "SELECT xid::text, created_at::text FROM events WHERE subject_id = $1 ORDER BY position LIMIT 1",
        )
        .bind(subject)
        .fetch_one(&mut self.connection)
        .await?;
        let mut sample = BTreeMap::new();
        for (place, table) in self.tables.iter().enumerate() {
            // Names come from the catalogue, quoted by the server.
            let rows = sqlx::query(AssertSqlSafe(table.select()))
                .bind(&transaction)
                .fetch_all(&mut self.connection)
                .await?;
            if rows.is_empty() {
                continue;
            }
            sample.insert(place, cells(&rows)?);
        }
        self.samples.push(Sample { at, rows: sample });
        Ok(())
    }

    /// Lets the jobs go on.
    pub async fn end(mut self) -> Result<Written, StoreError> {
        let after = count(&mut self.connection, &self.tables).await?;
        // A table with rows of a sample, and no more rows than before, was changed.
        let grown: Vec<_> = self
            .before
            .iter()
            .zip(after)
            .map(|(before, after)| *before < after)
            .collect();
        let mut keys = BTreeMap::new();
        for place in self.samples.iter().flat_map(|sample| sample.rows.keys()) {
            if let (Some(false), Some(table)) = (grown.get(*place), self.tables.get(*place)) {
                let rows = sqlx::query(AssertSqlSafe(table.select_keys()))
                    .bind(MOST_KEYS)
                    .fetch_all(&mut self.connection)
                    .await?;
                keys.insert(*place, cells(&rows)?);
            }
        }
        sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await?;
        self.connection.close().await?;
        Ok(Written {
            grown,
            keys,
            tables: self.tables,
            samples: self.samples,
        })
    }
}

fn cells(rows: &[PgRow]) -> Result<Rows, sqlx::Error> {
    let rows = rows.iter();
    rows.map(|row| (0..row.len()).map(|column| row.try_get(column)).collect())
        .collect()
}

impl Written {
    /// One script for each sample.
    #[must_use]
    pub fn scripts(&self, shape: Shape) -> Vec<String> {
        let samples = self.samples.iter();
        samples.map(|sample| script::of(self, sample, shape)).collect()
    }
}

async fn count(connection: &mut PgConnection, tables: &[Table]) -> Result<Vec<i64>, StoreError> {
    let mut counts = vec![];
    for table in tables {
        let count = sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {}", table.name)))
            .fetch_one(&mut *connection)
            .await?;
        counts.push(count);
    }
    Ok(counts)
}
