//! `serasi demo`: a whole hub in one process - private database, real directory, forty cases, facilities that accept,
//! decline and stay silent - and then it keeps serving.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use serasi_domain::policy::Policy;
use serasi_geography::{RegionCode, atlas};
use serasi_hub::auth::{Role, TokenRequest};
use serasi_hub::clock::Clock;
use serasi_hub::server::{BoundServer, Limits, ServerSettings};
use serasi_proto::v1;
use serasi_store::private_file;
use time::Duration;
use tokio::sync::watch;

use crate::cli::ClientOptions;
use crate::client::Hub;
use crate::database_url::DatabaseUrl;
use crate::error::CliError;
use crate::host::{
    DataDir, Host, HostArgs, HostError, KEEP_EVENTS_DAYS, NATS_STREAM, Tokens, data_path, dev_issuer,
    file_error,
};
use crate::keys::KeyArgs;
use crate::output::Output;
use crate::serve::until_told;

mod cases;
pub(crate) mod directory;
mod facilities;
mod summary;

/// How to show the hub.
#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Folder for the demo's database and keys [default: ~/.local/share/serasi/demo, as root /var/lib/serasi/demo].
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Folder with initdb and postgres, where they are not in the usual places.
    #[arg(long, env = "SERASI_PG_BIN", value_name = "DIR")]
    pg_bin: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, default_value = "127.0.0.1:50051", value_name = "ADDRESS")]
    listen: SocketAddr,
    /// End after the summary instead of serving on.
    #[arg(long)]
    exit: bool,
}

/// Connections of the demo's hub.
const DB_CONNECTIONS: u32 = 24;
/// How long the printed tokens are valid.
const TOKEN_LIFE: Duration = Duration::days(7);

/// What every part of the demo needs.
pub(super) struct Stage {
    url: String,
    data_dir: PathBuf,
    started: Instant,
}

/// Runs the demo; DATABASE_URL is left alone, so that nobody's database is filled with invented people.
pub(crate) async fn demo(args: &DemoArgs, output: &mut Output<'_>) -> Result<(), CliError> {
    let started = Instant::now();
    let told = until_told()?;
    let path = data_path(args.data_dir.as_deref(), Some("demo"))?;
    output.line(format!("Serasi demo. Data directory: {}", path.display()))?;
    let data_dir = DataDir::lock(path.clone())?;
    let host_args = HostArgs {
        database: DatabaseUrl::default(),
        data_dir: None,
        pg_bin: args.pg_bin.clone(),
        audit_key: None,
        audit_heads: None,
        keys: KeyArgs::default(),
        db_connections: DB_CONNECTIONS,
        keep_events: KEEP_EVENTS_DAYS,
        nats: None,
        nats_file: None,
        nats_stream: NATS_STREAM.to_owned(),
        allow_unsafe_database: false,
    };
    let policy = Policy::parse(include_str!("../demo/policy.toml")).map_err(HostError::from)?;
    // The villages and the travel network are read while the database starts.
    let preload = tokio::task::spawn_blocking(|| atlas().preload());
    let tokens = (Tokens::Development, Limits::DEVELOPMENT_CALLS_PER_SECOND);
    let host = Host::open(&host_args, data_dir, policy, tokens).await?;
    // Nothing is lost if the preload failed: the atlas loads at first use.
    drop(preload.await);
    let result = play(args, &host, path, (started, told), output).await;
    host.close().await;
    result
}

async fn play(
    args: &DemoArgs,
    host: &Host,
    data_dir: PathBuf,
    (started, told): (Instant, watch::Receiver<bool>),
    output: &mut Output<'_>,
) -> Result<(), CliError> {
    let settings = ServerSettings {
        reflection: true,
        limits: Limits::development(),
        ..ServerSettings::default()
    };
    let server = BoundServer::bind(host.hub.clone(), args.listen, settings);
    let server = server.await.map_err(HostError::from)?;
    let stage = Stage {
        url: format!("http://{}", server.address()),
        data_dir,
        started,
    };
    output.line(format!(
        "{} PostgreSQL and the hub are up at {}",
        stage.clock(),
        stage.url
    ))?;
    let (stop, stopped) = watch::channel(false);
    let serving = tokio::spawn(server.run(stopped));

    let mut told = told;
    let shown = tokio::select! {
        shown = show(&stage, output) => Some(shown),
        _ = told.wait_for(|stopping| *stopping) => None,
    };
    if let Some(Ok(())) = shown
        && !args.exit
    {
        summary::how_to_call(&stage, output)?;
        // An error means that nobody listens for signals any more: then it ends, too.
        drop(told.wait_for(|stopping| *stopping).await);
    }
    stop.send_replace(true);
    let end = serving.await.unwrap_or(Ok(())).map_err(HostError::from);
    shown.unwrap_or(Ok(()))?;
    Ok(end?)
}

async fn show(stage: &Stage, output: &mut Output<'_>) -> Result<(), CliError> {
    directory::load(stage, output).await?;
    let mut told = cases::submit(stage, output).await?;
    facilities::answer(stage, &mut told, output).await?;
    summary::tell(stage, &told, output).await
}

impl Stage {
    /// Seconds since the start, for the margin.
    fn clock(&self) -> String {
        format!("[{:5.2} s]", self.started.elapsed().as_secs_f64())
    }

    /// A client in the name of somebody with these roles.
    async fn client(&self, roles: &[Role], facility: Option<&str>) -> Result<Hub, CliError> {
        let options = ClientOptions {
            hub: self.url.clone(),
            token: Some(self.token(roles, facility)?.into()),
            ..ClientOptions::default()
        };
        Hub::connect(&options).await
    }

    fn token(&self, roles: &[Role], facility: Option<&str>) -> Result<String, CliError> {
        let clock = Clock::system();
        let request = TokenRequest {
            subject: "demo".to_owned(),
            roles: roles.to_vec(),
            scope: RegionCode::NATION,
            facility: facility.map(str::to_owned),
            system: None,
            lives: TOKEN_LIFE,
        };
        let issuer = dev_issuer(&self.data_dir)?;
        Ok(issuer
            .mint(&request, clock.now(), clock.new_id())
            .map_err(HostError::from)?)
    }

    /// Writes a token where the printed commands find it.
    fn keep_token(&self, name: &str, token: &str) -> Result<PathBuf, CliError> {
        let path = self.data_dir.join(name);
        // The token of an earlier run has its own end; it gives way.
        drop(std::fs::remove_file(&path));
        private_file::create(&path, token.as_bytes()).map_err(file_error("cannot write", &path))?;
        Ok(path)
    }
}

/// The name of a place, with its regency.
pub(super) fn place_name(code: &str) -> String {
    let Some(code) = code.parse::<RegionCode>().ok() else {
        return code.to_owned();
    };
    let name = |code: RegionCode| atlas().region(code).map(|region| region.name.to_owned());
    let own = name(code).unwrap_or_else(|| code.to_string());
    match code.regency().filter(|regency| *regency != code).and_then(name) {
        Some(regency) => format!("{own}, {regency}"),
        None => own,
    }
}

/// One case of the demo and what became of it.
pub(super) struct Told {
    /// Line in the file, from 1.
    pub(super) line: usize,
    pub(super) label: String,
    /// `None` = refused.
    pub(super) case_id: Option<String>,
    pub(super) already_known: bool,
    /// Stable reason of the refusal.
    pub(super) refusal: Option<String>,
    pub(super) offer: Option<v1::Offer>,
}
