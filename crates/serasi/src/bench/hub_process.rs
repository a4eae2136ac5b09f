//! A hub as a process of its own, for as long as a measurement lasts.

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serasi_geography::RegionCode;
use serasi_hub::auth::{Role, TokenRequest};
use serasi_hub::clock::Clock;
use serasi_store::limit;
use tokio::process::{Child, Command};

use crate::cli::ClientOptions;
use crate::client::Hub;
use crate::error::CliError;
use crate::host::{HostError, dev_issuer, file_error};

const PAUSE: Duration = Duration::from_millis(100);
/// A hub that is not up by then does not come up.
const MAX_PAUSES: u32 = 300;
const TOKEN_LIFE: time::Duration = time::Duration::hours(2);
/// Of Linux, on every machine of today.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) struct HubProcess {
    child: Child,
    id: u32,
    folder: PathBuf,
    options: ClientOptions,
}

impl HubProcess {
    /// Starts it, with a new private database, and waits until it answers.
    pub(super) async fn start(pg_bin: Option<&Path>) -> Result<Self, CliError> {
        let folder = std::env::temp_dir().join(format!("serasi-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).map_err(file_error("cannot create", &folder))?;
        let address = free_address().map_err(file_error("cannot find a free port for", &folder))?;
        let program = std::env::current_exe().map_err(file_error("cannot find", Path::new("serasi")))?;
        let mut command = Command::new(&program);
        command
            .args([
                "serve",
                "--development",
                "--listen",
                &address.to_string(),
                "--data-dir",
            ])
            .arg(&folder)
            .env_remove("DATABASE_URL")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some(folder) = pg_bin {
            command.arg("--pg-bin").arg(folder);
        }
        let child = command.spawn().map_err(file_error("cannot start", &program))?;
        let mut process = Self {
            id: child.id().unwrap_or(0),
            child,
            folder,
            options: ClientOptions {
                hub: format!("http://{address}"),
                token: None,
                token_file: None,
                ca: None,
                client_cert: None,
                client_key: None,
                json: false,
            },
        };
        match process.until_it_answers().await {
            Ok(()) => Ok(process),
            Err(error) => {
                process.stop().await;
                Err(error)
            }
        }
    }

    async fn until_it_answers(&mut self) -> Result<(), CliError> {
        let mut pauses = 0;
        loop {
            tokio::time::sleep(PAUSE).await;
            pauses += 1;
            // Its key is there once it has made it.
            if self.folder.join("development-token.key").exists() {
                self.options.token = Some(self.token()?.into());
                match Hub::connect(&self.options).await {
                    Ok(_) => return Ok(()),
                    Err(error) if pauses >= MAX_PAUSES => return Err(error),
                    Err(_) => {}
                }
            } else if pauses >= MAX_PAUSES || self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                let url = self.options.hub.clone();
                let reason = "the hub of the measurement does not start; `serasi serve` says why".to_owned();
                return Err(CliError::Unreachable { url, reason });
            }
        }
    }

    fn token(&self) -> Result<String, HostError> {
        let clock = Clock::system();
        let request = TokenRequest {
            subject: "bench".to_owned(),
            roles: vec![Role::Administrator, Role::Coordinator, Role::HotlineOperator],
            scope: RegionCode::NATION,
            facility: None,
            system: None,
            lives: TOKEN_LIFE,
        };
        Ok(dev_issuer(&self.folder)?.mint(&request, clock.now(), clock.new_id())?)
    }

    /// A connection of its own.
    pub(super) async fn client(&self) -> Result<Hub, CliError> {
        Hub::connect(&self.options).await
    }

    /// Memory of the hub that is not on disk.
    pub(super) fn memory_bytes(&self) -> Result<u64, CliError> {
        let status = self.read("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib: Option<u64> = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
        Ok(kib.unwrap_or(0) * 1024)
    }

    /// Time the hub has worked.
    pub(super) fn cpu_seconds(&self) -> Result<f64, CliError> {
        let stat = self.read("stat")?;
        // The name, in brackets, may hold spaces; the 14th and 15th field are ticks in program and kernel.
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = after_name.split_whitespace().skip(11).take(2);
        Ok(ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND)
    }

    /// The private database, as its owner or as the hub.
    pub(super) fn database_url(&self, role: &str) -> String {
        let socket = self.folder.join("socket");
        format!("postgres://{role}@localhost/postgres?host={}", socket.display())
    }

    /// How far the log of its database has come.
    pub(super) async fn wal_bytes(&self) -> Result<f64, CliError> {
        let bytes = limit::wal_bytes(&self.database_url("serasi")).await;
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53")]
        let bytes = bytes.map_err(|source| HostError::Store { source })? as f64;
        Ok(bytes)
    }

    /// Brings its database to rest.
    pub(super) async fn settle(&self) -> Result<(), CliError> {
        let settled = limit::settle(&self.database_url("serasi")).await;
        Ok(settled.map_err(|source| HostError::Store { source })?)
    }

    /// Its own folder, gone with it.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where its socket is.
    pub(super) fn socket(&self) -> PathBuf {
        self.folder.join("socket")
    }

    /// Time all processes of the database have worked, those that have ended included.
    pub(super) fn database_cpu_seconds(&self) -> Result<f64, CliError> {
        let path = self.folder.join("postgres/postmaster.pid");
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| CliError::Unreadable { path, source }
        };
        let file = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
        let server = file.lines().next().unwrap_or_default();
        let processes = std::fs::read_dir("/proc").map_err(unreadable(Path::new("/proc")))?;
        let mut ticks = 0.0;
        for process in processes.flatten() {
            // Who has ended meanwhile is counted by the server.
            let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else {
                continue;
            };
            let fields: Vec<_> = stat
                .rsplit_once(')')
                .map_or("", |(_, rest)| rest)
                .split_whitespace()
                .collect();
            let is_server = process.file_name().to_str() == Some(server);
            if is_server || fields.get(1) == Some(&server) {
                // In program and kernel; of the server also those of its children that have ended.
                let own = fields.iter().skip(11).take(if is_server { 4 } else { 2 });
                ticks += own.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>();
            }
        }
        Ok(ticks / TICKS_PER_SECOND)
    }

    /// Stops the hub where it stands, so that somebody else has the machine; `false` lets it go on.
    pub(super) fn freeze(&self, is_frozen: bool) {
        self.signal(if is_frozen { Signal::STOP } else { Signal::CONT });
    }

    /// One that has ended by itself hears nothing.
    fn signal(&self, signal: Signal) {
        let process = i32::try_from(self.id).ok().and_then(Pid::from_raw);
        let _heard = process.map(|process| kill_process(process, signal));
    }

    pub(super) const fn options(&self) -> &ClientOptions {
        &self.options
    }

    fn read(&self, name: &str) -> Result<String, CliError> {
        let path = PathBuf::from(format!("/proc/{}/{name}", self.id));
        std::fs::read_to_string(&path).map_err(|source| CliError::Unreadable { path, source })
    }

    /// Ends it, with its database, and removes the folder.
    pub(super) async fn stop(mut self) {
        // The hub stops its database when it is told to.
        self.signal(Signal::TERM);
        if self.child.wait().await.is_err() {
            drop(self.child.kill().await);
        }
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
