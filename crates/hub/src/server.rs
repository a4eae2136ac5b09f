//! The gRPC server: limits, layers and services, in one readable list.

use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use serasi_proto::v1::case_service_server::CaseServiceServer;
use serasi_proto::v1::facility_service_server::FacilityServiceServer;
use serasi_proto::v1::insight_service_server::InsightServiceServer;
use serasi_proto::v1::intake_service_server::IntakeServiceServer;
use serasi_proto::v1::policy_service_server::PolicyServiceServer;
use serasi_proto::v1::reference_service_server::ReferenceServiceServer;
use serasi_proto::v1::referral_service_server::ReferralServiceServer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::transport::Server;
use tonic::transport::server::{Router, TcpIncoming};
use tower::layer::util::{Identity, Stack};

use crate::auth::AuthLayer;
use crate::grpc::{
    CaseHandler, FacilityHandler, InsightHandler, IntakeHandler, PolicyHandler, ReferenceHandler,
    ReferralHandler,
};
use crate::hub::Hub;
use crate::jobs;

// Limits of guarantees, rule 15; tonic's defaults have none for most of them.
const MAX_STREAMS_PER_CONNECTION: u32 = 128;
const MAX_MESSAGE_BYTES: usize = 256 * 1024;
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
const MAX_HEADER_BYTES: u32 = 16 * 1024;
const MAX_PENDING_RESETS: usize = 20;
const MAX_LOCAL_RESETS: usize = 256;
const KEEPALIVE: Duration = Duration::from_mins(1);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);
const MAX_CONNECTION_AGE: Duration = Duration::from_mins(30);
const CONNECTION_GRACE: Duration = Duration::from_secs(30);
/// Jobs may take this long to end after the calls.
const JOB_DRAIN: Duration = Duration::from_secs(3);
/// Calls in flight may take this long after the hub was told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// How the hub is reached.
#[derive(Clone, Copy, Debug)]
pub struct ServerSettings {
    /// Off in production: it tells strangers what there is.
    pub reflection: bool,
}

/// Why the server ended.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
    #[error("a job of the hub ended by itself; without it offers would not expire")]
    JobEnded,
    #[error("the server failed: {0}")]
    Transport(#[from] tonic::transport::Error),
}

/// A server that listens and is ready to run.
#[derive(Debug)]
pub struct BoundServer {
    listener: TcpListener,
    address: SocketAddr,
    hub: Arc<Hub>,
    settings: ServerSettings,
}

impl BoundServer {
    /// Takes the address; port 0 takes any free one.
    pub async fn bind(
        hub: Arc<Hub>,
        address: SocketAddr,
        settings: ServerSettings,
    ) -> Result<Self, ServeError> {
        let listen = |source| ServeError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        Ok(Self {
            listener,
            address,
            hub,
            settings,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stop` turns true, then lets calls in flight end, for at most 20 s.
    pub async fn run(self, stop: watch::Receiver<bool>) -> Result<(), ServeError> {
        // Jobs and server stop together, whoever is the first to end.
        let stop_all = self.hub.stopping.clone();
        let stopping = stop_all.subscribe();
        let mut jobs = jobs::start(&self.hub, &stopping);
        let (reporter, health) = tonic_health::server::health_reporter();
        jobs.spawn(jobs::watch_database::run(
            Arc::clone(&self.hub),
            reporter,
            stopping.clone(),
        ));

        let router = router(&self.hub, self.settings).add_service(health);
        // Without it every small answer waits for the client's delayed acknowledgement, 40 ms.
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        let mut told = stopping.clone();
        let mut serving = pin!(router.serve_with_incoming_shutdown(incoming, async move {
            jobs::stopped(&mut told).await;
        }));
        let mut told = stop;
        let early = tokio::select! {
            result = &mut serving => Some(result.map_err(ServeError::from)),
            Some(_) = jobs.join_next() => Some(Err(ServeError::JobEnded)),
            () = jobs::stopped(&mut told) => None,
        };
        stop_all.send_replace(true);
        let result = if let Some(result) = early {
            result
        } else if let Ok(result) = tokio::time::timeout(DRAIN, serving).await {
            result.map_err(ServeError::from)
        } else {
            tracing::warn!("calls were still in flight after the drain; they are cut off");
            Ok(())
        };
        // A job that hangs on a database that is gone loses nothing by being cut off: its transaction rolls back.
        let ended =
            tokio::time::timeout(JOB_DRAIN, async { while jobs.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            jobs.abort_all();
        }
        result
    }
}

type Layers = Stack<AuthLayer, Identity>;

/// A service with our message limits.
macro_rules! limited {
    ($service:expr) => {
        $service
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_RESPONSE_BYTES)
    };
}

fn router(hub: &Arc<Hub>, settings: ServerSettings) -> Router<Layers> {
    let server = Server::builder()
        .max_concurrent_streams(MAX_STREAMS_PER_CONNECTION)
        .http2_max_header_list_size(MAX_HEADER_BYTES)
        .http2_max_pending_accept_reset_streams(Some(MAX_PENDING_RESETS))
        .http2_max_local_error_reset_streams(Some(MAX_LOCAL_RESETS))
        .http2_keepalive_interval(Some(KEEPALIVE))
        .http2_keepalive_timeout(Some(KEEPALIVE_TIMEOUT))
        .max_connection_age(MAX_CONNECTION_AGE)
        .max_connection_age_grace(CONNECTION_GRACE);
    let mut server = server.layer(AuthLayer(Arc::clone(hub)));
    let router = server
        .add_service(limited!(IntakeServiceServer::new(IntakeHandler(Arc::clone(hub)))))
        .add_service(limited!(CaseServiceServer::new(CaseHandler(Arc::clone(hub)))))
        .add_service(limited!(ReferralServiceServer::new(ReferralHandler(Arc::clone(
            hub
        )))))
        .add_service(limited!(FacilityServiceServer::new(FacilityHandler(Arc::clone(
            hub
        )))))
        .add_service(limited!(PolicyServiceServer::new(PolicyHandler(Arc::clone(hub)))))
        .add_service(limited!(InsightServiceServer::new(InsightHandler(Arc::clone(
            hub
        )))))
        .add_service(limited!(ReferenceServiceServer::new(ReferenceHandler)));
    if settings.reflection {
        with_reflection(router)
    } else {
        router
    }
}

/// Reflection in both versions: Python's client still asks for v1alpha.
fn with_reflection(router: Router<Layers>) -> Router<Layers> {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(serasi_proto::DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = builder().build_v1().expect("the descriptor set is our own");
    let v1alpha = builder().build_v1alpha().expect("the descriptor set is our own");
    router.add_service(v1).add_service(v1alpha)
}
