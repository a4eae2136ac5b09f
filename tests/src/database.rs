//! One PostgreSQL cluster per test process, one database per test.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serasi_store::embedded::EmbeddedPostgres;
use serasi_store::{IndexKeys, Kek, KeyFile, Sealer, Store, StoreSettings};
use sqlx::{Connection, Executor, PgConnection};
use tokio::sync::OnceCell;

/// The cluster of this process.
#[derive(Debug)]
struct Cluster {
    folder: PathBuf,
    socket: PathBuf,
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
    url: String,
    keys: PathBuf,
}

impl TestDatabase {
    pub async fn create() -> Self {
        let cluster = CLUSTER.get_or_init(start).await;
        let name = format!("t{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let mut admin = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
        let statement = format!("CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy");
        admin.execute(sqlx::AssertSqlSafe(statement)).await.unwrap();
        let keys = cluster.folder.join(format!("keys-{name}"));
        std::fs::create_dir(&keys).unwrap();
        Self {
            url: cluster.url(&name),
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
        let mut admin = PgConnection::connect(&cluster.url("postgres")).await.unwrap();
        admin
            .execute(sqlx::AssertSqlSafe(statement.to_owned()))
            .await
            .unwrap();
    }

    /// `postgres://...` of this database.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection past the hub, to look at what it wrote.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url).await.unwrap()
    }

    /// A store on this database, with the keys of this test.
    pub async fn store(&self) -> Store {
        let file = KeyFile::read_or_create(&self.key_file()).unwrap();
        let index = KeyFile::read_or_create(&self.index_key_file()).unwrap();
        let sealer = Sealer::new(
            vec![Kek::from(file.clone())],
            IndexKeys::from(&index),
            Some(&file),
        );
        self.store_with(sealer).await
    }

    /// A store on this database, with other keys.
    pub async fn store_with(&self, sealer: Sealer) -> Store {
        let settings = StoreSettings {
            url: self.url.clone(),
            max_connections: 16,
        };
        Store::connect(&settings, sealer).await.unwrap()
    }
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
    fn url(&self, database: &str) -> String {
        format!(
            "postgres://serasi@localhost/{database}?host={}",
            self.socket.display()
        )
    }
}

async fn start() -> Cluster {
    let folder = std::env::temp_dir().join(format!("serasi-tests-{}", std::process::id()));
    let postgres = EmbeddedPostgres::start(&folder, None).await.unwrap();
    let script =
        "cat > /dev/null; kill -INT $(head -1 \"$0/postgres/postmaster.pid\"); sleep 1; rm -rf \"$0\"";
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

    let cluster = Cluster {
        socket: folder.join("socket"),
        folder,
        _undertaker: undertaker,
    };
    let mut admin = PgConnection::connect(&postgres.url()).await.unwrap();
    admin
        .execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {TEMPLATE}")))
        .await
        .unwrap();
    let settings = StoreSettings {
        url: cluster.url(TEMPLATE),
        max_connections: 1,
    };
    let store = Store::connect(&settings, Sealer::none()).await.unwrap();
    store.migrate().await.unwrap();
    store.close().await;
    cluster
}
