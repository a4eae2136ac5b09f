//! One PostgreSQL cluster per test process, one database per test.
//!
//! `SERASI_PG_BIN` names the server's binaries, for another version of it; `SERASI_TEST_POOLER=1` puts PgBouncer in
//! transaction mode between every hub and its database.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serasi_store::embedded::EmbeddedPostgres;
use serasi_store::{IndexKeys, Kek, KeyFile, Sealer, Store, StoreSettings};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

use crate::pooler::{self, Pooler};

/// The cluster of this process.
#[derive(Debug)]
struct Cluster {
    folder: PathBuf,
    socket: PathBuf,
    /// Through which the hubs of this process reach their databases, where the tests were told so.
    pooler: Option<Pooler>,
    /// Stops the server and removes the folder when this process ends, however it ends.
    _undertaker: Child,
}

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);
const TEMPLATE: &str = "serasi_template";

/// A fresh, migrated database with keys of its own.
#[derive(Clone, Debug)]
pub struct TestDatabase {
    name: String,
    /// For the hub, whose role is bound by row-level security.
    url: String,
    /// For looks and changes past the hub.
    owner_url: String,
    keys: PathBuf,
}

impl TestDatabase {
    pub async fn create() -> Self {
        let cluster = CLUSTER.get_or_init(start).await;
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&cluster.url("serasi", "postgres"))
            .await
            .unwrap();
        let statement = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy");
        admin.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
        let keys = cluster.folder.join(format!("keys-{name}"));
        std::fs::create_dir(&keys).unwrap();
        Self {
            url: cluster.url_of_hub(&name),
            owner_url: cluster.url("serasi", &name),
            name,
            keys,
        }
    }

    /// The key-encryption keys that all replicas of a test share.
    pub fn key_file(&self) -> PathBuf {
        self.keys.join("seal.key")
    }

    /// And their index keys.
    pub fn index_key_file(&self) -> PathBuf {
        self.keys.join("index.key")
    }

    /// Cuts every connection and lets nobody in until `open`: whoever asks this database now fails.
    pub async fn shut(&self) {
        let name = &self.name;
        self.administer(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS false"))
            .await;
        let cut = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'");
        self.administer(&cut).await;
    }

    pub async fn open(&self) {
        let name = &self.name;
        self.administer(&format!("ALTER DATABASE {name} WITH ALLOW_CONNECTIONS true"))
            .await;
    }

    async fn administer(&self, statement: &str) {
        let cluster = CLUSTER.get_or_init(start).await;
        let mut admin = PgConnection::connect(&cluster.url("serasi", "postgres"))
            .await
            .unwrap();
        admin
            .execute(sqlx::AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap();
    }

    /// `postgres://...` of this database, for a hub.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The same past any pooler, for a test about the connections themselves.
    pub async fn direct_url(&self) -> String {
        let cluster = CLUSTER.get_or_init(start).await;
        cluster.url("serasi_hub", &self.name)
    }

    /// The same for the superuser, who sees every row and owns the tables.
    pub fn owner_url(&self) -> &str {
        &self.owner_url
    }

    /// A connection past the hub, to look at what it wrote.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.owner_url).await.unwrap()
    }

    /// A store on this database, with the keys of this test.
    pub async fn store(&self) -> Store {
        self.store_with(self.sealer()).await
    }

    fn sealer(&self) -> Sealer {
        let file = KeyFile::read_or_create(&self.key_file()).unwrap();
        let index = KeyFile::read_or_create(&self.index_key_file()).unwrap();
        Sealer::new(
            vec![Kek::from(file.clone())],
            IndexKeys::from(&index),
            Some(&file),
        )
    }

    /// A store on this database, with other keys.
    pub async fn store_with(&self, sealer: Sealer) -> Store {
        connect(&self.url, 16, sealer).await
    }

    /// A store that reaches the database through `url`.
    pub async fn store_through(&self, url: &str, max_connections: u32) -> Store {
        connect(url, max_connections, self.sealer()).await
    }

    /// Folder of the server's socket, and the name of this database.
    pub async fn location(&self) -> (PathBuf, String) {
        let cluster = CLUSTER.get_or_init(start).await;
        (cluster.socket.clone(), self.name.clone())
    }
}

async fn connect(url: &str, max_connections: u32, sealer: Sealer) -> Store {
    let settings = StoreSettings {
        url: url.to_owned(),
        max_connections,
    };
    Store::connect(&settings, sealer).await.unwrap()
}

impl TestDatabase {
    /// Changes what the database says about every pool, as `SET` would, and logs it as the hub does.
    pub async fn change_pools(&self, set: &'static str) {
        let statement = format!(
            "WITH changed AS (UPDATE capacity_pools SET {set}, version = version + 1, changed_at = now() RETURNING *)
             INSERT INTO capacity_log (region_code, facility_id, base, cluster, sex, version, total, occupied, held,
                 overflow, shortfall, observed_at, valid_until, source, changed_at)
             SELECT region_code, facility_id, base, cluster, sex, version, total, occupied, held, overflow, shortfall,
                 observed_at, valid_until, source, changed_at FROM changed"
        );
        let mut connection = self.connect().await;
        connection.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
    }
}

impl Cluster {
    fn url_of_hub(&self, database: &str) -> String {
        let pooled = self.pooler.as_ref().map(|pooler| pooler.url(database));
        pooled.unwrap_or_else(|| self.url("serasi_hub", database))
    }

    fn url(&self, role: &str, database: &str) -> String {
        format!(
            "postgres://{role}@localhost/{database}?host={}",
            self.socket.display()
        )
    }
}

async fn start() -> Cluster {
    let folder = std::env::temp_dir().join(format!("serasi-tests-{}", std::process::id()));
    let postgres = EmbeddedPostgres::start(&folder, pg_bin().as_deref())
        .await
        .unwrap();
    let script = "cat > /dev/null; kill -INT $(head -1 \"$0/postgres/postmaster.pid\") $(cat \"$0/pooler.pid\"); \
                  sleep 1; rm -rf \"$0\"";
    let mut undertaker = Command::new("sh");
    undertaker
        .arg("-c")
        .arg(script)
        .arg(&folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut undertaker, 0);
    let undertaker = undertaker.spawn().unwrap();

    let mut cluster = Cluster {
        socket: folder.join("socket"),
        folder,
        pooler: None,
        _undertaker: undertaker,
    };
    let mut admin = PgConnection::connect(&postgres.owner_url()).await.unwrap();
    admin
        .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}")))
        .await
        .unwrap();
    let settings = StoreSettings {
        url: cluster.url("serasi", TEMPLATE),
        max_connections: 1,
    };
    let store = Store::connect(&settings, Sealer::none()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    postgres.make_login().await.unwrap();
    if std::env::var_os("SERASI_TEST_POOLER").is_some() {
        let binary = pooler::find().expect("SERASI_TEST_POOLER needs PgBouncer on this machine");
        assert!(pooler::knows_statements(&binary), "PgBouncer is older than 1.21");
        // What a hub asks for at its start does not reach the server through a pooler (docs/operate.md).
        for setting in [
            "statement_timeout = '10s'",
            "lock_timeout = '5s'",
            "idle_in_transaction_session_timeout = '10s'",
            "jit = 'off'",
        ] {
            let set = format!("ALTER ROLE serasi_hub SET {setting}");
            admin.execute(sqlx::AssertSqlSafe(set)).await.unwrap();
        }
        let pooler = Pooler::start(&binary, &cluster.socket, 16).await;
        std::fs::write(cluster.folder.join("pooler.pid"), pooler.process_id().to_string()).unwrap();
        cluster.pooler = Some(pooler);
    }
    cluster
}

/// Where the tests were told that the server's binaries are.
pub fn pg_bin() -> Option<PathBuf> {
    std::env::var_os("SERASI_PG_BIN").map(PathBuf::from)
}
