//! Traces to an OpenTelemetry collector, and the log of a process that may serve a hub.
//!
//! A trace has the call - method, number, outcome - its transactions, and what the log says meanwhile: nothing about
//! anybody, as the log.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use opentelemetry::KeyValue;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::tonic_types::transport::{Certificate, ClientTlsConfig};
use opentelemetry_otlp::{ExporterBuildError, SpanExporter, WithExportConfig, WithTonicConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{FilterFn, LevelFilter};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::host::{HostError, file_error};

/// A collector that does not answer holds up the end of the process for no longer.
const SEND_WITHIN: Duration = Duration::from_secs(3);
/// Our crates; what the libraries say of themselves is not a part of a call.
const OURS: &str = "serasi";

/// Where traces go.
#[derive(Args, Debug)]
#[command(next_help_heading = "Traces")]
pub(crate) struct TraceArgs {
    /// Collector to send traces to, by OTLP over gRPC: http://HOST:4317 or https://...; without it none are made. A call
    /// that comes with a `traceparent` (W3C Trace Context) continues its caller's trace. No personal data is in them.
    #[arg(long, env = "SERASI_OTLP", value_name = "URL")]
    otlp: Option<String>,
    /// PEM file with the authorities to trust at that address, instead of the public ones.
    #[arg(long, env = "SERASI_OTLP_CA", requires = "otlp", value_name = "FILE")]
    otlp_ca: Option<PathBuf>,
    /// Share of the traces that are kept, from 0 to 1. Services with the same share keep the same traces.
    #[arg(long, env = "SERASI_OTLP_SHARE", requires = "otlp", default_value_t = 1.0, value_name = "SHARE", value_parser = share)]
    otlp_share: f64,
}

/// Traces of this process, on their way to a collector.
#[derive(Debug)]
pub(crate) struct Traces(SdkTracerProvider);

impl TraceArgs {
    /// Makes ready to send; nobody has to answer at the address yet. `None` = nobody asked for traces.
    pub(crate) fn start(&self) -> Result<Option<Traces>, HostError> {
        let Some(address) = &self.otlp else {
            return Ok(None);
        };
        let exporter = exporter(address, self.otlp_ca.as_deref())?;
        let service = Resource::builder()
            .with_service_name("serasi")
            .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
            .build();
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::TraceIdRatioBased(self.otlp_share))
            .with_resource(service)
            .build();
        opentelemetry::global::set_text_map_propagator(TraceContextPropagator::new());
        Ok(Some(Traces(provider)))
    }
}

impl Traces {
    /// Sends what is left.
    pub(crate) async fn finish(self) {
        let sent = tokio::task::spawn_blocking(move || self.0.shutdown_with_timeout(SEND_WITHIN)).await;
        if let Ok(Err(error)) = sent {
            tracing::warn!(%error, "the last traces were not sent");
        }
    }
}

fn exporter(address: &str, ca: Option<&Path>) -> Result<SpanExporter, HostError> {
    let bad = |source: ExporterBuildError| HostError::Traces {
        address: address.to_owned(),
        source,
    };
    let exporter = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(address)
        .with_timeout(SEND_WITHIN);
    if !address.starts_with("https://") {
        return exporter.build().map_err(bad);
    }
    let tls = match ca {
        Some(ca) => {
            let authorities = std::fs::read(ca).map_err(file_error("cannot read", ca))?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(authorities))
        }
        None => ClientTlsConfig::new().with_webpki_roots(),
    };
    exporter.with_tls_config(tls).build().map_err(bad)
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// The log of this process goes to stderr, from `level` on or as `RUST_LOG` says, and into its traces.
pub(crate) fn log(level: LevelFilter, traces: Option<&Traces>) {
    let said = EnvFilter::builder()
        .with_default_directive(level.into())
        .from_env_lossy();
    let log = fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let exported = traces.map(|Traces(provider)| {
        tracing_opentelemetry::layer()
            .with_tracer(provider.tracer(OURS))
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(FilterFn::new(is_traced))
    });
    tracing_subscriber::registry()
        .with(log.with_filter(said))
        .with(exported)
        .init();
}

fn is_traced(said: &Metadata<'_>) -> bool {
    said.target().starts_with(OURS) && (said.is_span() || *said.level() <= Level::INFO)
}
