//! A private PostgreSQL and replicas of the hub on it, to be killed, paused and replaced in any order.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serasi_hub::auth::{DevIssuer, Role, TokenRequest};
use serasi_hub::clock::Clock;
use serasi_store::embedded::EmbeddedPostgres;
use serasi_store::{Sealer, Store, StoreSettings};
use serasi_tests::build::facility;
use serasi_tests::database::pg_bin;
use serasi_tests::{Client, HubProcess, Signal, free_port, signal};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tempfile::TempDir;

use crate::line::Line;

/// What all replicas of a hub share, from the folder of the first.
const SHARED: [&str; 4] = [
    "audit-development.key",
    "development-token.key",
    "index.key",
    "seal.key",
];
/// Facilities with so many places each, near where reports come from.
const FACILITIES: u32 = 20;

/// How a site is set up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    pub(crate) replicas: usize,
    /// Places of each facility.
    pub(crate) places: i32,
    /// Seconds that a facility has to answer.
    pub(crate) answer_within: u32,
    /// Whether a line lies between hubs and database.
    pub(crate) by_line: bool,
    /// Settings of the database and arguments of the hub, to do without a safeguard.
    pub(crate) database: &'static [&'static str],
    pub(crate) hub: &'static [&'static str],
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            replicas: 2,
            places: 50,
            answer_within: 3600,
            by_line: false,
            database: &[],
            hub: &[],
        }
    }
}

#[derive(Debug)]
struct Replica {
    folder: PathBuf,
    port: u16,
    metrics: u16,
    process: Option<HubProcess>,
}

#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
    plan: Plan,
    postgres: EmbeddedPostgres,
    pub(crate) line: Option<Line>,
    replicas: Vec<Replica>,
    issuer: DevIssuer,
}

impl Site {
    pub(crate) async fn build(plan: Plan) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The server runs as another user, who must be able to enter.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Self::build_in(plan, folder, None).await
    }

    /// The same with the database's files in `data`.
    pub(crate) async fn build_in(plan: Plan, folder: TempDir, data: Option<&Path>) -> Self {
        let at = data.map_or_else(|| folder.path().join("db"), Path::to_owned);
        let postgres = EmbeddedPostgres::start(&at, pg_bin().as_deref()).await.unwrap();
        let settings = StoreSettings {
            url: postgres.owner_url(),
            max_connections: 1,
        };
        let store = Store::connect(&settings, Sealer::none()).await.unwrap();
        store.migrate().await.unwrap();
        store.close().await;
        postgres.make_login().await.unwrap();
        let mut owner = PgConnection::connect(&postgres.owner_url()).await.unwrap();
        for setting in plan.database {
            let set = format!("ALTER SYSTEM SET {setting}");
            owner.execute(AssertSqlSafe(set)).await.unwrap();
        }
        owner.execute("SELECT pg_reload_conf()").await.unwrap();
        let line = plan
            .by_line
            .then(|| Line::open(&folder.path().join("line"), &at.join("socket")));
        std::fs::write(folder.path().join("policy.toml"), policy(plan.answer_within)).unwrap();
        let mut site = Self {
            issuer: DevIssuer::open_or_create(&folder.path().join("first.key")).unwrap(),
            plan,
            postgres,
            line,
            replicas: vec![],
            folder,
        };
        for number in 0..plan.replicas {
            site.add(number).await;
        }
        site.issuer =
            DevIssuer::open_or_create(&site.replicas[0].folder.join("development-token.key")).unwrap();
        let rows: Vec<_> = (0..FACILITIES)
            .map(|number| facility(&format!("F{number}"), "32.73.01", plan.places))
            .collect();
        let mut administrator = site.client(0, &[Role::Administrator]);
        let rows = tokio_stream::iter(rows);
        administrator.facilities.import_facilities(rows).await.unwrap();
        site
    }

    async fn add(&mut self, number: usize) {
        let folder = self.folder.path().join(format!("hub-{number}"));
        std::fs::create_dir(&folder).unwrap();
        if let Some(first) = self.replicas.first() {
            for name in SHARED {
                std::fs::copy(first.folder.join(name), folder.join(name)).unwrap();
            }
        }
        self.replicas.push(Replica {
            folder,
            port: free_port(),
            metrics: free_port(),
            process: None,
        });
        self.start(number).await;
    }

    /// Starts a replica; gives back how long it took to answer.
    pub(crate) async fn start(&mut self, at: usize) -> Duration {
        self.start_in(at, &[]).await
    }

    /// The same with more in its environment.
    pub(crate) async fn start_in(&mut self, at: usize, environment: &[(&str, &str)]) -> Duration {
        let begun = Instant::now();
        let replica = &self.replicas[at];
        let policy = self.folder.path().join("policy.toml").display().to_string();
        let metrics = format!("127.0.0.1:{}", replica.metrics);
        let mut arguments = vec!["--policy", &policy, "--metrics", &metrics];
        arguments.extend(self.plan.hub);
        let url = self.url_of_hub();
        let log = std::env::var_os("SERASI_DISASTER_LOG").map(|_| replica.folder.join("log"));
        let place = (Some(url.as_str()), replica.folder.as_path(), replica.port);
        let process = HubProcess::start_in(environment, place, &arguments, log.as_deref()).await;
        self.replicas[at].process = Some(process);
        begun.elapsed()
    }

    fn url_of_hub(&self) -> String {
        let url = self.postgres.url();
        let Some(line) = &self.line else {
            return url;
        };
        let (server, _) = url.split_once("host=").unwrap();
        format!("{server}host={}", line.folder().display())
    }

    /// kill -9.
    pub(crate) fn kill(&mut self, at: usize) {
        self.replicas[at].process.take().unwrap().kill();
    }

    /// SIGTERM; gives back the exit code and how long it took.
    pub(crate) async fn stop(&mut self, at: usize) -> (Option<i32>, Duration) {
        let process = self.replicas[at].process.take().unwrap();
        let begun = Instant::now();
        let code = tokio::task::spawn_blocking(move || process.terminate())
            .await
            .unwrap();
        (code, begun.elapsed())
    }

    /// SIGSTOP or SIGCONT to a replica.
    pub(crate) fn tell(&self, at: usize, told: Signal) {
        let id = self.replicas[at].process.as_ref().unwrap().process_id();
        signal(id, told);
    }

    /// kill -9 of the postmaster; the keeper of the private server starts it again.
    pub(crate) fn kill_database(&self) {
        let pid = std::fs::read_to_string(self.data().join("postmaster.pid")).unwrap();
        signal(pid.lines().next().unwrap().parse().unwrap(), Signal::KILL);
    }

    /// The server's own files.
    fn data(&self) -> PathBuf {
        let (_, socket) = self
            .postgres
            .owner_url()
            .split_once("host=")
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        Path::new(&socket).parent().unwrap().join("postgres")
    }

    pub(crate) fn memory(&self, at: usize) -> u64 {
        self.replicas[at].process.as_ref().unwrap().memory()
    }

    pub(crate) fn urls(&self) -> Vec<String> {
        let ports = self.replicas.iter().map(|replica| replica.port);
        ports.map(|port| format!("http://127.0.0.1:{port}")).collect()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn token(&self, roles: &[Role], facility: Option<&str>) -> String {
        let clock = Clock::system();
        let request = TokenRequest {
            subject: format!("disaster-{}", roles.len()),
            roles: roles.to_vec(),
            scope: "ID".parse().unwrap(),
            facility: facility.map(str::to_owned),
            system: None,
            lives: time::Duration::hours(12),
        };
        self.issuer.mint(&request, clock.now(), clock.new_id()).unwrap()
    }

    pub(crate) fn client(&self, at: usize, roles: &[Role]) -> Client {
        Client::new(&self.urls()[at], Some(&self.token(roles, None)))
    }

    /// Past the hub, as its owner, as soon as the server answers.
    pub(crate) async fn connect(&self) -> PgConnection {
        for _ in 0..1200 {
            if let Ok(connection) = PgConnection::connect(&self.postgres.owner_url()).await {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the database did not come back within a minute")
    }

    /// Process of the server that writes the WAL in the background.
    pub(crate) async fn wal_writer(&self) -> u32 {
        let mut connection = self.connect().await;
        let found = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'walwriter'";
        let found: i32 = sqlx::query_scalar(found)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        found.try_into().unwrap()
    }

    pub(crate) fn owner_url(&self) -> String {
        self.postgres.owner_url()
    }

    /// Stops everything that still runs.
    pub(crate) async fn clear(mut self) {
        for at in 0..self.replicas.len() {
            if self.replicas[at].process.is_some() {
                let (code, _) = self.stop(at).await;
                assert_eq!(code, Some(0));
            }
        }
        self.postgres.stop().await;
    }
}

/// The shipped policy, but facilities answer within so many seconds.
fn policy(answer_within: u32) -> String {
    let shipped = include_str!("../../../crates/domain/policies/p7-2021.toml");
    let lines = shipped.lines().map(|line| {
        if line.starts_with("answer = ") {
            format!("answer = {{ seconds = {answer_within}, clock = \"wall\" }}")
        } else {
            line.to_owned()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
