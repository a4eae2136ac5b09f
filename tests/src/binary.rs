//! The hub as a process of its own, to be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rand::Rng;
use rustix::process::{Pid, Signal, kill_process};
use tonic::transport::Endpoint;

/// The `serasi` binary that cargo built for this test run.
pub fn binary() -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    while path.pop() {
        let candidate = path.join("serasi");
        if candidate.is_file() {
            return candidate;
        }
    }
    panic!("target/<profile>/serasi is missing: run `cargo build` or `cargo test --workspace`")
}

/// Tells a process something; it must be there.
pub fn signal(process: u32, signal: Signal) {
    let process = i32::try_from(process).ok().and_then(Pid::from_raw);
    kill_process(process.unwrap(), signal).unwrap();
}

/// A port that was free a moment ago, below those that the system gives to whoever connects (32768 and up, on Linux):
/// else a client may get it for its own end, and one that tries until somebody listens there meets itself.
pub fn free_port() -> u16 {
    let tried = (0..1000).map(|_| rand::rng().random_range(12_000..32_000));
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    tried.into_iter().find(is_free).expect("a port is free")
}

/// A token of the development issuer whose key is in `data_dir`, made by the binary.
pub fn development_token(data_dir: &Path, roles: &[&str], scope: &str) -> String {
    let roles = roles.iter().flat_map(|role| ["--role", role]);
    let mut mint = Command::new(binary());
    mint.args(["token", "--scope", scope]).args(roles);
    let output = mint.arg("--data-dir").arg(data_dir).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// `serasi serve --development`, on a given database or with a private one.
#[derive(Debug)]
pub struct HubProcess {
    child: Child,
    url: String,
}

impl HubProcess {
    /// Starts it and waits until it answers; without a URL with its private PostgreSQL.
    pub async fn start(database_url: Option<&str>, data_dir: &Path, port: u16) -> Self {
        Self::start_with(database_url, data_dir, port, &[]).await
    }

    /// The same with further arguments.
    pub async fn start_with(
        database_url: Option<&str>,
        data_dir: &Path,
        port: u16,
        arguments: &[&str],
    ) -> Self {
        Self::start_logged(database_url, data_dir, port, arguments, None).await
    }

    /// The same with everything it logs, at debug level, in a file.
    pub async fn start_logged(
        database_url: Option<&str>,
        data_dir: &Path,
        port: u16,
        arguments: &[&str],
        log: Option<&Path>,
    ) -> Self {
        Self::start_in(&[], (database_url, data_dir, port), arguments, log).await
    }

    /// The same with more in its environment.
    pub async fn start_in(
        environment: &[(&str, &str)],
        (database_url, data_dir, port): (Option<&str>, &Path, u16),
        arguments: &[&str],
        log: Option<&Path>,
    ) -> Self {
        let mut command = Command::new(binary());
        command.envs(environment.iter().copied());
        match log {
            Some(log) => command
                .env("RUST_LOG", "debug")
                .stderr(std::fs::File::create(log).unwrap()),
            None => command.stderr(Stdio::null()),
        };
        match database_url {
            Some(url) => command.env("DATABASE_URL", url),
            None => command.env_remove("DATABASE_URL"),
        };
        let child = command
            .args([
                "serve",
                "--development",
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--data-dir",
            ])
            .arg(data_dir)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let process = Self {
            child,
            url: format!("http://127.0.0.1:{port}"),
        };
        process.until_it_answers().await;
        process
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it ever had in use, in bytes.
    pub fn peak_memory(&self) -> u64 {
        self.status_of("VmHWM:")
    }

    /// Memory in use, in bytes.
    pub fn memory(&self) -> u64 {
        self.status_of("VmRSS:")
    }

    fn status_of(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
        kibibytes * 1024
    }

    async fn until_it_answers(&self) {
        let endpoint = Endpoint::from_shared(self.url.clone()).unwrap();
        for _ in 0..600 {
            if endpoint.connect().await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the hub did not come up within 15 s");
    }

    /// Tells it to stop and waits; gives back the exit code.
    pub fn terminate(mut self) -> Option<i32> {
        signal(self.child.id(), Signal::TERM);
        self.child.wait().unwrap().code()
    }

    /// kill -9.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        // Gone already after `kill`; else it must not outlive the test.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
