//! What the database server itself can do: scripts for pgbench that write the rows one case leaves, made from the live
//! schema and from cases that were really taken down. For measurements on a database of one's own, and nothing else.
//!
//! Nothing here knows a table by name but the two that tell a transaction's number and stop the hub's jobs: what belongs
//! to a case is what its transaction wrote.

use std::collections::BTreeMap;

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
    samples: Vec<Sample>,
}

/// What one transaction wrote: rows by the place of their table, each column as text.
type Sample = BTreeMap<usize, Vec<Vec<Option<String>>>>;

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
        let transaction: String =
            sqlx::query_scalar("SELECT min(xid::text) FROM events WHERE subject_id = $1")
                .bind(subject)
                .fetch_one(&mut self.connection)
                .await?;
        let mut sample = Sample::new();
        for (place, table) in self.tables.iter().enumerate() {
            // Names come from the catalogue, quoted by the server.
            let rows = sqlx::query(AssertSqlSafe(table.select()))
                .bind(&transaction)
                .fetch_all(&mut self.connection)
                .await?;
            if rows.is_empty() {
                continue;
            }
            let rows = rows
                .iter()
                .map(|row| (0..row.len()).map(|column| row.try_get(column)).collect());
            sample.insert(place, rows.collect::<Result<_, _>>()?);
        }
        self.samples.push(sample);
        Ok(())
    }

    /// Lets the jobs go on.
    pub async fn end(mut self) -> Result<Written, StoreError> {
        let after = count(&mut self.connection, &self.tables).await?;
        sqlx::raw_sql("ROLLBACK").execute(&mut self.connection).await?;
        self.connection.close().await?;
        // A table with rows of a sample, and no more rows than before, was changed.
        let grown = self
            .before
            .iter()
            .zip(after)
            .map(|(before, after)| *before < after);
        Ok(Written {
            grown: grown.collect(),
            tables: self.tables,
            samples: self.samples,
        })
    }
}

impl Written {
    /// One script for each sample.
    #[must_use]
    pub fn scripts(&self, shape: Shape) -> Vec<String> {
        let samples = self.samples.iter();
        samples
            .map(|sample| script::of(&self.tables, &self.grown, sample, shape))
            .collect()
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
