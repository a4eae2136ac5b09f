//! `serasi serve`: the hub, until it is told to stop.

mod edge;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use serasi_domain::policy::Policy;
use serasi_hub::auth::{KeySource, Verifier};
use serasi_hub::server::{BoundServer, ServerSettings};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use edge::EdgeArgs;

use crate::config::Shown;
use crate::host::{DataDir, Host, HostArgs, HostError, Tokens, data_path, file_error};
use crate::traces::TraceArgs;

/// Bounds of the buckets that calls are counted in by how long they took.
const SECONDS: [f64; 11] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Bounds of the buckets that groups of reports and of answers are counted in by their size.
const COMMANDS: [f64; 8] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

/// How to serve.
#[derive(Args, Debug)]
#[command(group = ArgGroup::new("tokens").args(["development", "issuer"]).required(true))]
pub(crate) struct ServeArgs {
    #[command(flatten)]
    host: HostArgs,
    /// Address and port to listen on.
    #[arg(
        long,
        env = "SERASI_LISTEN",
        default_value = "127.0.0.1:50051",
        value_name = "ADDRESS"
    )]
    listen: SocketAddr,
    /// Policy file for a database that has no active policy yet [default: the shipped policy under Permensos 7/2021].
    /// After that the database's policy counts; change it with `serasi policy create` and `serasi policy activate`.
    #[arg(long, env = "SERASI_POLICY", value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Take tokens of the development issuer, whose key is in the data directory. Never in production.
    #[arg(long, conflicts_with = "jwks")]
    development: bool,
    /// Address for Prometheus to read metrics from; without it none are served. No personal data is in them.
    #[arg(long, env = "SERASI_METRICS", value_name = "ADDRESS")]
    metrics: Option<SocketAddr>,
    /// `iss` of the tokens to take.
    #[arg(long, env = "SERASI_ISSUER", requires = "jwks", value_name = "URL")]
    issuer: Option<String>,
    /// The issuer's JSON Web Key Set: an https:// address or a file. It is read again every --jwks-refresh, a file within
    /// 5 s, and when a token names a key that is not known; when the issuer is away, the last keys count for a day.
    #[arg(long, env = "SERASI_JWKS", requires = "issuer", value_name = "URL|FILE")]
    jwks: Option<String>,
    /// PEM file with the authorities to trust at that address, instead of the public ones.
    #[arg(long, env = "SERASI_JWKS_CA", requires = "jwks", value_name = "FILE")]
    jwks_ca: Option<PathBuf>,
    /// Seconds between two looks at that address.
    #[arg(long, env = "SERASI_JWKS_REFRESH", default_value_t = 300, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    jwks_refresh: u64,
    #[command(flatten)]
    edge: EdgeArgs,
    #[command(flatten)]
    traces: TraceArgs,
}

impl ServeArgs {
    pub(crate) const fn host(&self) -> &HostArgs {
        &self.host
    }

    pub(crate) const fn traces(&self) -> &TraceArgs {
        &self.traces
    }

    pub(crate) const fn is_development(&self) -> bool {
        self.development
    }

    /// The policy of a database that has none yet.
    pub(crate) fn first_policy(&self) -> Result<Policy, HostError> {
        let Some(path) = &self.policy else {
            return Ok(Policy::p7());
        };
        let text = std::fs::read_to_string(path).map_err(file_error("cannot read", path))?;
        Ok(Policy::parse(&text)?)
    }

    pub(crate) fn edge_settings(&self) -> Result<ServerSettings, HostError> {
        self.edge.settings(self.development)
    }

    /// Checks tokens of the issuer that is named; `None` = of the development issuer.
    pub(crate) async fn issuer_verifier(&self) -> Result<Option<Verifier>, HostError> {
        let (Some(issuer), Some(jwks)) = (&self.issuer, &self.jwks) else {
            return Ok(None);
        };
        let read = |path: &PathBuf| std::fs::read(path).map_err(file_error("cannot read", path));
        let ca = self.jwks_ca.as_ref().map(read).transpose()?;
        let every = Duration::from_secs(self.jwks_refresh);
        let source = KeySource::new(jwks, every, ca.as_deref())?;
        Ok(Some(Verifier::open(issuer, source).await?))
    }
}

/// Serves until SIGINT or SIGTERM; drains, then stops the private database.
pub(crate) async fn serve(args: &ServeArgs, shown: &Shown) -> Result<(), HostError> {
    tracing::info!(settings = %shown, "the hub is configured; what is not named is at its default");
    let policy = args.first_policy()?;
    let settings = args.edge_settings()?;
    let tokens = match args.issuer_verifier().await? {
        Some(verifier) => Tokens::Issuer(Box::new(verifier)),
        None => Tokens::Development,
    };
    if let Some(address) = args.metrics {
        let exporter = PrometheusBuilder::new()
            .with_http_listener(address)
            .set_buckets(&SECONDS)
            .and_then(|builder| {
                let reports = Matcher::Full("serasi_intake_group_reports".to_owned());
                builder.set_buckets_for_metric(reports, &COMMANDS)
            })
            .and_then(|builder| {
                let commands = Matcher::Full("serasi_group_commands".to_owned());
                builder.set_buckets_for_metric(commands, &COMMANDS)
            })
            .and_then(PrometheusBuilder::install);
        exporter.map_err(|source| HostError::Metrics { address, source })?;
    }
    let calls_per_second = args.edge.calls_per_second(args.development);
    let data_dir = DataDir::lock(data_path(args.host.data_dir.as_deref(), None)?)?;
    let host = Host::open(&args.host, data_dir, policy, (tokens, calls_per_second)).await?;
    let result = run(&host, args.listen, settings).await;
    host.close().await;
    result
}

async fn run(host: &Host, listen: SocketAddr, settings: ServerSettings) -> Result<(), HostError> {
    let server = BoundServer::bind(host.hub.clone(), listen, settings).await?;
    tracing::info!(address = %server.address(), "the hub is serving");
    let result = server.run(until_told()?).await;
    tracing::info!("the hub has stopped");
    Ok(result?)
}

/// Turns true at the first SIGINT or SIGTERM.
pub(crate) fn until_told() -> Result<watch::Receiver<bool>, HostError> {
    let not_heard = |source| HostError::File {
        action: "cannot listen for",
        path: "signals".to_owned(),
        source,
    };
    let mut interrupt = signal(SignalKind::interrupt()).map_err(not_heard)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(not_heard)?;
    let (tell, told) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: calls in flight are finished first");
        tell.send_replace(true);
    });
    Ok(told)
}
