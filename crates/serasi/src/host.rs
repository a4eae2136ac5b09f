//! Opening a hub in this process: data directory, database, keys, policy; and closing it again.

use std::fs::File;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use metrics_exporter_prometheus::BuildError;
use opentelemetry_otlp::ExporterBuildError;
use serasi_domain::policy::{InvalidPolicy, Policy};
use serasi_hub::auth::{DevIssuer, DevIssuerError, Gate, KeySetError, Verifier};
use serasi_hub::clock::Clock;
use serasi_hub::server::ServeError;
use serasi_hub::{HeadsFileError, Hub, HubSettings, OpenError, RelaySettings, WatchLimits};
use serasi_ledger::InvalidKey;
use serasi_store::embedded::{EmbeddedError, EmbeddedPostgres};
use serasi_store::{KeyError, Sealer, Store, StoreError, StoreSettings, UnsafeSetting};

use crate::database_url::{self, DatabaseUrl};
use crate::keys::KeyArgs;

mod audit;
mod data_dir;

pub(crate) use audit::{audit_heads_of, audit_key_of, create_audit_key, read_audit_key};

/// A client may be away for a quarter of a year and still catch up.
pub(crate) const KEEP_EVENTS_DAYS: i32 = 90;

/// Name of the stream of events, where nobody says another.
pub(crate) const NATS_STREAM: &str = "SERASI";

/// Where a hub keeps its things.
#[derive(Args, Clone, Debug)]
pub(crate) struct HostArgs {
    #[command(flatten)]
    pub(crate) database: DatabaseUrl,
    /// Folder for the private database and development keys [default: ~/.local/share/serasi, as root /var/lib/serasi].
    #[arg(long, env = "SERASI_DATA_DIR", value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Folder with initdb and postgres, where they are not in the usual places.
    #[arg(long, env = "SERASI_PG_BIN", value_name = "DIR")]
    pub(crate) pg_bin: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// File with the key that signs heads of the audit log (`serasi audit key FILE` makes one) [default: a development
    /// key, made in the data directory].
    #[arg(long, env = "SERASI_AUDIT_KEY", value_name = "FILE")]
    pub(crate) audit_key: Option<PathBuf>,
    /// Folder outside the database's reach where signed heads are kept [default: in the data directory].
    #[arg(long, env = "SERASI_AUDIT_HEADS", value_name = "DIR")]
    pub(crate) audit_heads: Option<PathBuf>,
    /// Connections to the database.
    #[arg(long, env = "SERASI_DB_CONNECTIONS", default_value_t = 24, value_name = "N", value_parser = clap::value_parser!(u32).range(4..=500))]
    pub(crate) db_connections: u32,
    /// Days that events are kept: a client that was away longer must begin anew.
    #[arg(long, env = "SERASI_KEEP_EVENTS", default_value_t = KEEP_EVENTS_DAYS, value_name = "DAYS", value_parser = clap::value_parser!(i32).range(1..=36_500))]
    pub(crate) keep_events: i32,
    /// Broker to send every event to, as nats://USER:PASSWORD@HOST or tls://...; see docs/events.md.
    #[arg(long, env = "SERASI_NATS", hide_env_values = true, value_name = "URL")]
    pub(crate) nats: Option<String>,
    /// File that holds that address, with its password.
    #[arg(long, env = "SERASI_NATS_FILE", value_name = "FILE", conflicts_with = "nats")]
    pub(crate) nats_file: Option<PathBuf>,
    /// JetStream stream of the events; made when there is none. Subjects begin with its name in small letters.
    #[arg(long, env = "SERASI_NATS_STREAM", value_name = "NAME", default_value = NATS_STREAM, value_parser = stream_name)]
    pub(crate) nats_stream: String,
    /// Serve although the database may lose acknowledged writes (fsync off and the like), or the hub's role may do more
    /// than it should (superuser, owner). For experiments only.
    #[arg(long)]
    pub(crate) allow_unsafe_database: bool,
}

/// Why a hub does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HostError {
    #[error("{action} {path}: {source}")]
    File {
        action: &'static str,
        path: String,
        source: std::io::Error,
    },
    #[error("{0} is in use by another hub; stop it, or choose another --data-dir")]
    InUse(String),
    #[error("no home directory is known; name a folder with --data-dir")]
    NoHome,
    #[error(transparent)]
    Embedded(#[from] EmbeddedError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    KeySet(#[from] KeySetError),
    #[error(transparent)]
    DevIssuer(#[from] DevIssuerError),
    #[error(transparent)]
    Policy(#[from] InvalidPolicy),
    #[error("{}: {source}", describe(source))]
    Store { source: StoreError },
    #[error("name the database with --database-url, DATABASE_URL or --database-url-file")]
    DatabaseRequired,
    #[error("the hub cannot open: {0}")]
    Open(String),
    #[error("the database lacks {0} migrations of this release; run `serasi migrate` first")]
    NotMigrated(usize),
    #[error("{} (--allow-unsafe-database serves all the same)", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Unsafe(Vec<UnsafeSetting>),
    #[error(
        "the role of DATABASE_URL can do too much: {0}. Log in as a member of serasi_app (CREATE ROLE hub LOGIN IN ROLE \
         serasi_app), and leave the owner to `serasi migrate` (--allow-unsafe-database serves all the same)"
    )]
    TooMighty(String),
    #[error(transparent)]
    Serve(#[from] ServeError),
    #[error("cannot serve metrics on {address}: {source}")]
    Metrics { address: SocketAddr, source: BuildError },
    #[error("cannot send traces to {address}: {source}")]
    Traces {
        address: String,
        source: ExporterBuildError,
    },
    #[error(
        "name the key-encryption key with --transit or --key-file, and --index-key-file; only with --development are \
         key files made in the data directory"
    )]
    KeysRequired,
    #[error(
        "production needs TLS: name --tls-cert and --tls-key. Behind a proxy that does it, on this machine or in this \
         pod, say --plaintext"
    )]
    TlsRequired,
    #[error(
        "production needs --audit-key and --audit-heads: those in the data directory are for development"
    )]
    AuditRequired,
    #[error("{0} is a development key; make one for production with `serasi audit key FILE`")]
    DevelopmentAuditKey(String),
    #[error("the audit key {path} {source}")]
    AuditKey { path: String, source: InvalidKey },
    #[error("the system gives no randomness")]
    NoRandomness,
    #[error("signed heads cannot be kept: {0}")]
    Heads(#[from] HeadsFileError),
}

fn describe(error: &StoreError) -> &'static str {
    match error {
        StoreError::Unavailable(_) => {
            "the database does not answer; check DATABASE_URL and that it is running"
        }
        StoreError::Keys(_) => "the keys cannot be used",
        StoreError::Conflict(_)
        | StoreError::Constraint(_)
        | StoreError::Value(_)
        | StoreError::TooSlow(_)
        | StoreError::Impossible { .. }
        | StoreError::Unsealable { .. }
        | StoreError::KeyNeeded(_)
        | StoreError::Database(_)
        | StoreError::Migration(_) => "the database cannot be used",
    }
}

impl From<StoreError> for HostError {
    fn from(source: StoreError) -> Self {
        Self::Store { source }
    }
}

impl From<OpenError> for HostError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Store(source) => Self::Store { source },
            OpenError::Policy(_) => Self::Open(error.to_string()),
        }
    }
}

/// The folder of a hub, locked for this process.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// A hub of this process.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) hub: Arc<Hub>,
    store: Store,
    postgres: Option<EmbeddedPostgres>,
    _data_dir: DataDir,
}

/// Whose tokens count.
#[derive(Debug)]
pub(crate) enum Tokens {
    Development,
    Issuer(Box<Verifier>),
}

/// What NATS takes as the name of a stream and at the head of a subject.
fn stream_name(text: &str) -> Result<String, String> {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    let is_name = (1..=32).contains(&text.len()) && text.chars().all(is_plain);
    let name = is_name.then(|| text.to_owned());
    name.ok_or_else(|| "must be 1-32 letters, digits, `_` or `-`".to_owned())
}

/// The data directory, made if there is none; `sub` is a folder of its own in the default one.
pub(crate) fn data_path(named: Option<&Path>, sub: Option<&str>) -> Result<PathBuf, HostError> {
    let path = match named {
        Some(path) => path.to_owned(),
        None => data_dir::default(sub)?,
    };
    std::fs::create_dir_all(&path).map_err(file_error("cannot create", &path))?;
    Ok(path)
}

impl DataDir {
    /// Takes the folder for this process alone.
    pub(crate) fn lock(path: PathBuf) -> Result<Self, HostError> {
        let file = path.join("lock");
        let lock = File::create(&file).map_err(file_error("cannot write", &file))?;
        lock.try_lock()
            .map_err(|_| HostError::InUse(path.display().to_string()))?;
        Ok(Self { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// The development issuer whose key is in the data directory.
pub(crate) fn dev_issuer(data_dir: &Path) -> Result<DevIssuer, HostError> {
    Ok(DevIssuer::open_or_create(
        &data_dir.join("development-token.key"),
    )?)
}

impl HostArgs {
    /// Where events go outside; `None` = nowhere.
    pub(crate) fn relay(&self) -> Result<Option<RelaySettings>, HostError> {
        let url = database_url::named(self.nats.as_deref(), self.nats_file.as_deref())?;
        Ok(url.map(|url| RelaySettings {
            url,
            stream: self.nats_stream.clone(),
        }))
    }
}

impl Host {
    /// Starts or finds the database and opens the hub. The private database is migrated here; another one must have
    /// been migrated before.
    pub(crate) async fn open(
        args: &HostArgs,
        data_dir: DataDir,
        policy: Policy,
        (tokens, calls_per_second): (Tokens, NonZeroU32),
    ) -> Result<Self, HostError> {
        let is_production = matches!(tokens, Tokens::Issuer(_));
        let (verifier, sealer) = match tokens {
            Tokens::Development => (
                dev_issuer(data_dir.path())?.verifier()?,
                args.keys.for_development(data_dir.path())?,
            ),
            Tokens::Issuer(verifier) => (*verifier, args.keys.for_production()?),
        };
        let gate = Gate::new(verifier, calls_per_second);
        let audit = audit::settings(args, data_dir.path(), is_production)?;
        let url = args.database.named()?;
        let relay = args.relay()?;
        let postgres = match &url {
            Some(_) => None,
            None => Some(EmbeddedPostgres::start(data_dir.path(), args.pg_bin.as_deref()).await?),
        };
        let opened = async {
            let store = Self::open_store(args, (url, postgres.as_ref()), sealer).await?;
            let settings = HubSettings {
                store: store.clone(),
                policy,
                gate,
                clock: Clock::system(),
                audit,
                limits: WatchLimits {
                    keep_days: args.keep_events,
                    ..WatchLimits::default()
                },
                relay,
            };
            Ok((Hub::open(settings).await?, store))
        };
        match opened.await {
            Ok((hub, store)) => Ok(Self {
                hub,
                store,
                postgres,
                _data_dir: data_dir,
            }),
            Err(error) => {
                if let Some(postgres) = postgres {
                    postgres.stop().await;
                }
                Err(error)
            }
        }
    }

    async fn open_store(
        args: &HostArgs,
        (named, postgres): (Option<String>, Option<&EmbeddedPostgres>),
        sealer: Sealer,
    ) -> Result<Store, HostError> {
        if let Some(postgres) = postgres {
            crate::migrate::run(&postgres.owner_url()).await?;
            postgres.make_login().await?;
        }
        let url = match (named, postgres) {
            (Some(url), _) => url,
            (None, Some(postgres)) => postgres.url(),
            (None, None) => return Err(HostError::NoHome),
        };
        let settings = StoreSettings {
            url,
            max_connections: args.db_connections,
        };
        let store = Store::connect(&settings, sealer).await?;
        let pending = store.pending_migrations().await?;
        if pending > 0 {
            return Err(HostError::NotMigrated(pending));
        }
        let excess = store.excess_rights().await?;
        if !excess.is_empty() && !args.allow_unsafe_database {
            return Err(HostError::TooMighty(excess.join(", ")));
        }
        store.check_keys().await?;
        let found = store.unsafe_settings().await?;
        if !found.is_empty() && !args.allow_unsafe_database {
            return Err(HostError::Unsafe(found));
        }
        Ok(store)
    }

    /// Closes the connections and stops the private database.
    pub(crate) async fn close(self) {
        self.store.close().await;
        if let Some(postgres) = self.postgres {
            postgres.stop().await;
        }
    }
}

pub(crate) fn file_error(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(std::io::Error) -> HostError + use<> {
    let path = path.display().to_string();
    move |source| HostError::File { action, path, source }
}
