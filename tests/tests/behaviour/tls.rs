//! The way to the hub: TLS 1.3, certificates that come and go, and tokens bound to one.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use serasi_hub::auth::{KeySource, Verifier};
use serasi_hub::server::{ServerSettings, TlsFiles};
use serasi_proto::v1;
use serasi_proto::v1::reference_service_client::ReferenceServiceClient;
use serasi_tests::issuer::{ISSUER, SigningKey, claims, key_set};
use serasi_tests::{Setup, TestHub};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
use tonic::{Code, Request};

use crate::scene::eventually;

/// A certificate authority of a test.
struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key, PEM.
struct Holder {
    certificate: String,
    key: String,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    fn issue(&self, name: &str) -> Holder {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        Holder {
            certificate: certificate.pem(),
            key: key.serialize_pem(),
        }
    }

    fn pem(&self) -> String {
        self.0.pem()
    }
}

impl Holder {
    fn write(&self, folder: &Path) {
        std::fs::write(folder.join("hub.pem"), &self.certificate).unwrap();
        std::fs::write(folder.join("hub.key"), &self.key).unwrap();
    }

    fn der(&self) -> CertificateDer<'static> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).unwrap()
    }

    /// `x5t#S256` of its certificate.
    fn thumbprint(&self) -> String {
        URL_SAFE_NO_PAD.encode(ring::digest::digest(&ring::digest::SHA256, &self.der()))
    }
}

/// A hub with TLS, the authority of its certificate, and the key of its tokens.
struct Scene {
    hub: TestHub,
    folder: tempfile::TempDir,
    authority: Authority,
    clients: Authority,
    tokens: SigningKey,
}

async fn scene() -> Scene {
    let (authority, clients) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().unwrap();
    authority.issue("localhost").write(folder.path());
    let client_ca = folder.path().join("clients.pem");
    std::fs::write(&client_ca, clients.pem()).unwrap();
    let tokens = SigningKey::new("uji-1");
    let jwks = folder.path().join("jwks.json");
    std::fs::write(&jwks, key_set([&tokens])).unwrap();
    let source = KeySource::new(jwks.to_str().unwrap(), Duration::from_mins(5), None).unwrap();
    let files = TlsFiles {
        certificate: folder.path().join("hub.pem"),
        key: folder.path().join("hub.key"),
        client_ca: Some(client_ca),
    };
    let hub = TestHub::set_up(Setup {
        verifier: Some(Verifier::open(ISSUER, source).await.unwrap()),
        server: ServerSettings {
            tls: Some(files),
            ..ServerSettings::default()
        },
        ..Setup::default()
    })
    .await;
    Scene {
        hub,
        folder,
        authority,
        clients,
        tokens,
    }
}

impl Scene {
    /// A connection to the hub, with the client certificate of `holder`.
    fn channel(&self, holder: Option<&Holder>) -> Channel {
        let mut tls = ClientTlsConfig::new()
            .ca_certificate(Certificate::from_pem(self.authority.pem()))
            .domain_name("localhost");
        if let Some(holder) = holder {
            tls = tls.identity(Identity::from_pem(&holder.certificate, &holder.key));
        }
        let url = format!("https://{}", self.hub.address());
        Endpoint::from_shared(url)
            .unwrap()
            .tls_config(tls)
            .unwrap()
            .connect_lazy()
    }
}

/// What somebody with this token is told on this connection.
async fn told(channel: &Channel, token: &str) -> Code {
    let mut request = Request::new(v1::ListArticlesRequest {});
    request
        .metadata_mut()
        .insert("authorization", format!("Bearer {token}").parse().unwrap());
    let answer = ReferenceServiceClient::new(channel.clone())
        .list_articles(request)
        .await;
    answer.err().map_or(Code::Ok, |refused| refused.code())
}

/// A handshake by hand; the hub's certificate.
async fn handshake(
    address: SocketAddr,
    authority: &Authority,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<CertificateDer<'static>> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.0.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    let chain = stream.get_ref().1.peer_certificates().unwrap();
    Ok(chain[0].clone().into_owned())
}

#[tokio::test]
async fn only_tls_1_3_is_spoken() {
    let scene = scene().await;
    let address = scene.hub.address();
    let old = handshake(address, &scene.authority, &rustls::version::TLS12).await;
    assert!(old.unwrap_err().to_string().contains("ProtocolVersion"));
    handshake(address, &scene.authority, &rustls::version::TLS13)
        .await
        .unwrap();
    let plain = Endpoint::from_shared(format!("http://{address}"))
        .unwrap()
        .connect_lazy();
    let token = scene.tokens.token(&claims());
    assert_ne!(told(&plain, &token).await, Code::Ok);
    assert_eq!(told(&scene.channel(None), &token).await, Code::Ok);
    scene.hub.finish().await;
}

#[tokio::test]
async fn new_certificates_are_shown_to_who_connects_and_nobody_who_is_there_is_cut_off() {
    let scene = scene().await;
    let folder = scene.folder.path();
    let token = scene.tokens.token(&claims());
    let standing = scene.channel(None);
    assert_eq!(told(&standing, &token).await, Code::Ok);
    let shown = || handshake(scene.hub.address(), &scene.authority, &rustls::version::TLS13);

    let second = scene.authority.issue("localhost");
    second.write(folder);
    let _new = eventually(shown, |seen| {
        seen.as_ref().is_ok_and(|seen| *seen == second.der())
    })
    .await;
    assert_eq!(
        told(&standing, &token).await,
        Code::Ok,
        "the connection still stands"
    );
    scene.hub.finish().await;
}

#[tokio::test]
async fn a_client_certificate_of_another_authority_is_refused() {
    let scene = scene().await;
    let token = scene.tokens.token(&claims());
    let good = scene.clients.issue("simpeksos.example");
    assert_eq!(told(&scene.channel(Some(&good)), &token).await, Code::Ok);
    let wrong = Authority::new().issue("simpeksos.example");
    assert_ne!(told(&scene.channel(Some(&wrong)), &token).await, Code::Ok);
    scene.hub.finish().await;
}

#[tokio::test]
async fn a_token_bound_to_a_certificate_counts_on_its_connections_only() {
    let scene = scene().await;
    let (own, other) = (scene.clients.issue("a.example"), scene.clients.issue("b.example"));
    let mut bound = claims();
    bound["cnf"] = json!({ "x5t#S256": own.thumbprint() });
    let bound = scene.tokens.token(&bound);
    let (with_own, with_other, without) = (
        scene.channel(Some(&own)),
        scene.channel(Some(&other)),
        scene.channel(None),
    );
    // Twice: the second time the token is remembered, and must not be good for whoever sends it then.
    for _ in 0..2 {
        assert_eq!(told(&with_own, &bound).await, Code::Ok);
        assert_eq!(told(&with_other, &bound).await, Code::Unauthenticated);
        assert_eq!(told(&without, &bound).await, Code::Unauthenticated);
    }
    let free = scene.tokens.token(&claims());
    for channel in [&with_own, &with_other, &without] {
        assert_eq!(told(channel, &free).await, Code::Ok);
    }
    scene.hub.finish().await;
}

#[tokio::test]
async fn who_does_not_finish_the_handshake_is_cut_off() {
    use tokio::io::AsyncReadExt;

    let scene = scene().await;
    let mut silent = TcpStream::connect(scene.hub.address()).await.unwrap();
    let mut byte = [0];
    let read = tokio::time::timeout(Duration::from_secs(8), silent.read(&mut byte)).await;
    assert!(matches!(
        read.expect("cut off within the handshake's time"),
        Ok(0) | Err(_)
    ));
    scene.hub.finish().await;
}
