//! Making, starting and stopping the private cluster.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use tokio::process::Command;
use tokio::time::Instant;

use super::EmbeddedError;
use super::binaries::Binaries;
use super::owner::Owner;

/// Superuser and database user of the private cluster.
const USER: &str = "serasi";
const POLL: Duration = Duration::from_millis(25);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
const STOP_TIMEOUT: Duration = Duration::from_secs(20);
/// How much of the server's log an error shows.
const LOG_TAIL_LINES: usize = 15;

#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) binaries: Binaries,
    pub(super) owner: Owner,
    pub(super) data_dir: PathBuf,
    pub(super) socket_dir: PathBuf,
}

impl Cluster {
    /// Makes folders and, the first time, the cluster itself.
    pub(super) fn prepare(&self) -> Result<(), EmbeddedError> {
        if !self.owner.can_reach(&self.socket_dir) {
            return Err(EmbeddedError::NotTraversable(self.data_dir.display().to_string()));
        }
        private_dir(&self.socket_dir, self.owner)?;
        let cluster = self.cluster_dir();
        if cluster.join("PG_VERSION").is_file() {
            return Ok(());
        }
        // A cluster whose making was cut short has no PG_VERSION in place of the finished one: begin anew beside it.
        let unfinished = self.data_dir.join("postgres.new");
        match std::fs::remove_dir_all(&unfinished) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(file_error("cannot remove", &unfinished)(error));
            }
            Ok(()) | Err(_) => {}
        }
        private_dir(&unfinished, self.owner)?;
        self.initdb(&unfinished)?;
        std::fs::rename(&unfinished, &cluster).map_err(file_error("cannot create", &cluster))
    }

    /// Connects to a server that still runs here, or starts one and waits until it answers.
    pub(super) async fn start(&self, timeout: Duration) -> Result<(), EmbeddedError> {
        if self.answers().await {
            tracing::info!("adopted the PostgreSQL server that was still running");
            return Ok(());
        }
        let deadline = Instant::now() + timeout;
        let mut server = self.spawn()?;
        loop {
            if self.answers().await {
                return Ok(());
            }
            if Instant::now() >= deadline {
                self.stop().await;
                return Err(self.not_started());
            }
            if let Ok(Some(_)) = server.try_wait() {
                // After a crash the lock file may name a process that is still being reaped: PostgreSQL gives up, and
                // the next try succeeds.
                let Some(log) = self.log_says_lock_file_exists() else {
                    return Err(self.not_started());
                };
                tracing::debug!(log, "waiting for the lock file of the server before");
                tokio::time::sleep(POLL * 8).await;
                server = self.spawn()?;
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Asks the server to end ("fast") and waits.
    pub(super) async fn stop(&self) {
        let asked = self
            .command("pg_ctl")
            .args([
                "stop",
                "-m",
                "fast",
                "-w",
                "-t",
                &STOP_TIMEOUT.as_secs().to_string(),
                "-D",
            ])
            .arg(self.cluster_dir())
            .output()
            .await;
        match asked {
            Ok(output) if output.status.success() => {}
            Ok(output) => {
                tracing::warn!(status = %output.status, "PostgreSQL did not confirm that it stopped");
            }
            Err(error) => tracing::warn!(%error, "could not ask PostgreSQL to stop"),
        }
    }

    fn cluster_dir(&self) -> PathBuf {
        self.data_dir.join("postgres")
    }

    fn log_path(&self) -> PathBuf {
        self.data_dir.join("postgres.log")
    }

    fn initdb(&self, dir: &Path) -> Result<(), EmbeddedError> {
        // Trust is acceptable only because the socket folder is private and there is no TCP.
        let output = self
            .command("initdb")
            .args([
                "-U",
                USER,
                "-A",
                "trust",
                "--no-locale",
                "-E",
                "UTF8",
                "--data-checksums",
                "-D",
            ])
            .arg(dir)
            .as_std_mut()
            .output()
            .map_err(file_error("cannot run initdb in", dir))?;
        if output.status.success() {
            return Ok(());
        }
        Err(EmbeddedError::Initdb(
            String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        ))
    }

    fn spawn(&self) -> Result<tokio::process::Child, EmbeddedError> {
        let path = self.log_path();
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&path);
        let log = log.map_err(file_error("cannot write", &path))?;
        self.command("postgres")
            .arg("-D")
            .arg(self.cluster_dir())
            .arg("-k")
            .arg(&self.socket_dir)
            .args(["-c", "listen_addresses=", "-c", "max_connections=200"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(file_error("cannot run postgres in", &self.data_dir))
    }

    /// A program of the server, with nothing inherited but what it needs, in a process group of its own: Ctrl-C must
    /// reach the hub first, which drains and then stops the server.
    fn command(&self, program: &str) -> Command {
        let mut command = std::process::Command::new(self.binaries.path(program));
        command
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .current_dir("/")
            .process_group(0);
        if let Some((user, group)) = self.owner.ids {
            command.uid(user).gid(group);
        }
        Command::from(command)
    }

    /// Whether a server answers in time.
    pub(super) async fn answers(&self) -> bool {
        let url = format!(
            "postgres://{USER}@localhost/postgres?host={}",
            self.socket_dir.display()
        );
        // A server that hangs must not hang the start.
        match tokio::time::timeout(ANSWER_TIMEOUT, PgConnection::connect(&url)).await {
            Ok(Ok(connection)) => connection.close().await.is_ok(),
            Ok(Err(_)) | Err(_) => false,
        }
    }

    fn log_says_lock_file_exists(&self) -> Option<String> {
        let log = std::fs::read_to_string(self.log_path()).ok()?;
        log.lines()
            .rev()
            .take(LOG_TAIL_LINES)
            .find(|line| line.contains("lock file"))
            .map(str::to_owned)
    }

    fn not_started(&self) -> EmbeddedError {
        let log = std::fs::read_to_string(self.log_path()).unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        let tail = lines
            .get(lines.len().saturating_sub(LOG_TAIL_LINES)..)
            .unwrap_or_default()
            .join("\n");
        EmbeddedError::NotStarted {
            log: self.log_path().display().to_string(),
            tail,
        }
    }
}

fn private_dir(path: &Path, owner: Owner) -> Result<(), EmbeddedError> {
    std::fs::create_dir_all(path)
        .and_then(|()| std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700)))
        .and_then(|()| owner.take(path))
        .map_err(file_error("cannot prepare", path))
}

fn file_error(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> EmbeddedError {
    let path = path.display().to_string();
    move |source| EmbeddedError::File { action, path, source }
}
