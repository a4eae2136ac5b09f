//! PgBouncer in transaction mode before a test's database, where the machine has it (`apt-get install pgbouncer`, or
//! `SERASI_PGBOUNCER` names the binary).

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serasi_tests::database::TestDatabase;
use tempfile::TempDir;

const PLACES: [&str; 2] = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];

pub(super) fn find() -> Option<PathBuf> {
    let named = std::env::var_os("SERASI_PGBOUNCER").map(PathBuf::from);
    let usual = || PLACES.iter().map(PathBuf::from).find(|path| path.is_file());
    named.or_else(usual)
}

pub(super) struct Pooler {
    process: Child,
    folder: TempDir,
}

impl Pooler {
    /// Two server connections for all clients.
    pub(super) async fn start(binary: &Path, database: &TestDatabase) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (socket, name) = database.location().await;
        let owner = socket.metadata().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
        let settings = format!(
            "[databases]\npooled = host={} dbname={name} user=serasi_hub\n\
             [pgbouncer]\npool_mode = transaction\ndefault_pool_size = 2\nauth_type = any\nlisten_addr =\n\
             unix_socket_dir = {}\nlisten_port = 6432\nignore_startup_parameters = extra_float_digits,options\n",
            socket.display(),
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

    /// For the store.
    pub(super) fn url(&self) -> String {
        let folder = self.folder.path().display();
        format!("postgres://serasi_hub@localhost:6432/pooled?host={folder}")
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
