//! The way to the hub: one connection, the caller's token on every call, a limit on every wait.

mod credentials;

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use serasi_proto::v1::audit_service_client::AuditServiceClient;
use serasi_proto::v1::case_service_client::CaseServiceClient;
use serasi_proto::v1::facility_service_client::FacilityServiceClient;
use serasi_proto::v1::insight_service_client::InsightServiceClient;
use serasi_proto::v1::intake_service_client::IntakeServiceClient;
use serasi_proto::v1::policy_service_client::PolicyServiceClient;
use serasi_proto::v1::referral_service_client::ReferralServiceClient;
use serasi_proto::v1::registry_service_client::RegistryServiceClient;
use serasi_proto::v1::subject_service_client::SubjectServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use crate::cli::ClientOptions;
use crate::error::CliError;

pub(crate) use credentials::Token;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(30);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The hub answers a single request within ten seconds; the rest is the way there and back.
const CALL_TIMEOUT: Duration = Duration::from_secs(15);
/// A refusal with hundreds of field violations travels in the trailers; the usual 16 KiB would lose it.
const MAX_TRAILER_BYTES: u32 = 1024 * 1024;
/// Set by `Request::set_timeout`.
const TIMEOUT_HEADER: &str = "grpc-timeout";

pub(crate) type Authorized = InterceptedService<Channel, Bearer>;

/// A connection to the hub in the caller's name.
#[derive(Clone)]
pub(crate) struct Hub {
    authorized: Authorized,
}

/// Puts the token on every call, and a deadline on those that have none.
#[derive(Clone)]
pub(crate) struct Bearer {
    authorization: Option<MetadataValue<Ascii>>,
}

impl Hub {
    /// Whose token it is, as it says itself.
    pub(crate) fn holder(options: &ClientOptions) -> Result<String, CliError> {
        Ok(credentials::find(options, |name| std::env::var(name).ok())?.holder())
    }

    /// Connects now, so that a hub that is away is told before any work is done.
    pub(crate) async fn connect(options: &ClientOptions) -> Result<Self, CliError> {
        let token = credentials::find(options, |name| std::env::var(name).ok())?;
        Self::connect_as(options, Some(token.authorization()?)).await
    }

    /// The same for what needs no token.
    pub(crate) async fn connect_as_anybody(options: &ClientOptions) -> Result<Self, CliError> {
        Self::connect_as(options, None).await
    }

    async fn connect_as(
        options: &ClientOptions,
        authorization: Option<MetadataValue<Ascii>>,
    ) -> Result<Self, CliError> {
        let bearer = Bearer { authorization };
        let endpoint = endpoint(options)?;
        let channel = endpoint.connect().await.map_err(|error| CliError::Unreachable {
            url: options.hub.clone(),
            reason: innermost(&error),
        })?;
        Ok(Self {
            authorized: InterceptedService::new(channel, bearer),
        })
    }

    pub(crate) fn audits(&self) -> AuditServiceClient<Authorized> {
        AuditServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn cases(&self) -> CaseServiceClient<Authorized> {
        CaseServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn facilities(&self) -> FacilityServiceClient<Authorized> {
        FacilityServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn insights(&self) -> InsightServiceClient<Authorized> {
        InsightServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn intakes(&self) -> IntakeServiceClient<Authorized> {
        IntakeServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn policies(&self) -> PolicyServiceClient<Authorized> {
        PolicyServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn referrals(&self) -> ReferralServiceClient<Authorized> {
        ReferralServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn subjects(&self) -> SubjectServiceClient<Authorized> {
        SubjectServiceClient::new(self.authorized.clone())
    }

    pub(crate) fn registry(&self) -> RegistryServiceClient<Authorized> {
        RegistryServiceClient::new(self.authorized.clone())
    }
}

impl Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if !request.metadata().contains_key(TIMEOUT_HEADER) {
            request.set_timeout(CALL_TIMEOUT);
        }
        if let Some(authorization) = self.authorization.clone() {
            request.metadata_mut().insert("authorization", authorization);
        }
        Ok(request)
    }
}

fn endpoint(options: &ClientOptions) -> Result<Endpoint, CliError> {
    let url = &options.hub;
    let wrong = |why: &str| {
        CliError::Usage(format!(
            "--hub {url}: {why}; an example: https://hub.example.go.id:50051"
        ))
    };
    let endpoint = Endpoint::from_shared(url.clone()).map_err(|error| wrong(&error.to_string()))?;
    let names_files = options.ca.is_some() || options.client_cert.is_some();
    let endpoint = match endpoint.uri().scheme_str() {
        Some("http") if names_files => return Err(wrong("certificates are of use with https:// only")),
        Some("http") => endpoint,
        Some("https") => endpoint
            .tls_config(tls(options)?)
            .map_err(|error| wrong(&format!("the certificates cannot be used: {}", innermost(&error))))?,
        Some(_) | None => return Err(wrong("must start with https:// or http://")),
    };
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .tcp_nodelay(true)
        .http2_max_header_list_size(MAX_TRAILER_BYTES))
}

fn tls(options: &ClientOptions) -> Result<ClientTlsConfig, CliError> {
    let read = |path: &PathBuf| {
        std::fs::read(path).map_err(|source| CliError::Unreadable {
            path: path.clone(),
            source,
        })
    };
    let mut tls = ClientTlsConfig::new().timeout(CONNECT_TIMEOUT);
    tls = match &options.ca {
        Some(path) => tls.ca_certificate(Certificate::from_pem(read(path)?)),
        None => tls.with_webpki_roots(),
    };
    if let (Some(certificate), Some(key)) = (&options.client_cert, &options.client_key) {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
}

/// The outer errors only say that there was an inner one.
fn innermost(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(url: &str) -> ClientOptions {
        ClientOptions {
            hub: url.to_owned(),
            ..ClientOptions::default()
        }
    }

    #[test]
    fn an_address_without_a_scheme_is_bad_usage_and_so_are_certificates_for_an_open_way() {
        for url in ["127.0.0.1:50051", "hub", "ftp://hub", ""] {
            assert!(matches!(endpoint(&at(url)), Err(CliError::Usage(_))), "{url}");
        }
        assert!(endpoint(&at("http://127.0.0.1:50051")).is_ok());
        assert!(endpoint(&at("https://hub.example")).is_ok());
        let mut options = at("http://127.0.0.1:50051");
        options.ca = Some("/nonexistent/ca.pem".into());
        assert!(matches!(endpoint(&options), Err(CliError::Usage(_))));
        options.hub = "https://hub.example".to_owned();
        assert!(matches!(endpoint(&options), Err(CliError::Unreadable { .. })));
    }

    #[test]
    fn every_call_carries_the_token_and_a_deadline() {
        let authorization = Token::from("abc".to_owned()).authorization().unwrap();
        let mut bearer = Bearer {
            authorization: Some(authorization),
        };
        let request = bearer.call(Request::new(())).unwrap();
        let metadata = request.metadata();
        assert_eq!(metadata.get("authorization").unwrap(), "Bearer abc");
        assert_eq!(metadata.get(TIMEOUT_HEADER).unwrap(), "15000000u");
        assert!(!format!("{metadata:?}").contains("abc"));

        let mut long = Request::new(());
        long.set_timeout(Duration::from_mins(10));
        let request = bearer.call(long).unwrap();
        assert_eq!(request.metadata().get(TIMEOUT_HEADER).unwrap(), "600000m");
    }

    #[tokio::test]
    async fn a_silent_address_is_unreachable_and_no_token_is_bad_usage() {
        let mut options = ClientOptions {
            hub: "http://127.0.0.1:1".to_owned(),
            token: Some("abc".to_owned().into()),
            ..ClientOptions::default()
        };
        let error = Hub::connect(&options).await.err().unwrap();
        assert!(
            matches!(&error, CliError::Unreachable { url, .. } if *url == options.hub),
            "{error}"
        );
        options.token = Some(String::new().into());
        assert!(matches!(Hub::connect(&options).await, Err(CliError::Usage(_))));
    }
}
