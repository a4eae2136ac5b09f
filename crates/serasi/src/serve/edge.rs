//! How the hub is reached: TLS or not, and how much at once.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::Args;
use serasi_hub::server::{Limits, ServerSettings, TlsFiles};

use crate::host::HostError;

/// The edge of the hub.
#[derive(Args, Debug)]
#[command(next_help_heading = "TLS and limits")]
pub(crate) struct EdgeArgs {
    /// PEM file with the hub's certificate and those between it and its authority; read again when it changes.
    #[arg(long, env = "SERASI_TLS_CERT", requires = "tls_key", value_name = "FILE")]
    tls_cert: Option<PathBuf>,
    /// PEM file with its private key.
    #[arg(long, env = "SERASI_TLS_KEY", requires = "tls_cert", value_name = "FILE")]
    tls_key: Option<PathBuf>,
    /// PEM file with the authorities of client certificates: clients may show one, a wrong one is refused, and tokens
    /// bound to one (RFC 8705) count only on its connections.
    #[arg(long, env = "SERASI_CLIENT_CA", requires = "tls_cert", value_name = "FILE")]
    client_ca: Option<PathBuf>,
    /// Serve without TLS: only behind a proxy that does it, on this machine or in this pod.
    #[arg(long, env = "SERASI_PLAINTEXT", conflicts_with = "tls_cert")]
    plaintext: bool,
    /// Address where probes ask grpc.health.v1 in the clear: the service without a name is readiness, `liveness` is true
    /// as long as the process answers. For kubelets, which speak no TLS to gRPC; nothing else is served there.
    #[arg(long, env = "SERASI_HEALTH", value_name = "ADDRESS")]
    health: Option<SocketAddr>,
    /// Connections at the same time.
    #[arg(long, env = "SERASI_CONNECTIONS", default_value_t = Limits::default().connections, value_name = "N")]
    connections: usize,
    /// Connections from one address; behind a proxy all come from its own.
    #[arg(long, env = "SERASI_CONNECTIONS_PER_ADDRESS", default_value_t = Limits::default().connections_per_address, value_name = "N")]
    connections_per_address: usize,
    /// Calls being answered at the same time; more are told at once to come back.
    #[arg(long, env = "SERASI_CALLS_IN_FLIGHT", default_value_t = Limits::default().calls_in_flight, value_name = "N")]
    calls_in_flight: usize,
    /// The same of one caller [default: 64; with --development as many as of all].
    #[arg(long, env = "SERASI_CALLS_IN_FLIGHT_PER_CALLER", value_name = "N")]
    calls_in_flight_per_caller: Option<usize>,
    /// Calls a second of one caller, twice as many at once [default: 500; with --development 100000, so that `serasi
    /// bench` measures the hub and not this limit].
    #[arg(long, env = "SERASI_CALLS_PER_SECOND", value_name = "N")]
    calls_per_second: Option<NonZeroU32>,
}

impl EdgeArgs {
    /// What the server is told; in production somebody must have said how the way here is protected.
    pub(super) fn settings(&self, development: bool) -> Result<ServerSettings, HostError> {
        let tls = match (&self.tls_cert, &self.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles {
                certificate: certificate.clone(),
                key: key.clone(),
                client_ca: self.client_ca.clone(),
            }),
            (_, _) => None,
        };
        if tls.is_none() && !self.plaintext && !development {
            return Err(HostError::TlsRequired);
        }
        Ok(ServerSettings {
            reflection: development,
            tls,
            health: self.health,
            limits: Limits {
                connections: self.connections,
                connections_per_address: self.connections_per_address,
                calls_in_flight: self.calls_in_flight,
                calls_in_flight_per_caller: self.calls_in_flight_per_caller.unwrap_or(if development {
                    self.calls_in_flight
                } else {
                    Limits::default().calls_in_flight_per_caller
                }),
            },
        })
    }

    pub(super) fn calls_per_second(&self, development: bool) -> NonZeroU32 {
        self.calls_per_second.unwrap_or(if development {
            Limits::DEVELOPMENT_CALLS_PER_SECOND
        } else {
            Limits::CALLS_PER_SECOND
        })
    }
}
