//! Probes on a port of their own, in the clear: a kubelet speaks no TLS to gRPC, and needs no token. Nothing else is here.

use tokio::net::TcpListener;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::{Health, HealthServer};

/// Name of what is true as long as the process answers, whatever its database does: a hub that is started anew because its
/// database is away helps nobody. The status without a name is readiness.
pub(super) const LIVENESS: &str = "liveness";
/// Probes come every few seconds, from few places.
const STREAMS: u32 = 16;

/// Answers until it is cut off.
pub(super) async fn answer(listener: TcpListener, health: HealthServer<impl Health>) {
    let serving = Server::builder()
        .max_concurrent_streams(STREAMS)
        .add_service(health)
        .serve_with_incoming(TcpIncoming::from(listener));
    if let Err(error) = serving.await {
        tracing::error!(error = %error, "probes are no longer answered");
    }
}
