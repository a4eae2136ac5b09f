//! A hub in this process, reached as clients reach it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use serasi_domain::policy::Policy;
use serasi_hub::auth::{DevIssuer, Gate, Role, TokenRequest, Verifier};
use serasi_hub::clock::Clock;
use serasi_hub::server::{BoundServer, Limits, ServeError, ServerSettings};
use serasi_hub::{Hub, HubSettings, WatchLimits};
use serasi_proto::v1::audit_service_client::AuditServiceClient;
use serasi_proto::v1::case_service_client::CaseServiceClient;
use serasi_proto::v1::facility_service_client::FacilityServiceClient;
use serasi_proto::v1::insight_service_client::InsightServiceClient;
use serasi_proto::v1::intake_service_client::IntakeServiceClient;
use serasi_proto::v1::policy_service_client::PolicyServiceClient;
use serasi_proto::v1::reference_service_client::ReferenceServiceClient;
use serasi_proto::v1::referral_service_client::ReferralServiceClient;
use serasi_proto::v1::registry_service_client::RegistryServiceClient;
use serasi_proto::v1::subject_service_client::SubjectServiceClient;
use serasi_store::Store;
use time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use crate::audit::{AuditFolder, audit_violations};
use crate::database::TestDatabase;
use crate::invariants::{capacity_violations, log_violations, registry_violations};

/// A running hub with a database of its own.
#[derive(Debug)]
pub struct TestHub {
    pub database: TestDatabase,
    issuer: Arc<DevIssuer>,
    /// Audit key and exported heads of all replicas.
    audit: Arc<AuditFolder>,
    address: SocketAddr,
    stop: watch::Sender<bool>,
    server: Option<JoinHandle<Result<(), ServeError>>>,
    finished: bool,
}

/// What a test says about its hub.
#[derive(Debug)]
pub struct Setup {
    pub policy: Policy,
    pub server: ServerSettings,
    pub calls_per_second: NonZeroU32,
    /// Whose tokens count; `None` = those of the development issuer.
    pub verifier: Option<Verifier>,
    /// How patient watches are.
    pub watches: WatchLimits,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            policy: Policy::p7(),
            server: ServerSettings {
                reflection: true,
                limits: Limits::development(),
                ..ServerSettings::default()
            },
            calls_per_second: Limits::DEVELOPMENT_CALLS_PER_SECOND,
            verifier: None,
            watches: WatchLimits::default(),
        }
    }
}

/// A client with a token.
#[derive(Clone, Debug)]
pub struct Client {
    pub intake: IntakeServiceClient<Authorized>,
    pub cases: CaseServiceClient<Authorized>,
    pub referral: ReferralServiceClient<Authorized>,
    pub facilities: FacilityServiceClient<Authorized>,
    pub policies: PolicyServiceClient<Authorized>,
    pub insight: InsightServiceClient<Authorized>,
    pub reference: ReferenceServiceClient<Authorized>,
    pub audit: AuditServiceClient<Authorized>,
    pub subjects: SubjectServiceClient<Authorized>,
    pub registry: RegistryServiceClient<Authorized>,
}

type Authorized = InterceptedService<Channel, Bearer>;

/// Puts a token on every call.
#[derive(Clone, Debug)]
pub struct Bearer(Option<MetadataValue<Ascii>>);

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

impl Client {
    /// A client of the hub at `url`; connects at the first call.
    pub fn new(url: &str, token: Option<&str>) -> Self {
        Self::on(
            &Endpoint::from_shared(url.to_owned()).unwrap().connect_lazy(),
            token,
        )
    }

    /// A client on a connection of the test's own.
    pub fn on(channel: &Channel, token: Option<&str>) -> Self {
        let bearer = Bearer(token.map(|token| format!("Bearer {token}").parse().unwrap()));
        let service = || InterceptedService::new(channel.clone(), bearer.clone());
        Self {
            intake: IntakeServiceClient::new(service()),
            cases: CaseServiceClient::new(service()),
            referral: ReferralServiceClient::new(service()),
            facilities: FacilityServiceClient::new(service()),
            policies: PolicyServiceClient::new(service()),
            insight: InsightServiceClient::new(service()),
            reference: ReferenceServiceClient::new(service()),
            audit: AuditServiceClient::new(service()),
            subjects: SubjectServiceClient::new(service()),
            registry: RegistryServiceClient::new(service()),
        }
    }
}

impl TestHub {
    /// A hub under the shipped policy.
    pub async fn start() -> Self {
        Box::pin(Self::set_up(Setup::default())).await
    }

    pub async fn with_policy(policy: Policy) -> Self {
        let setup = Setup {
            policy,
            ..Setup::default()
        };
        Box::pin(Self::set_up(setup)).await
    }

    pub async fn set_up(setup: Setup) -> Self {
        let database = TestDatabase::create().await;
        let keys = tempfile::tempdir().unwrap();
        let issuer = Arc::new(DevIssuer::open_or_create(&keys.path().join("key")).unwrap());
        let audit = Arc::new(AuditFolder::new());
        // On the heap: the futures of tests are small enough without it.
        Box::pin(Self::on(database, issuer, audit, setup)).await
    }

    /// Another replica on the same database.
    pub async fn replica(&self) -> Self {
        let (issuer, audit) = (Arc::clone(&self.issuer), Arc::clone(&self.audit));
        Self::on(self.database.clone(), issuer, audit, Setup::default()).await
    }

    /// Another replica on the same database, whose watches have these limits.
    pub async fn replica_with(&self, watches: WatchLimits) -> Self {
        let setup = Setup {
            watches,
            ..Setup::default()
        };
        let (issuer, audit) = (Arc::clone(&self.issuer), Arc::clone(&self.audit));
        Self::on(self.database.clone(), issuer, audit, setup).await
    }

    /// A hub on a store with keys of its own choosing; whoever serves the same database has the same audit key.
    pub async fn on_store(database: &TestDatabase, store: Store, audit: Arc<AuditFolder>) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let issuer = Arc::new(DevIssuer::open_or_create(&keys.path().join("key")).unwrap());
        let database = (database.clone(), store);
        Box::pin(Self::open(database, issuer, audit, Setup::default())).await
    }

    async fn on(
        database: TestDatabase,
        issuer: Arc<DevIssuer>,
        audit: Arc<AuditFolder>,
        setup: Setup,
    ) -> Self {
        let store = database.store().await;
        Box::pin(Self::open((database, store), issuer, audit, setup)).await
    }

    async fn open(
        (database, store): (TestDatabase, Store),
        issuer: Arc<DevIssuer>,
        audit: Arc<AuditFolder>,
        setup: Setup,
    ) -> Self {
        let verifier = setup.verifier.unwrap_or_else(|| issuer.verifier().unwrap());
        let settings = HubSettings {
            store,
            policy: setup.policy,
            gate: Gate::new(verifier, setup.calls_per_second),
            clock: Clock::system(),
            audit: audit.settings(),
            limits: setup.watches,
            relay: None,
        };
        let hub = Hub::open(settings).await.unwrap();
        let address = SocketAddr::from(([127, 0, 0, 1], 0));
        let server = BoundServer::bind(hub, address, setup.server).await.unwrap();
        let address = server.address();
        let (stop, told) = watch::channel(false);
        let server = Some(tokio::spawn(server.run(told)));
        Self {
            database,
            issuer,
            audit,
            address,
            stop,
            server,
            finished: false,
        }
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn issuer(&self) -> &DevIssuer {
        &self.issuer
    }

    /// Audit key and exported heads.
    pub fn audit(&self) -> Arc<AuditFolder> {
        Arc::clone(&self.audit)
    }

    /// A token for `roles` in `scope`, of `facility`.
    pub fn token(&self, roles: &[Role], scope: &str, facility: Option<&str>) -> String {
        let subject = format!("test-{}", Clock::system().new_id());
        self.token_of(&subject, roles, scope, facility)
    }

    /// A token of somebody who comes more than once.
    pub fn token_of(&self, subject: &str, roles: &[Role], scope: &str, facility: Option<&str>) -> String {
        self.mint(subject, Duration::hours(1), roles, (scope, facility))
    }

    /// A token that `lives` that long.
    pub fn token_for(&self, lives: Duration, roles: &[Role], scope: &str, facility: Option<&str>) -> String {
        let subject = format!("test-{}", Clock::system().new_id());
        self.mint(&subject, lives, roles, (scope, facility))
    }

    fn mint(
        &self,
        subject: &str,
        lives: Duration,
        roles: &[Role],
        (scope, facility): (&str, Option<&str>),
    ) -> String {
        let clock = Clock::system();
        let request = TokenRequest {
            subject: subject.to_owned(),
            roles: roles.to_vec(),
            scope: scope.parse().unwrap(),
            facility: facility.map(str::to_owned),
            system: None,
            lives,
        };
        self.issuer.mint(&request, clock.now(), clock.new_id()).unwrap()
    }

    /// A client of `role` in `scope`.
    pub fn client(&self, role: Role, scope: &str) -> Client {
        self.with_token(Some(&self.token(&[role], scope, None)))
    }

    /// A client that may do nearly everything: coordinator and administrator of the nation, and hotline.
    pub fn coordinator(&self) -> Client {
        let roles = [Role::Coordinator, Role::Administrator, Role::HotlineOperator];
        self.with_token(Some(&self.token(&roles, "ID", None)))
    }

    /// A client of the officer of a facility.
    pub fn officer(&self, facility: &str) -> Client {
        self.with_token(Some(&self.token(&[Role::FacilityOfficer], "ID", Some(facility))))
    }

    pub fn with_token(&self, token: Option<&str>) -> Client {
        Client::new(&format!("http://{}", self.address), token)
    }

    /// Tells the hub to stop, and does not wait.
    pub fn leave(&self) {
        self.stop.send_replace(true);
    }

    /// Stops the hub and asserts that every facility's places add up.
    pub async fn finish(mut self) {
        self.finished = true;
        self.stop.send_replace(true);
        self.server.take().unwrap().await.unwrap().unwrap();
        let mut connection = self.database.connect().await;
        let mut violations = capacity_violations(&mut connection).await;
        violations.extend(log_violations(&mut connection).await);
        violations.extend(registry_violations(&mut connection).await);
        violations.extend(audit_violations(&mut connection, &self.audit).await);
        assert!(violations.is_empty(), "the records do not agree: {violations:#?}");
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        assert!(
            self.finished || std::thread::panicking(),
            "call TestHub::finish: it checks the invariants"
        );
    }
}
