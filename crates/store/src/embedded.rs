//! A private PostgreSQL in the data directory, for when no database URL is given: system binaries, unix socket only, no
//! TCP, privileges dropped when root. One SQL dialect, full parity with production.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::StoreError;

mod binaries;
mod cluster;
mod owner;

pub use binaries::{NoBinaries, program};
pub use owner::is_root;

/// A running private cluster. Dropping it leaves the server running, and the next start adopts it: call
/// [`stop`](Self::stop).
#[derive(Debug)]
pub struct EmbeddedPostgres {
    socket_dir: PathBuf,
    cluster: Arc<cluster::Cluster>,
    stop: watch::Sender<bool>,
    keeper: JoinHandle<()>,
}

/// Why the private cluster does not run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    #[error(transparent)]
    NoBinaries(#[from] NoBinaries),
    #[error("{action} {path}: {source}")]
    File {
        action: &'static str,
        path: String,
        source: std::io::Error,
    },
    #[error(
        "PostgreSQL may not run as root, and user `postgres` or `nobody` cannot reach {0}: choose a --data-dir whose \
         parent folders everybody may enter, such as /var/lib/serasi"
    )]
    NotTraversable(String),
    #[error("running as root, but the system has neither user `postgres` nor `nobody` to run PostgreSQL as")]
    NoUser,
    #[error("initdb failed: {0}")]
    Initdb(String),
    #[error("PostgreSQL did not start; its log {log} ends with:\n{tail}")]
    NotStarted { log: String, tail: String },
    #[error("the socket path {0} is longer than the system allows (107 bytes): choose a shorter --data-dir")]
    SocketPath(String),
}

/// How long a start may take: recovery after a crash of a busy server included.
const START_TIMEOUT: Duration = Duration::from_mins(1);
/// How often the server is looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const LONGEST_SOCKET_PATH: usize = 107;
/// The hub logs in as this role: no superuser, owner of nothing, bound by row-level security.
const HUB_LOGIN: &str = "serasi_hub";

impl EmbeddedPostgres {
    /// Starts the cluster in `data_dir`, making it if there is none; adopts one that still runs there.
    pub async fn start(data_dir: &Path, bin_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let binaries = binaries::find(bin_dir)?;
        let data_dir = absolute(data_dir)?;
        let socket_dir = data_dir.join("socket");
        let socket = socket_dir.join(".s.PGSQL.5432");
        if socket.as_os_str().len() > LONGEST_SOCKET_PATH {
            return Err(EmbeddedError::SocketPath(socket.display().to_string()));
        }
        let owner = owner::Owner::for_this_process()?;
        let cluster = Arc::new(cluster::Cluster {
            binaries,
            owner,
            data_dir,
            socket_dir: socket_dir.clone(),
        });
        cluster.prepare()?;
        cluster.start(START_TIMEOUT).await?;
        let (stop, stopped) = watch::channel(false);
        let keeper = tokio::spawn(keep_running(Arc::clone(&cluster), stopped));
        Ok(Self {
            socket_dir,
            cluster,
            stop,
            keeper,
        })
    }

    /// URL of the database for migrations: its superuser, who owns everything.
    #[must_use]
    pub fn owner_url(&self) -> String {
        self.url_of("serasi")
    }

    /// URL of the database for the hub, whose role is there after [`make_login`](Self::make_login).
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of(HUB_LOGIN)
    }

    /// Makes the hub's login, a member of the application's role that the migrations have made.
    pub async fn make_login(&self) -> Result<(), StoreError> {
        let mut connection = PgConnection::connect(&self.owner_url()).await?;
        // A cluster has one hub at a time (the data directory is locked): nobody makes it meanwhile.
        let known: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = $1)")
            .bind(HUB_LOGIN)
            .fetch_one(&mut connection)
            .await?;
        if !known {
            let make = "CREATE ROLE serasi_hub LOGIN IN ROLE serasi_app";
            sqlx::raw_sql(make).execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    fn url_of(&self, role: &str) -> String {
        let socket_dir = self.socket_dir.display();
        format!("postgres://{role}@localhost/postgres?host={socket_dir}")
    }

    /// Stops the server after its connections are closed ("fast": open transactions roll back).
    pub async fn stop(self) {
        self.stop.send_replace(true);
        // A keeper that panicked keeps nothing running.
        drop(self.keeper.await);
        self.cluster.stop().await;
    }
}

/// Starts the server again when it has died. Committed work survives: PostgreSQL recovers by itself.
async fn keep_running(cluster: Arc<cluster::Cluster>, mut stopped: watch::Receiver<bool>) {
    loop {
        let told = stopped.wait_for(|stopping| *stopping);
        if tokio::time::timeout(LOOK_EVERY, told).await.is_ok() {
            return;
        }
        if cluster.answers().await {
            continue;
        }
        tracing::error!("the private PostgreSQL does not answer; starting it again");
        if let Err(error) = cluster.start(START_TIMEOUT).await {
            tracing::error!(%error, "the private PostgreSQL could not be started; trying again");
        }
    }
}

fn absolute(path: &Path) -> Result<PathBuf, EmbeddedError> {
    std::fs::create_dir_all(path)
        .and_then(|()| path.canonicalize())
        .map_err(|source| EmbeddedError::File {
            action: "cannot use data directory",
            path: path.display().to_string(),
            source,
        })
}
