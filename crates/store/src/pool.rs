//! The connection pool, built in one place, and the checks before anything is served.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgConnection, PgPool};

use time::OffsetDateTime;

use crate::{Context, Sealer, StoreError};

/// How the store connects.
#[derive(Clone, Debug)]
pub struct StoreSettings {
    /// `postgres://...`
    pub url: String,
    pub max_connections: u32,
}

/// The database, and the key that seals personal data.
#[derive(Clone, Debug)]
pub struct Store {
    pool: PgPool,
    sealer: Sealer,
}

/// A database setting under which an acknowledged case could be lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("PostgreSQL setting `{name}` is `{value}`; an acknowledged case could be lost. Set it to {wanted}.")]
pub struct UnsafeSetting {
    pub name: &'static str,
    pub value: String,
    pub wanted: &'static str,
}

/// Connections of a replica to its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolUse {
    pub in_use: u32,
    pub max: u32,
}

const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// A connection that was idle for less is taken to be alive.
const TRUSTED: Duration = Duration::from_millis(200);
/// Nothing waits for ever, and no statement is compiled: with the conditions of who may see what in it that takes half a
/// second, for statements of a few milliseconds. A pooler does not hand these on: there the hub's role has them.
const SESSION: [(&str, &str); 4] = [
    ("statement_timeout", "10s"),
    ("lock_timeout", "5s"),
    ("idle_in_transaction_session_timeout", "10s"),
    ("jit", "off"),
];
/// Longer than a group takes, shorter than anybody notices.
const SHORT_LOCK_TIMEOUT: &str = "100ms";
/// Else the server plans each statement several times in each connection, and some at every call; and it reads through a
/// table that it believes small, with a plan that stays.
const BY_KEY: &str = "SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off";

impl Store {
    /// Connects; does not migrate.
    pub async fn connect(settings: &StoreSettings, sealer: Sealer) -> Result<Self, StoreError> {
        let options: PgConnectOptions = settings.url.parse()?;
        // Notices, such as that a ROLLBACK found nothing to roll back, are nobody's news.
        let quiet = [("client_min_messages", "error")];
        let options = options
            .application_name("serasi")
            .options(quiet.into_iter().chain(SESSION));
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // Who has just answered needs not be asked whether it is there.
            .test_before_acquire(false)
            .before_acquire(|connection, known| {
                Box::pin(async move {
                    if known.idle_for >= TRUSTED {
                        sqlx::Connection::ping(connection).await?;
                    }
                    Ok(true)
                })
            })
            // sqlx 0.9.0 can hand on a connection with an open transaction when a `begin` is cancelled, and the next
            // write on it would be lost (guarantees, finding 1). A ROLLBACK alone would put a warning into the server's log
            // for every transaction.
            .after_release(|connection, _| {
                Box::pin(async move {
                    sqlx::raw_sql("BEGIN; ROLLBACK").execute(connection).await?;
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool, sealer })
    }

    /// Brings the schema up to this release.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        // A large table takes its time. The connection is not given back with these settings.
        let mut connection = self.pool.acquire().await?.detach();
        let patient = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";
        sqlx::raw_sql(patient).execute(&mut connection).await?;
        MIGRATOR.run(&mut connection).await?;
        sqlx::Connection::close(connection).await?;
        Ok(())
    }

    /// Number of migrations this release carries that the database has not seen.
    pub async fn pending_migrations(&self) -> Result<usize, StoreError> {
        let known: Option<bool> = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
            .fetch_one(&self.pool)
            .await?;
        if known != Some(true) {
            return Ok(MIGRATOR.iter().count());
        }
        let applied: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(&self.pool)
            .await?;
        Ok(MIGRATOR
            .iter()
            .filter(|migration| !applied.contains(&migration.version))
            .count())
    }

    /// Why the role the hub is logged in as is more than it should be (guarantees, rule 20): it would see rows past the
    /// row-level security, or could change what is append-only. Empty = it is not.
    pub async fn excess_rights(&self) -> Result<Vec<&'static str>, StoreError> {
        let row: (bool, bool, bool) = sqlx::query_as(
            "SELECT rolsuper, rolbypassrls, EXISTS (
                 SELECT 1 FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = current_schema()::regnamespace
                     AND pg_has_role(current_user, relowner, 'USAGE'))
             FROM pg_roles WHERE rolname = current_user",
        )
        .fetch_one(&self.pool)
        .await?;
        let (is_superuser, bypasses, owns) = row;
        let found = [
            (is_superuser, "it is a superuser"),
            (bypasses, "it has BYPASSRLS"),
            (owns, "it owns tables"),
        ];
        Ok(found
            .into_iter()
            .filter(|(is, _)| *is)
            .map(|(_, what)| what)
            .collect())
    }

    /// The settings under which a committed write may be lost (guarantees, rule 3); empty = safe.
    pub async fn unsafe_settings(&self) -> Result<Vec<UnsafeSetting>, StoreError> {
        let row: (String, String, String, String) = sqlx::query_as(
            "SELECT current_setting('fsync'), current_setting('full_page_writes'), \
             current_setting('synchronous_commit'), current_setting('data_checksums')",
        )
        .fetch_one(&self.pool)
        .await?;
        let (fsync, full_page_writes, synchronous_commit, data_checksums) = row;
        let mut found = vec![];
        if fsync != "on" {
            found.push(UnsafeSetting {
                name: "fsync",
                value: fsync,
                wanted: "on",
            });
        }
        if full_page_writes != "on" {
            found.push(UnsafeSetting {
                name: "full_page_writes",
                value: full_page_writes,
                wanted: "on",
            });
        }
        if matches!(synchronous_commit.as_str(), "off" | "local") {
            found.push(UnsafeSetting {
                name: "synchronous_commit",
                value: synchronous_commit,
                wanted: "on, remote_write or remote_apply",
            });
        }
        if data_checksums != "on" {
            found.push(UnsafeSetting {
                name: "data_checksums",
                value: data_checksums,
                wanted: "on (initdb --data-checksums, pg_checksums)",
            });
        }
        Ok(found)
    }

    /// Settings that are not in force on the hub's connections, with what each should be: behind a pooler that does not
    /// hand them on. Empty = all are. Limits of time may be others, but there must be some.
    pub async fn missing_settings(&self) -> Result<Vec<(&'static str, &'static str)>, StoreError> {
        let missing: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM pg_settings WHERE setting = '0' OR (name, setting) = ('jit', 'on')",
        )
        .fetch_all(&self.pool)
        .await?;
        let is_missing = |name: &str| missing.iter().any(|missing| missing == name);
        Ok(SESSION.into_iter().filter(|(name, _)| is_missing(name)).collect())
    }

    /// Begins a transaction that sees what `context` may see. Whoever calls this must not be cancelled half-way: see
    /// `serasi-hub`'s unit of work.
    pub async fn begin(&self, context: Context) -> Result<sqlx::PgTransaction<'static>, StoreError> {
        Ok(self.pool.begin_with(context.begin()).await?)
    }

    /// The same for statements that name their rows by key: one plan does for every call. It is made at the first one, and
    /// again when the server has counted the table anew (ANALYZE); until then a table that has grown all at once is read as the
    /// small one it was.
    pub async fn begin_by_key(&self, context: Context) -> Result<sqlx::PgTransaction<'static>, StoreError> {
        let begin = context.begin();
        let begin = format!("{}; {BY_KEY}", begin.as_str());
        Ok(self.pool.begin_with(AssertSqlSafe(begin)).await?)
    }

    /// The same for a transaction of many, who must not all wait for what one of them wants: a lock that is not there soon
    /// is a conflict.
    pub async fn begin_impatient(
        &self,
        context: Context,
    ) -> Result<sqlx::PgTransaction<'static>, StoreError> {
        let begin = context.begin();
        let begin = format!(
            "{}; {BY_KEY}; SET LOCAL lock_timeout = '{SHORT_LOCK_TIMEOUT}'",
            begin.as_str()
        );
        Ok(self.pool.begin_with(AssertSqlSafe(begin)).await?)
    }

    /// Begins a transaction in which every statement sees the same moment.
    pub(crate) async fn begin_read(
        &self,
        context: Context,
    ) -> Result<sqlx::PgTransaction<'static>, StoreError> {
        Ok(self.pool.begin_with(context.begin_snapshot()).await?)
    }

    /// A connection for reads of the directory and the law, without a context: rows about cases are not there.
    pub async fn read(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>, StoreError> {
        Ok(self.pool.acquire().await?)
    }

    /// As it is at this moment.
    #[must_use]
    pub fn pool_use(&self) -> PoolUse {
        let idle = u32::try_from(self.pool.num_idle()).unwrap_or(u32::MAX);
        PoolUse {
            in_use: self.pool.size().saturating_sub(idle),
            max: self.pool.options().get_max_connections(),
        }
    }

    #[must_use]
    pub const fn sealer(&self) -> &Sealer {
        &self.sealer
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// The database's time of this transaction.
pub async fn now(conn: &mut PgConnection) -> Result<OffsetDateTime, StoreError> {
    Ok(sqlx::query_scalar!(r#"SELECT now() AS "now!""#)
        .fetch_one(conn)
        .await?)
}

/// The schema travels with the binary. Locking is ours to do by deploying one migrator: session advisory locks do not
/// survive a transaction pooler or a sharded database.
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate::Migrator {
    locking: false,
    // After a step back the older release finds migrations that it does not know; they take nothing
    // away that it needs (migrations/README.md).
    ignore_missing: true,
    ..sqlx::migrate!("../../migrations")
};
