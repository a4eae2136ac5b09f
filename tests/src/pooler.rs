//! PgBouncer in transaction mode before the databases of the tests, where the machine has it (`apt-get install pgbouncer`,
//! or `SERASI_PGBOUNCER` names the binary).

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

const PLACES: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
/// Since 1.21 it knows the prepared statements of its clients; before, each is used up with its transaction.
const KNOWS_STATEMENTS: &str = "max_prepared_statements = 500\n";

pub fn find() -> Option<PathBuf> {
    let named = std::env::var_os("SERASI_PGBOUNCER").map(PathBuf::from);
    let usual = || PLACES.iter().map(PathBuf::from).find(|path| path.is_file());
    named.or_else(usual)
}

/// Whether it keeps the prepared statements of its clients apart, as a hub needs.
pub fn knows_statements(binary: &Path) -> bool {
    let output = Command::new(binary).arg("--version").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = said.split_whitespace().nth(1).unwrap_or_default();
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next(), parts.next()) >= (Some(1), Some(21))
}

#[derive(Debug)]
pub struct Pooler {
    process: Child,
    folder: TempDir,
}

impl Pooler {
    /// Before the server whose socket lies in `server`, with so many connections to each database.
    pub async fn start(binary: &Path, server: &Path, connections: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let owner = server.metadata().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let statements = if knows_statements(binary) {
            KNOWS_STATEMENTS
        } else {
            ""
        };
        // `options` of the start cannot be kept through it: the timeouts are the role's.
        let settings = format!(
            "[databases]\n* = host={} user=serasi_hub\n[pgbouncer]\npool_mode = transaction\ndefault_pool_size = {connections}\n\
             max_client_conn = 2000\nserver_idle_timeout = 5\nauth_type = any\nlisten_addr =\nunix_socket_dir = {}\nlisten_port = 6432\n\
             ignore_startup_parameters = extra_float_digits,options\n{statements}",
            server.display(),
            folder.path().display()
        );
        let file = folder.path().join("pgbouncer.ini");
        std::fs::write(&file, settings).unwrap();
        // It refuses to run as root, and the server's socket is for its owner only.
        let process = Command::new(binary)
            .arg(&file)
            .uid(owner.uid())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pooler = Self { process, folder };
        for _ in 0..200 {
            if pooler.folder.path().join(".s.PGSQL.6432").exists() {
                return pooler;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("pgbouncer did not start within 5 s")
    }

    /// One of the server's databases, for a hub.
    pub fn url(&self, database: &str) -> String {
        let folder = self.folder.path().display();
        format!("postgres://serasi_hub@localhost:6432/{database}?host={folder}")
    }

    pub fn process_id(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
