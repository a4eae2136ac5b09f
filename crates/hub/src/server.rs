//! The gRPC server: limits, layers and services, in one readable list.

mod call;
mod connection;
mod health;
mod limits;
mod prompt_body;
mod seats;
mod telemetry;
mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use serasi_proto::v1::audit_service_server::AuditServiceServer;
use serasi_proto::v1::case_service_server::CaseServiceServer;
use serasi_proto::v1::facility_service_server::FacilityServiceServer;
use serasi_proto::v1::insight_service_server::InsightServiceServer;
use serasi_proto::v1::intake_service_server::IntakeServiceServer;
use serasi_proto::v1::policy_service_server::PolicyServiceServer;
use serasi_proto::v1::reference_service_server::ReferenceServiceServer;
use serasi_proto::v1::referral_service_server::ReferralServiceServer;
use serasi_proto::v1::registry_service_server::RegistryServiceServer;
use serasi_proto::v1::subject_service_server::SubjectServiceServer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tonic::body::Body;
use tonic::service::Routes;
use tonic_health::ServingStatus;
use tonic_health::pb::health_server::{Health, HealthServer};
use tower::ServiceBuilder;
use tower::util::BoxCloneSyncService;

use crate::auth::AuthLayer;
use crate::grpc::{
    AuditHandler, CaseHandler, FacilityHandler, InsightHandler, IntakeHandler, PolicyHandler,
    ReferenceHandler, ReferralHandler, RegistryHandler, SubjectHandler,
};
use crate::hub::Hub;
use crate::jobs;
use call::CallLayer;
use connection::Door;
use limits::{MAX_MESSAGE_BYTES, MAX_RESPONSE_BYTES};
use seats::Seats;
use telemetry::TelemetryLayer;
use tls::Tls;

pub(crate) use connection::Peer;
pub use limits::Limits;
pub(crate) use telemetry::request_id;
pub use tls::{TlsError, TlsFiles};

/// Jobs may take this long to end after the calls.
const JOB_DRAIN: Duration = Duration::from_secs(3);
/// Calls in flight may take this long after the hub was told to stop.
const DRAIN: Duration = Duration::from_secs(20);

/// How the hub is reached.
#[derive(Clone, Debug, Default)]
pub struct ServerSettings {
    /// Off in production: it tells strangers what there is.
    pub reflection: bool,
    /// `None` = in the clear: for development, and behind a proxy on the same machine that does it.
    pub tls: Option<TlsFiles>,
    pub limits: Limits,
    /// Where probes ask in the clear, besides the hub's own address: a kubelet speaks no TLS to gRPC. `None` = nowhere.
    pub health: Option<SocketAddr>,
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
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// A server that listens and is ready to run.
#[derive(Debug)]
pub struct BoundServer {
    listener: TcpListener,
    address: SocketAddr,
    hub: Arc<Hub>,
    settings: ServerSettings,
    tls: Option<Arc<Tls>>,
    probes: Option<TcpListener>,
}

impl BoundServer {
    /// Takes the address; port 0 takes any free one.
    pub async fn bind(
        hub: Arc<Hub>,
        address: SocketAddr,
        settings: ServerSettings,
    ) -> Result<Self, ServeError> {
        let tls = settings.tls.clone().map(Tls::load).transpose()?.map(Arc::new);
        let listener = listen(address).await?;
        let address = listener
            .local_addr()
            .map_err(|source| ServeError::Listen { address, source })?;
        let probes = match settings.health {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Self {
            listener,
            address,
            hub,
            settings,
            tls,
            probes,
        })
    }

    /// The address where probes ask in the clear.
    #[must_use]
    pub fn health_address(&self) -> Option<SocketAddr> {
        self.probes.as_ref().and_then(|probes| probes.local_addr().ok())
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
        reporter
            .set_service_status(health::LIVENESS, ServingStatus::Serving)
            .await;
        let probing = self
            .probes
            .map(|probes| tokio::spawn(health::answer(probes, health.clone())));
        jobs.spawn(jobs::watch_database::run(
            Arc::clone(&self.hub),
            reporter,
            stopping.clone(),
        ));

        let door = Door {
            calls: calls(&self.hub, &self.settings, health),
            seats: Seats::new(self.settings.limits),
            tls: self.tls,
        };
        let mut serving = pin!(door.keep(self.listener, stopping));
        let mut told = stop;
        let early = tokio::select! {
            () = &mut serving => Some(Ok(())),
            Some(_) = jobs.join_next() => Some(Err(ServeError::JobEnded)),
            () = jobs::stopped(&mut told) => None,
        };
        stop_all.send_replace(true);
        let result = if let Some(result) = early {
            result
        } else {
            if tokio::time::timeout(DRAIN, serving).await.is_err() {
                tracing::warn!("calls were still in flight after the drain; they are cut off");
            }
            Ok(())
        };
        // A job that hangs on a database that is gone loses nothing by being cut off: its transaction rolls back.
        let ended =
            tokio::time::timeout(JOB_DRAIN, async { while jobs.join_next().await.is_some() {} }).await;
        if ended.is_err() {
            jobs.abort_all();
        }
        // Whoever probes is answered to the end.
        if let Some(probing) = probing {
            probing.abort();
        }
        result
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let listening = TcpListener::bind(address).await;
    listening.map_err(|source| ServeError::Listen { address, source })
}

/// Every call, through all layers.
pub(crate) type Calls = BoxCloneSyncService<Request<Body>, Response<Body>, Infallible>;

/// A service with our message limits.
macro_rules! limited {
    ($service:expr) => {
        $service
            .max_decoding_message_size(MAX_MESSAGE_BYTES)
            .max_encoding_message_size(MAX_RESPONSE_BYTES)
    };
}

/// The layers, from the outside in, and what is served behind them.
fn calls<H>(hub: &Arc<Hub>, settings: &ServerSettings, health: HealthServer<H>) -> Calls
where
    H: Health,
{
    let layers = ServiceBuilder::new()
        .layer(TelemetryLayer)
        .layer(CallLayer::new(settings.limits.calls_in_flight))
        .layer(AuthLayer::new(hub, settings.limits.calls_in_flight_per_caller));
    BoxCloneSyncService::new(layers.service(routes(hub, settings).add_service(health).prepare()))
}

fn routes(hub: &Arc<Hub>, settings: &ServerSettings) -> Routes {
    let routes = Routes::new(limited!(IntakeServiceServer::new(IntakeHandler(Arc::clone(hub)))))
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
        .add_service(limited!(RegistryServiceServer::new(RegistryHandler(Arc::clone(
            hub
        )))))
        .add_service(limited!(AuditServiceServer::new(AuditHandler(Arc::clone(hub)))))
        .add_service(limited!(SubjectServiceServer::new(SubjectHandler(Arc::clone(
            hub
        )))))
        .add_service(limited!(ReferenceServiceServer::new(ReferenceHandler)));
    if settings.reflection {
        with_reflection(routes)
    } else {
        routes
    }
}

/// Reflection in both versions: Python's client still asks for v1alpha.
fn with_reflection(routes: Routes) -> Routes {
    let builder = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(serasi_proto::DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let v1 = builder().build_v1().expect("the descriptor set is our own");
    let v1alpha = builder().build_v1alpha().expect("the descriptor set is our own");
    routes.add_service(v1).add_service(v1alpha)
}
